"""Guards of what a translation counts: numbers, units, prices, shares, dates, times and days."""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.translation.facts import CURRENCIES, NTH, PLAIN, Fact, same, same_amount, stated
from models.translation.numbers import WHOLE, plain, read
from models.translation.pair import Pair, latin_words
from models.translation.romanise import spelled_by

_SMALL = 12
"""Up to here a number may come from a language whose number words are not read."""

_TAIL = 2
"""Words behind a number after which it can grow no more ("two", "two and a half million")."""

_DAYS: dict[str, dict[int, re.Pattern[str]]] = {
    "zh": {
        -2: re.compile("前天|前晚"),
        -1: re.compile("昨[天日晚夜]|隔夜"),
        0: re.compile("今[天日晚早儿夜]|当天|本日"),
        1: re.compile("明[天日晚早儿]|次日|第二天|翌日|隔天"),
        2: re.compile("后天|後天"),
    },
    "en": {
        -2: re.compile(r"\bday before yesterday\b", re.I),
        -1: re.compile(r"\b(?<!before )yesterday\b|\blast night\b", re.I),
        0: re.compile(r"\btoday\b|\btonight\b|\bthis (?:morning|afternoon|evening)\b", re.I),
        1: re.compile(r"\b(?<!after )tomorrow\b", re.I),
        2: re.compile(r"\bday after tomorrow\b", re.I),
    },
}


def numbers(pair: Pair) -> str | None:
    """A fact without a source, or one of the source's that is gone."""
    source, text = read(pair.source, pair.language), read(pair.text, pair.target)
    settled = text if pair.final else _settled(pair, text)
    for fact in settled:
        if fact.weak or _unheard(pair, fact):
            continue
        if not stated(fact, source):
            return _reason(fact, source)
        if (
            pair.language in WHOLE
            and _names_money(fact)
            and not any(_names_money(other) and same(fact, other) for other in source)
        ):
            return "unit"  # "1,800" may stand for 1,800 yuan, "$1,800" for no bare number
    if not pair.final or pair.target not in WHOLE:
        return None
    for fact in source:
        if not fact.weak and not stated(fact, text) and not _in_a_name(pair, fact):
            return _reason(fact, text)
    return None


def days(pair: Pair) -> str | None:
    """ "tomorrow" for 昨天: a day that the source does not name in the place of one that it does."""
    if pair.language not in _DAYS or pair.target not in _DAYS or not pair.final:
        return None
    source, text = (
        {day for day, words in _DAYS[language].items() if words.search(side)}
        for language, side in ((pair.language, pair.source), (pair.target, pair.text))
    )
    return "date" if source - text and text - source else None


def _reason(fact: Fact, others: Sequence[Fact]) -> str:
    return "unit" if any(same_amount(fact, other) for other in others) else "number"


def _names_money(fact: Fact) -> bool:
    return all(reading.unit in CURRENCIES for reading in fact.readings)


def _settled(pair: Pair, facts: Sequence[Fact]) -> list[Fact]:
    """Those that the words still to come can't change."""
    text = plain(pair.text)
    return [fact for fact in facts if len(re.findall(r"[^\W\d_]+", text[fact.end :])) > _TAIL]


def _unheard(pair: Pair, fact: Fact) -> bool:
    """A small number that may stand in the source as a word which is not read."""
    if pair.language in WHOLE:
        return False
    return any(
        abs(reading.amount) <= _SMALL or reading.unit not in (PLAIN, NTH) for reading in fact.readings
    ) and not (any(char.isdigit() for char in pair.source))


def _in_a_name(pair: Pair, fact: Fact) -> bool:
    """Whether the numeral is part of a name that the translation spells: 八达岭 is Badaling."""
    source = plain(pair.source)
    around = source[max(0, fact.start - 3) : fact.end + 3]
    numeral = source[fact.start : fact.end]
    return any(
        len(word) > 3 and spelled_by(word, around) and not spelled_by(word, around.replace(numeral, " "))
        for word in latin_words(pair.text)
    )
