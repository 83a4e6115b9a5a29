"""Reading what a sentence states in numbers, in any language, as far as that is understood.

Chinese, Japanese (in kanji) and English are read by rules of our own; the number words of French, German, Spanish,
Italian, Portuguese and Dutch by text2num; of other languages digits, units, months and weekdays are read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from fractions import Fraction

from models.translation.chinese import read_chinese
from models.translation.english import read_english
from models.translation.facts import MONTH, NTH, TIME, WEEKDAY, Fact, Reading
from models.translation.han import everyday
from models.translation.names_of import calendar
from models.translation.units import measured

SPELLED = ("fr", "de", "es", "it", "pt", "nl")
WHOLE = frozenset(("zh", "yue", "en", "ja", *SPELLED))
"""Languages whose number words are read; of others, digits are."""

_NUMBER = re.compile(r"\d+(?:[.,\s  ]\d+)*")
_TIME = re.compile(
    r"(?<!\d)(\d{1,2})\s?(?::|h|[uU]hr|час(?:а|ов)?|시)\s?(?:(\d\d)\s?(?:분|минут)?)?(?![\d:])"
)
_HALF_PAST = re.compile(
    r"(?P<h>\d{1,2})\s(?:heures?\s)?(?:y media|et demie|e mezza|e meia)\b|\bhalb\s(?P<next>\d{1,2})\b"
)
_WORD = re.compile(r"[^\W\d_]+")
_AFTER = re.compile(r"\s?(%|[€£$¥₽₩]|[^\W\d_]+)")


def read(text: str, language: str) -> list[Fact]:
    """Every fact in ``text``, which is in ``language`` (ISO 639-1); places count in the text as it is compared.

    >>> [str(fact.readings[0].amount) for fact in read("vingt-six personnes à 15 h 30", "fr")]
    ['26', '930']
    """
    text = plain(text)
    if language in ("zh", "yue"):
        return read_chinese(text)
    if language == "ja":
        return read_chinese(_kana_numbers(text))
    if language == "en":
        return read_english(text)
    if language in SPELLED:
        text = _spelled(text, language)
    return sorted([*_digits(text), *_names(text, language)], key=lambda fact: fact.start)


def plain(text: str) -> str:
    """Full-width and other scripts' digits as ASCII, formal numerals as everyday ones.

    >>> plain("３٤ 壹佰")
    '34 一百'
    """
    text = unicodedata.normalize("NFKC", text)
    made = (str(unicodedata.digit(char)) if char.isdecimal() else char for char in text)
    return everyday("".join(made))


def _kana_numbers(text: str) -> str:
    """Japanese counting words, in kanji."""
    for word, numeral in _KANA.items():
        text = text.replace(word, numeral)
    return text


_KANA = {
    "ひとつ": "一つ", "ふたつ": "二つ", "みっつ": "三つ", "よっつ": "四つ", "いつつ": "五つ", "ふたり": "二人",
    "ひとり": "一人", "半額": "五割", "はたち": "二十歳", "二十歳": "二十歳",
}  # fmt: skip


def _spelled(text: str, language: str) -> str:
    from text_to_num import alpha2digit  # its tables are not needed before such a language is heard

    try:
        converted: str = alpha2digit(text, language, 0)
    except ValueError:  # a number of a size it does not know
        return text
    return converted


def _digits(text: str) -> list[Fact]:
    found: list[Fact] = []
    for match in _TIME.finditer(text):
        hour, minute = int(match[1]), int(match[2] or 0)
        if hour <= 24 and minute < 60:
            meant = [Reading(Fraction(hour * 60 + minute), TIME, known=hour > 12)]
            meant += (
                [] if match[2] else [Reading(Fraction(hour)), Reading(Fraction(hour), "s", Fraction(3600))]
            )
            found.append(Fact(tuple(meant), match.start(), match.end()))
            text = text[: match.start()] + " " * len(match[0]) + text[match.end() :]
    for match in _HALF_PAST.finditer(text):
        minutes = int(match["h"]) * 60 + 30 if match["h"] else int(match["next"]) * 60 - 30
        found.append(Fact((Reading(Fraction(minutes), TIME),), match.start(), match.end()))
        text = text[: match.start()] + " " * len(match[0]) + text[match.end() :]
    for match in _NUMBER.finditer(text):
        found.append(_number(text, match))
    return found


def _number(text: str, match: re.Match[str]) -> Fact:
    """A number in digits, with every meaning of its separators, and the unit behind it."""
    values = _values(match[0])
    after = _AFTER.match(text, match.end())
    before = text[match.start() - 1 : match.start()] if match.start() else ""
    if after and after[1].startswith("월"):
        return Fact(tuple(Reading(value, MONTH) for value in values), match.start(), match.end())
    unit = after[1].lower() if after else before if before in "$€£¥" else ""
    meant = [reading for value in values for reading in _measured(value, unit)]
    plain_ = [Reading(value) for value in values]
    bare = [] if meant and unit != "일" else [*plain_, *(Reading(value, NTH) for value in values)]
    return Fact(
        (*meant, *bare), match.start(), match.end(), weak=values == [1]
    )  # "un", "ein": an article as well


def _measured(value: Fraction, unit: str) -> tuple[Reading, ...]:
    """With the unit's name, or with its beginning where endings and particles are written on to it (원입니다)."""
    if unit.isascii():
        return measured(value, unit)
    begun = (measured(value, unit[:length]) for length in range(len(unit), 0, -1))
    return next((readings for readings in begun if readings), ())


def _values(written: str) -> list[Fraction]:
    """1.500 is fifteen hundred or one and a half: which, the language does not always say."""
    values = [Fraction(re.sub(r"\D", "", written))]
    if found := re.fullmatch(r"(\d[\d.,\s]*?)[.,](\d{1,3})", written):
        whole = re.sub(r"\D", "", found[1])
        values.append(Fraction(f"{whole}.{found[2]}"))
    if re.fullmatch(r"\d+[.,]\d{1,2}", written):
        values = values[1:]
    return values


def _names(text: str, language: str) -> list[Fact]:
    months, weekdays = calendar(language)
    found = []
    for match in _WORD.finditer(text.lower()):
        for names, unit in ((months, MONTH), (weekdays, WEEKDAY)):
            if match[0] in names:
                found.append(Fact((Reading(Fraction(names[match[0]]), unit),), match.start(), match.end()))
    return found


def strong(facts: Sequence[Fact]) -> list[Fact]:
    """Those that another language may not leave out."""
    return [fact for fact in facts if not fact.weak]
