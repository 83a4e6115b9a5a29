"""A source and its translation, as the guards look at them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

import msgspec


class Pair(msgspec.Struct, frozen=True):
    """``text`` in ``target`` for ``source`` in ``language``; ``final`` when no more of it comes."""

    source: str
    text: str
    language: str
    target: str
    glossary: Mapping[str, str]
    final: bool = True


_SCRIPTS = (
    ("LATIN", "latin"), ("FULLWIDTH LATIN", "latin"), ("CJK", "han"), ("HIRAGANA", "kana"), ("KATAKANA", "kana"),
    ("HANGUL", "hangul"), ("CYRILLIC", "cyrillic"), ("ARABIC", "arabic"), ("HEBREW", "hebrew"),
    ("DEVANAGARI", "devanagari"), ("THAI", "thai"), ("GREEK", "greek"), ("TAMIL", "tamil"), ("BENGALI", "bengali"),
)  # fmt: skip

_IN_LATIN = (
    "en", "fr", "de", "es", "it", "pt", "nl", "vi", "id", "ms", "tr", "pl", "sv", "da", "no", "fi", "cs", "ro", "hu",
)  # fmt: skip
WRITTEN_IN: Mapping[str, frozenset[str]] = {
    **{code: frozenset(("latin",)) for code in _IN_LATIN},
    "zh": frozenset(("han",)), "yue": frozenset(("han",)), "ja": frozenset(("han", "kana")),
    "ko": frozenset(("hangul",)), "ru": frozenset(("cyrillic",)), "uk": frozenset(("cyrillic",)),
    "bg": frozenset(("cyrillic",)), "ar": frozenset(("arabic",)), "fa": frozenset(("arabic",)),
    "ur": frozenset(("arabic",)), "he": frozenset(("hebrew",)), "hi": frozenset(("devanagari",)),
    "th": frozenset(("thai",)), "el": frozenset(("greek",)), "ta": frozenset(("tamil",)),
    "bn": frozenset(("bengali",)),
}  # fmt: skip
"""The scripts that a language writes with; a language that is not here is not judged by its script."""

_LETTERS_A_SIGN = {
    "han": 4.0,
    "kana": 2.2,
    "hangul": 2.6,
    "thai": 1.0,
    "arabic": 1.3,
    "hebrew": 1.4,
    "devanagari": 1.2,
}
"""How many English letters a letter of the script becomes, about."""


@lru_cache(maxsize=8192)
def script_of(char: str) -> str:
    """The script of a letter, "other" where it is none of ours, empty for what is no letter."""
    if not char.isalpha():
        return ""
    if char.isascii():
        return "latin"
    name = unicodedata.name(char, "")
    return next((script for prefix, script in _SCRIPTS if name.startswith(prefix)), "other")


def scripts(text: str) -> dict[str, int]:
    """How many letters of each script ``text`` has."""
    counts: dict[str, int] = {}
    for char in text:
        if script := script_of(char):
            counts[script] = counts.get(script, 0) + 1
    return counts


def weight(text: str) -> float:
    """How long ``text`` would be in English letters, about; digits count, too."""
    letters = sum(count * _LETTERS_A_SIGN.get(script, 1.0) for script, count in scripts(text).items())
    return letters + sum(char.isdigit() for char in text)


def latin_words(text: str) -> list[str]:
    """Words in Latin letters, as they are written.

    >>> latin_words("我用WeChat和Wi-Fi")
    ['WeChat', 'Wi', 'Fi']
    """
    return re.findall(r"[A-Za-z\u00c0-\u024f]+", text)


def folded(text: str) -> str:
    """Small letters without accents and marks, to compare words by."""
    apart = unicodedata.normalize("NFKD", text.lower())
    return "".join(char for char in apart if char.isalnum())
