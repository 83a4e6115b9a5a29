"""What places, months, weekdays and languages are called, from the Unicode CLDR, and names from our own list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from models.translation.tables import content, lines, words

Names = Mapping[str, int]


@cache
def _cldr() -> dict[str, Any]:
    table: dict[str, Any] = msgspec.json.decode(content("cldr.json"))
    return table


def calendar(language: str) -> tuple[Names, Names]:
    """Months and weekdays of ``language``, in small letters, by number; empty for a language without a table."""
    entry = _cldr()["names"].get(language, {})
    return entry.get("months", {}), entry.get("weekdays", {})


def places(language: str) -> Mapping[str, str]:
    """Countries and cities of ``language`` → English."""
    entry: Mapping[str, str] = _cldr()["names"].get(language, {}).get("places", {})
    return entry


@cache
def place_stems(language: str) -> tuple[tuple[str, str], ...]:
    """The same, the longest first, in small letters; where words have endings (Russian) without the last ones."""
    inflected = language in ("ru", "uk")
    stems = (
        (name[: max(4, len(name) - 2)] if inflected else name, known)
        for name, known in places(language).items()
    )
    return tuple(sorted(((stem.lower(), known) for stem, known in stems), key=lambda one: -len(one[0])))


@cache
def known_names() -> Mapping[str, tuple[str, ...]]:
    """Chinese names of people, firms, feasts and sights → their English ones."""
    table: dict[str, tuple[str, ...]] = {}
    for line in lines("names.txt"):
        source, *names = line.split("\t")
        table[source] = tuple(names)
    return table


@cache
def ordinary() -> frozenset[str]:
    """Words that English writes with a capital though they name nobody, in small letters."""
    capitals = {word.lower() for word in words("capitals.txt")}
    return frozenset(capitals | {name.lower() for name in _cldr()["languages"]})


@cache
def place_words() -> frozenset[str]:
    """Names of one word, of places and people, that are no words of English as well, in small letters."""
    names = [*places("zh").values(), *(name for some in known_names().values() for name in some)]
    names += words("given.txt")
    return (
        frozenset(name.lower() for name in names if len(words_of(name)) == 1 and not name.isupper())
        - ordinary()
        - set(words("also_words.txt"))
    )


@cache
def phrases() -> tuple[str, ...]:
    """The English names of several words."""
    names = [*places("zh").values(), *(name for some in known_names().values() for name in some)]
    return tuple(sorted({name for name in names if " " in name and "(" not in name}))


def words_of(name: str) -> list[str]:
    """The words of a name."""
    return re.findall(r"[^\W\d_]+", name)


_LANGUAGES = {
    "zh": "Chinese", "yue": "Cantonese", "en": "English", "ja": "Japanese", "ko": "Korean", "fr": "French",
    "de": "German", "es": "Spanish", "it": "Italian", "pt": "Portuguese", "ru": "Russian", "ar": "Arabic",
    "nl": "Dutch", "tr": "Turkish", "vi": "Vietnamese", "th": "Thai", "hi": "Hindi", "pl": "Polish",
    "uk": "Ukrainian", "id": "Indonesian", "el": "Greek", "he": "Hebrew", "fa": "Persian",
}  # fmt: skip


def language_name(code: str) -> str:
    """What English calls a language; empty for a code that is not known.

    >>> language_name("zh")
    'Chinese'
    """
    return _LANGUAGES.get(code, "")
