"""Tokens → words, or characters where words are not spaced. A character is never shown before it is whole.

What a character is decides, not the language: speakers mix them.
"""

from __future__ import annotations

import unicodedata
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Sequence

import msgspec

# Scripts that put no blank between words: Thai, Lao, Tibetan, Myanmar, Khmer, kana, Bopomofo, Han.
UNSPACED = (
    (0x0E00, 0x0FFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3005, 0x3007),
    (0x3040, 0x312F),
    (0x31A0, 0x31FF),
    (0x3400, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x20000, 0x3FFFF),
)


class Span(msgspec.Struct):
    """A piece of text and the tokens that hold it, the first and the last; neighbours may share one."""

    text: str
    first: int
    last: int


def spans(tokens: Sequence[int], bytes_of: Callable[[int], bytes]) -> list[Span]:
    """The pieces of a text, each with the blank before it; broken and half characters are left out."""
    pieces: list[Span] = []
    for letter, first, last in _letters(tokens, bytes_of):
        if pieces and _belongs(pieces[-1].text, letter):
            pieces[-1].text += letter
            pieces[-1].last = last
        else:
            pieces.append(Span(letter, first, last))
    return [piece for piece in pieces if piece.text.strip()]


def _letters(tokens: Sequence[int], bytes_of: Callable[[int], bytes]) -> Iterator[tuple[str, int, int]]:
    """Each character with the tokens that hold its first and its last byte."""
    decoder = getincrementaldecoder("utf-8")(errors="ignore")
    first = 0
    for at, token in enumerate(tokens):
        if not decoder.getstate()[0]:
            first = at
        for letter in decoder.decode(bytes_of(token)):
            yield letter, first, at
            first = at


def _belongs(piece: str, letter: str) -> bool:
    """Whether ``letter`` goes on with ``piece``."""
    kind, before = unicodedata.category(letter), piece[-1]
    if piece.isspace():
        return True
    if letter.isspace():
        return False
    if kind[0] == "M" or letter == "\u200d" or kind in ("Pe", "Pf", "Po", "Pd", "Sk"):
        return True
    if unicodedata.category(before) in ("Ps", "Pi"):
        return True
    if kind in ("Ps", "Pi") or is_unspaced(letter):
        return False
    return not (is_unspaced(_body(piece)) or _is_wide_sign(before))


def _body(piece: str) -> str:
    """The last character of a piece that is neither a mark nor punctuation."""
    return next((c for c in reversed(piece) if unicodedata.category(c)[0] not in "MP"), piece[-1])


def is_unspaced(letter: str) -> bool:
    """Whether words of this character's script are written without blanks."""
    return any(low <= ord(letter) <= high for low, high in UNSPACED)


def _is_wide_sign(letter: str) -> bool:
    return unicodedata.category(letter)[0] == "P" and unicodedata.east_asian_width(letter) in "WF"
