"""A guard of names: who and what a translation names must be in the source, and what the source names stays."""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.translation.english_words import CARDINALS, ORDINALS, ROMAN
from models.translation.names_of import known_names, ordinary, phrases, place_stems, place_words, words_of
from models.translation.pair import Pair, folded, latin_words, script_of
from models.translation.romanise import sounds_like, spelled_by

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_BEGINS = re.compile(r"(?:^|[.!?…:;\"“”(—–-]\s*|\n\s*)[\"“'‘(]*$")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|No)\.\s*$")
_JUDGED = frozenset(("zh", "yue", "ja", "ko", "ru", "en", "fr", "de", "es", "it", "pt", "nl"))
_SOUNDED = frozenset(("zh", "yue", "ko", "ru", "ja"))


def names(pair: Pair) -> str | None:
    """A name without a source in an English translation; a Latin name of the source that is gone from any."""
    if pair.final and _lost(pair):
        return "name"
    if pair.target != "en" or pair.language not in _JUDGED:
        return None
    named = list(_named(pair))
    known = _known(pair)
    if any(not _sourced(word, pair, known) for word in named):
        return "name"
    return "name" if any(not set(words) <= known for words in _whole_names(pair)) else None


def _whole_names(pair: Pair) -> Iterator[list[str]]:
    """Names of several words in the translation, by their words: "Burger King" names somebody, "King" nobody."""
    for name in phrases():
        if name in pair.text:
            words = [folded(word) for word in words_of(name)]
            if not all(word in ordinary() or spelled_by(word, pair.source) for word in words):
                yield words


def _named(pair: Pair) -> Iterator[str]:
    """The words of the translation that name somebody or something."""
    found = list(_WORD.finditer(pair.text))
    if not pair.final:
        found = found[:-1]
    shouted = pair.text.isupper()
    for match in found:
        for word in words_of(match[0].replace("’", "'").removesuffix("'s")):
            if len(word) < 2 or not word[0].isupper() or _ordinary(word) or shouted:
                continue
            if not _begins(pair.text[: match.start()]) or word.lower() in place_words():
                yield word


def _begins(before: str) -> bool:
    """Whether a sentence begins behind ``before``; "Mr." ends none."""
    return bool(_BEGINS.search(before)) and not _TITLE.search(before)


def _ordinary(word: str) -> bool:
    """Whether the word, or the word without an ending, names nobody: "Americanos"."""
    low = folded(word)
    if low in CARDINALS or low in ORDINALS or word in ROMAN or (word[:-1].isupper() and word[-1] == "s"):
        return True
    return any(low[: len(low) - cut] in ordinary() for cut in range(3) if len(low) - cut > 1 + 2 * cut)


def _known(pair: Pair) -> set[str]:
    """Every word that may stand for something the source names, in small letters."""
    known = {folded(word) for word in latin_words(pair.source)}
    names = [target for source, target in pair.glossary.items() if source in pair.source]
    source = pair.source.lower()
    names += [name for stem, name in place_stems(pair.language) if stem in source]
    if pair.language in ("zh", "yue", "ja"):
        names += [name for source, some in known_names().items() if source in pair.source for name in some]
    return known | {folded(word) for name in names for word in words_of(name)}


def _sourced(word: str, pair: Pair, known: set[str]) -> bool:
    low = folded(word)
    if low in known or any(len(low) > 3 and one[:4] == low[:4] for one in known):
        return True
    if pair.language in ("zh", "yue") and spelled_by(word, pair.source):
        return True
    if pair.language == "ja" and re.search(r"[\u4e00-\u9fff]{2}", pair.source):
        return word.lower() not in place_words()  # how a name in kanji sounds is not written
    return pair.language in _SOUNDED and sounds_like(word, _unknown(pair), pair.language)


def _unknown(pair: Pair) -> str:
    """The source without the names whose English form is known: 史密斯 is Smith and nobody who sounds like him."""
    source = pair.source
    for name in (*known_names(), *(stem for stem, _ in place_stems(pair.language))):
        if name in source:
            source = source.replace(name, " ")
    return source


def _lost(pair: Pair) -> bool:
    """Whether a name in Latin letters, among letters of another script, is missing from the translation."""
    if script_of_most(pair.source) == "latin":
        return False
    said = folded(pair.text)
    return any(
        len(word) > 1
        and any(char.isupper() for char in word)
        and folded(word) not in ordinary()
        and folded(word) not in said
        for word in latin_words(pair.source)
    )


def script_of_most(text: str) -> str:
    """The script of the first letter that is not Latin; "latin" where there is none."""
    return next((script for char in text if (script := script_of(char)) not in ("", "latin")), "latin")
