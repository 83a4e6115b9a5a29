"""Guards that look at a translation's shape: its letters, its length, what it repeats."""

from __future__ import annotations

import re

from models.translation.pair import WRITTEN_IN, Pair, folded, latin_words, script_of, scripts, weight
from models.translation.romanise import spelled_by
from models.translation.tables import columns

_MARKUP = re.compile(
    r"\n|<[/|!a-zA-Z][^<]{0,40}>|<\||\|>|\*|[{}]|__|```|`|\[/?INST|^#+\s|&[a-z]+;|</|^\s*[-*•]\s|\\[nt]|^>\s|={3,}|-{3,}"
)
_LINK = re.compile(r"https?:|www\.")
_SLACK = 26  # letters: a greeting of one character may become a sentence
_LONGEST, _SHORTEST = 1.9, 0.22  # times the letters that the source is expected to become
_MANY = 3  # times in a row
LITTLE_WORDS = {language: frozenset(little.split()) for language, little in columns("little_words.txt")}


def empty(pair: Pair) -> str | None:
    """No letter and no digit."""
    return "empty" if pair.final and not any(char.isalnum() for char in pair.text) else None


def markup(pair: Pair) -> str | None:
    """Tags, Markdown, links, several lines."""
    found = _MARKUP.search(pair.text) or _LINK.search(pair.text)
    return "markup" if found and found[0] not in pair.source else None


def script(pair: Pair) -> str | None:
    """Letters that the target is not written with; names in Latin letters may stand in any script."""
    allowed = WRITTEN_IN.get(pair.target)
    if allowed is None:
        return None
    counts = scripts(pair.text)
    latin = 0 if "latin" in allowed else counts.pop("latin", 0)
    if any(name not in allowed for name in counts):
        return "script" if not (pair.target == "ko" and set(counts) <= {"hangul", "han"}) else None
    if pair.target == "ja" and not counts.get("kana") and counts.get("han", 0) > 8:
        return "script"
    own = sum(counts.values()) + len(re.findall(r"\d", pair.text))
    foreign = sum(len(word) for word in latin_words(pair.text) if folded(word) not in folded(pair.source))
    return "script" if latin and pair.final and (foreign > own or (own == 0 and foreign)) else None


def copy(pair: Pair) -> str | None:
    """The source itself, or its sounds in Latin letters."""
    if not pair.final or pair.language == pair.target:
        return None
    source, text = folded(pair.source), folded(pair.text)
    foreign = any(script_of(char) not in ("", "latin") for char in pair.source)
    if source == text and (foreign or len(source) > 12 or pair.language not in ("zh", "ja", "ko", "en")):
        return "copy" if not _shared(pair) else None
    words = latin_words(pair.text)
    if foreign and len(words) >= 2:
        spelled = sum(len(word) > 1 and spelled_by(word, pair.source) for word in words)
        return "copy" if spelled >= max(2, 0.6 * len(words)) and not _all_name(words) else None
    return "copy" if not foreign and _mostly_the_same(pair) else None


def _all_name(words: list[str]) -> bool:
    """ "Wang Xiaoming" stands for itself."""
    return len(words) <= 3 and all(word[0].isupper() for word in words)


def _shared(pair: Pair) -> bool:
    """One word that is the same everywhere: "Taxi", "OK", "Hotel"."""
    return len(latin_words(pair.source)) <= 2 and not any(char in "éèàçñßäöü" for char in pair.source.lower())


def _mostly_the_same(pair: Pair) -> bool:
    source, text = ([word.lower() for word in latin_words(side)] for side in (pair.source, pair.text))
    if len(text) < 4:
        return False
    return sum(word in source for word in text) >= 0.8 * len(text)


def language(pair: Pair) -> str | None:
    """Latin letters, but the little words are another language's."""
    own = LITTLE_WORDS.get(pair.target)
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", pair.text.lower())
    if own is None or len(words) < (3 if pair.final else 6):
        return None
    mine = sum(word in own for word in words)
    worst = max(
        sum(word in others and word not in own for word in words)
        for code, others in LITTLE_WORDS.items()
        if code != pair.target
    )
    return "language" if worst >= 2 and worst > 1.5 * mine else None


def loop(pair: Pair) -> str | None:
    """The same again and again where the source does not repeat itself as often."""
    words = _units(pair.text)
    source = _units(pair.source)
    told, phrases = repeats(source), repeats(source, 2)
    for size in range(1, len(words) // 2 + 1):
        times = _longest_run(words, size)
        short = size <= 2  # "very very" comes from one character, a phrase of three words does not
        limit, heard = (_MANY, told) if short else (2, phrases)
        if times >= limit and times > heard + (1 if heard > 1 else 0):
            return "loop"
    return "loop" if _threadbare(words) and not _threadbare(source) and told < _MANY else None


def repeats(units: list[str], least: int = 1) -> int:
    """How often in a row the most repeated stretch of ``least`` or more ``units`` stands."""
    return max((_longest_run(units, size) for size in range(least, len(units) // 2 + 1)), default=1)


def _units(text: str) -> list[str]:
    """Words; single letters where words are not spaced."""
    text = re.sub(r"(.)\1{5,}", lambda match: " ".join(match[0]), text.lower())
    return re.findall(
        r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]|[^\W_\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]+(?:['’][^\W\d_]+)?",
        text,
    )


def _longest_run(units: list[str], size: int) -> int:
    """How often the same ``size`` units follow one another, at the most."""
    longest = run = 0
    for one, later in zip(units, units[size:], strict=False):
        run = run + 1 if one == later else 0
        longest = max(longest, run)
    return longest // size + 1


def _threadbare(units: list[str]) -> bool:
    """Fewer than half of the three-word stretches are new ones."""
    grams = [tuple(units[at : at + 3]) for at in range(len(units) - 2)]
    return len(grams) >= 12 and len(set(grams)) < 0.5 * len(grams)


def length(pair: Pair) -> str | None:
    """More, or less, than the source can become."""
    source, text = weight(pair.source), weight(pair.text)
    if text > _LONGEST * source + _SLACK:
        return "length"
    return "length" if pair.final and text < _SHORTEST * source - 4 else None
