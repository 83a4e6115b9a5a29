"""A text's words, numbers and marks with their places."""

from __future__ import annotations

import re

import msgspec

_TOKEN = re.compile(
    r"(?<!\d)\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?!\d)|(?<![\d/])\d{1,2}/\d{1,2}(?![\d/])|\d{1,2}:\d\d(?!\d)"
    r"|[ap]\.\s?m\.|'?\d+s\b|\d+(?:st|nd|rd|th)\b|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
    r"|US\$|HK\$|NT\$|[^\W\d_]+(?:['’][^\W\d_]+)*|\S",
    re.IGNORECASE,
)


class Token(msgspec.Struct, frozen=True):
    """``text`` at ``start`` … ``end``; ``word`` is the same in small letters, with a straight apostrophe."""

    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The text in small letters."""
        return self.text.lower().replace("’", "'")


class Tokens:
    """A row of tokens that may be asked beyond its ends."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens

    def __len__(self) -> int:
        return len(self._tokens)

    def __getitem__(self, at: int) -> Token:
        return self._tokens[at]

    def word(self, at: int) -> str:
        """The token at ``at`` in small letters; empty beyond the ends."""
        return self._tokens[at].word if 0 <= at < len(self._tokens) else ""

    def words(self, at: int, count: int) -> str:
        """``count`` tokens from ``at``, with blanks between them."""
        return " ".join(self.word(at + n) for n in range(count))

    def digit(self, at: int) -> bool:
        """Whether digits stand at ``at``."""
        return any(char.isdigit() for char in self.word(at))

    def free(self, at: int) -> bool:
        """Whether nothing touches the token from the left."""
        return at == 0 or self._tokens[at - 1].end < self._tokens[at].start


def tokens_of(text: str) -> Tokens:
    """The tokens of ``text``: "5km" is two, "3:30", "2nd" and "1,250.5" are one.

    >>> tokens_of("5km at 3:30 p.m.").words(0, 5)
    '5 km at 3:30 p.m.'
    """
    return Tokens([Token(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)])
