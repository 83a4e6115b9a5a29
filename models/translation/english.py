"""Reading numbers, dates, times, prices, shares and measures out of English text."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from models.translation.english_cardinals import cardinal, listed
from models.translation.english_clock import read_clock
from models.translation.english_words import (
    DECADES,
    FAINT,
    MONTHS,
    MULTIPLES,
    ORDINALS,
    ROMAN,
    SCALES,
    WEEKDAYS,
)
from models.translation.english_words import (
    VAGUE as MAGNITUDES,
)
from models.translation.facts import MONTH, NTH, RATIO, VAGUE, WEEKDAY, Fact, Reading
from models.translation.tokens import Tokens, tokens_of
from models.translation.units import ATTACHED, keeps_one, measured

_FRACTIONS = {
    "half": 2,
    "halves": 2,
    "quarter": 4,
    "quarters": 4,
    "third": 3,
    "thirds": 3,
    "fourths": 4,
    "fifths": 5,
    "tenths": 10,
}
_SIGNS = frozenset(("$", "€", "£", "¥", "￥"))
_BEFORE_MAY = frozenset(
    ("in", "of", "this", "last", "next", "by", "until", "since", "early", "late", "mid", "on", "till")
)


def read_english(text: str) -> list[Fact]:
    """Every fact in ``text``, in order; each word belongs to one at most.

    >>> [str(fact.readings[0].amount) for fact in read_english("Half past three, 2.5 million, twenty-six")]
    ['210', '2500000', '26']
    """
    tokens, found, at = tokens_of(text), list[Fact](), 0
    while at < len(tokens):
        for rule in _RULES:
            if made := rule(tokens, at):
                facts, at = made
                found.extend(facts)
                break
        else:
            at += 1
    return found


Found = tuple[tuple[Fact, ...], int]
"""Facts, and the token behind them."""


def _one(tokens: Tokens, at: int, end: int, *meant: Reading, weak: bool = False) -> Found:
    return (Fact(meant, tokens[at].start, tokens[end - 1].end, weak),), end


def _clock(tokens: Tokens, at: int) -> Found | None:
    made = read_clock(tokens, at)
    return None if made is None else _one(tokens, at, made[1], *made[0], weak=made[2])


def _numeric_date(tokens: Tokens, at: int) -> Found | None:
    """2026-11-26, 26/11/2026, 11/26: year, month and day; which of the last two is which stays open."""
    token = tokens[at]
    found = re.fullmatch(r"(\d{1,4})([-/.])(\d{1,2})(?:\2(\d{1,4}))?", token.text)
    if found is None or (found[4] is None and found[2] != "/"):
        return None
    first, second, third = int(found[1]), int(found[3]), int(found[4]) if found[4] else None
    made: list[Fact] = []
    if first > 31:
        if third is None:
            return None
        made.append(Fact((Reading(Fraction(first)),), token.start, token.end))
        first, second, third = second, third, None
    if first > 31 or second > 31 or min(first, second) > 12:
        return None
    if third is not None:
        year = (Reading(Fraction(third)), *((Reading(Fraction(2000 + third)),) if third < 100 else ()))
        made.append(Fact(year, token.start, token.end))
    for value in (first, second):
        meant = [Reading(Fraction(value), NTH)]
        if value <= 12:
            meant.append(Reading(Fraction(value), MONTH))
        if found[4] is None:
            meant.append(Reading(Fraction(first, second or 1), RATIO))
        made.append(Fact(tuple(meant), token.start, token.end))
    return tuple(made), at + 1


def _name_of_day(tokens: Tokens, at: int) -> Found | None:
    token = tokens[at]
    if not token.text[0].isupper():
        return None
    word = token.word
    if word in WEEKDAYS and (len(word) > 3 or word not in ("sun", "sat")):
        return _one(tokens, at, at + 1, Reading(Fraction(WEEKDAYS[word]), WEEKDAY))
    if word in MONTHS and (word not in ("may", "march", "mar", "dec") or _is_month(tokens, at)):
        return _one(tokens, at, at + 1, Reading(Fraction(MONTHS[word]), MONTH))
    return None


def _is_month(tokens: Tokens, at: int) -> bool:
    """Whether "May" or "March" is the month: a number or "in" stands beside it."""
    before = tokens[at - 1].word if at else ""
    after = tokens[at + 1].word if at + 1 < len(tokens) else ""
    beside = after[:1].isdigit() or before[:1].isdigit() or after in ORDINALS or before in ORDINALS
    return before in _BEFORE_MAY or beside or (at > 0 and after == "the")


def _digits_in_a_row(tokens: Tokens, at: int) -> Found | None:
    """A telephone number, as groups of digits or digit by digit: one number."""
    made = listed(tokens, at)
    return None if made is None else _one(tokens, at, made[1], Reading(Fraction(made[0])))


def _half(tokens: Tokens, at: int) -> Found | None:
    """half an hour, three quarters of an hour, a third, two-thirds, half a kilo, half price."""
    count, end = cardinal(tokens, at) or (Fraction(1), at)
    word = tokens.word(end)
    if word == "-":
        end, word = end + 1, tokens.word(end + 1)
    if word == "a" and end == at:
        end, word = end + 1, tokens.word(end + 1)
    if word not in _FRACTIONS or (end == at and word not in ("half", "quarter")):
        return None
    if word == "third" and tokens.word(end - 1) not in ("a", "one", "-", "1"):
        return None
    value, end = Fraction(count, _FRACTIONS[word]), end + 1
    unit_at = end + (tokens.word(end) == "-")
    unit_at += tokens.word(unit_at) == "of"
    unit_at += tokens.word(unit_at) in ("a", "an", "the")
    if meant := measured(value, tokens.word(unit_at)):
        return _one(tokens, at, unit_at + 1, *meant)
    if tokens.word(unit_at) in ("dozen", "million", "hundred", "thousand", "billion"):
        size = cardinal(tokens, unit_at)
        return None if size is None else _one(tokens, at, size[1], Reading(value * size[0]))
    weak = (word in ("quarter", "quarters") and count == 1) or tokens.word(end) == "-"  # half-hearted
    extra = (Reading(Fraction(15), "s", Fraction(60)),) if weak else ()
    return _one(tokens, at, end, Reading(value, RATIO), Reading(value), *extra, weak=weak)


def _ordinal(tokens: Tokens, at: int) -> Found | None:
    """the 26th, twenty-sixth, third; "second" may be a moment."""
    token = tokens[at]
    if found := re.fullmatch(r"(\d+)(?:st|nd|rd|th)", token.word):
        return _one(tokens, at, at + 1, Reading(Fraction(int(found[1])), NTH))
    tens, end = cardinal(tokens, at) or (Fraction(0), at)
    if tens and tokens.word(end) == "-":
        end += 1
    word = tokens.word(end)
    if word not in ORDINALS or (tens and (tens % 10 or ORDINALS[word] >= 10)):
        return None
    value = tens + ORDINALS[word]
    moment = word == "second" and not tens
    meant = (Reading(value, NTH), *((Reading(Fraction(1), "s"),) if moment else ()))
    return _one(tokens, at, end + 1, *meant, weak=value <= 2)


def _word(tokens: Tokens, at: int) -> Found | None:
    """dozens, twice, both, the nineties, hundreds of thousands."""
    word = tokens.word(at)
    if word in MAGNITUDES:
        value, end = MAGNITUDES[word], at + 1
        if tokens.word(end) == "of" and tokens.word(end + 1) in MAGNITUDES:
            value, end = value * MAGNITUDES[tokens.word(end + 1)], end + 2
        return _one(tokens, at, end, Reading(Fraction(value), VAGUE))
    if word in MULTIPLES:
        return _one(tokens, at, at + 1, Reading(Fraction(MULTIPLES[word])))
    if word in ("teens", "teenager", "teenagers"):
        return _one(tokens, at, at + 1, *(Reading(Fraction(n)) for n in range(10, 20)), weak=True)
    if word == "every" and tokens.word(at + 1) in ("other", "second"):
        return _one(tokens, at, at + 2, Reading(Fraction(2)), weak=True)
    if word in DECADES:
        value = DECADES[word]
        return _one(tokens, at, at + 1, *(Reading(Fraction(n)) for n in (value, 1900 + value, 2000 + value)))
    if tokens[at].text in ROMAN:
        return _one(tokens, at, at + 1, Reading(Fraction(ROMAN[tokens[at].text]), NTH), weak=True)
    if word == "couple" and (
        meant := measured(Fraction(2), tokens.word(at + 1 + (tokens.word(at + 1) == "of")))
    ):
        return _one(tokens, at, at + 2 + (tokens.word(at + 1) == "of"), *meant, weak=True)
    if word in FAINT:
        return _one(tokens, at, at + 1, Reading(Fraction(FAINT[word])), weak=True)
    return None


def _out_of(tokens: Tokens, at: int) -> Found | None:
    """three out of four: a share."""
    part = cardinal(tokens, at)
    if part is None or tokens.words(part[1], 2) not in ("out of", "in every"):
        return None
    whole = cardinal(tokens, part[1] + 2)
    if whole is None or not whole[0]:
        return None
    return _one(tokens, at, whole[1], Reading(part[0] / whole[0], RATIO))


def _few(tokens: Tokens, at: int) -> Found | None:
    """several hundred, a few thousand: a magnitude."""
    if tokens.word(at) not in ("few", "several", "some", "couple"):
        return None
    made = cardinal(tokens, at + 1 + (tokens.word(at + 1) == "of"))
    if made is None or tokens.word(made[1] - 1) not in ("hundred", "thousand", "million", "dozen", "billion"):
        return None
    value = Fraction(10) if tokens.word(made[1] - 1) == "dozen" else made[0]
    return _one(tokens, at, made[1], Reading(value, VAGUE))


def _number(tokens: Tokens, at: int) -> Found | None:
    """A number with the unit that follows, or the currency's sign before."""
    sign = tokens[at].text if tokens[at].text in _SIGNS else tokens[at].word
    signed = sign in _SIGNS or sign in ("us$", "hk$", "nt$", "rmb", "usd", "cny", "eur", "gbp", "jpy")
    minus = tokens[at].word in ("minus", "negative") or (tokens[at].text in "-−" and tokens.free(at))
    made = cardinal(tokens, at + 1) if signed or minus else cardinal(tokens, at)
    if made is None:
        return None
    value, end = made
    if signed:
        name = {"¥": "yuan", "￥": "yuan"}.get(sign, sign)
        extra = measured(value, "yen") if sign in "¥￥" else ()
        return _one(tokens, at, end, *measured(value, name), *extra)
    value, end = _and_a_half(tokens, value, end)
    value = -value if minus else value
    return _with_unit(tokens, at, value, end)


def _and_a_half(tokens: Tokens, value: Fraction, end: int) -> tuple[Fraction, int]:
    if tokens.words(end, 3) == "and a half":
        return value + Fraction(1, 2), end + 3
    return value, end


def _with_unit(tokens: Tokens, at: int, value: Fraction, end: int) -> Found:
    unit_at = end + (tokens.word(end) == "-" and tokens.word(end + 1) != "")
    unit_at += tokens.word(unit_at) in ("more", "extra", "additional", "full", "whole", "long", "straight")
    word = tokens.word(unit_at)
    if tokens.word(unit_at) == "per" and tokens.word(unit_at + 1) == "cent":
        return _one(tokens, at, unit_at + 2, Reading(value, RATIO, Fraction(1, 100)))
    if word in ("square", "sq") and measured(value, tokens.word(unit_at + 1)):
        return _one(tokens, at, unit_at + 2, Reading(value, "m2"))
    if word in (
        "hong",
        "us",
        "american",
        "australian",
        "canadian",
        "singapore",
        "chinese",
        "japanese",
        "british",
    ):
        return _foreign_money(tokens, at, value, unit_at)
    if word == "degrees" or word == "degree":
        return _degrees(tokens, at, value, unit_at)
    usable = word not in ATTACHED or (unit_at == end and tokens[end - 1].text[-1:].isdigit())
    meant = measured(value, word) if usable else ()
    if not meant:
        below = tokens.word(end) == "below" and tokens.word(end + 1) in ("zero", "freezing")
        if below:
            return _one(tokens, at, end + 2, Reading(-value), Reading(-value, "°C"))
        return _one(tokens, at, end, *_plain(tokens, at, value, end), weak=_pronoun(tokens, at, value))
    end = unit_at + 1
    if tokens.words(end, 3) == "and a half":
        meant, end = measured(value + Fraction(1, 2), word), end + 3
    if tokens.word(end) in ("below",):
        meant, end = measured(-value, word), end + 1 + (tokens.word(end + 1) in ("zero", "freezing"))
    return _one(tokens, at, end, *meant, weak=value == 1 and not tokens.digit(at) and not keeps_one(meant))


def _plain(tokens: Tokens, at: int, value: Fraction, end: int) -> tuple[Reading, ...]:
    meant = [Reading(value)]
    if tokens.word(at - 1) == "or":  # a day or two
        meant += measured(value, tokens.word(at - 2))
    if tokens[at].word.endswith("s") and tokens.digit(at) and value < 100:
        meant += [Reading(1900 + value), Reading(2000 + value)]
    if end == at + 1 and tokens[at].word == "dozen":
        meant += [Reading(Fraction(n)) for n in range(10, 20)]
    if tokens.digit(at) and tokens[at].text.startswith("'"):
        meant += [Reading(2000 + value), Reading(1900 + value)]
    return tuple(meant)


def _pronoun(tokens: Tokens, at: int, value: Fraction) -> bool:
    return value == 1 and not tokens.digit(at)


def _foreign_money(tokens: Tokens, at: int, value: Fraction, end: int) -> Found:
    word = tokens.word(end)
    end += 1 + (tokens.word(end) == "hong")
    code = {
        "hong": "hkd",
        "us": "usd",
        "american": "usd",
        "australian": "aud",
        "canadian": "cad",
        "singapore": "sgd",
    }
    if tokens.word(end) in ("dollar", "dollars") and word in code:
        return _one(tokens, at, end + 1, *measured(value, code[word]))
    if meant := measured(value, tokens.word(end)):
        return _one(tokens, at, end + 1, *meant)
    return _one(tokens, at, end - 1 - (word == "hong"), Reading(value), weak=_pronoun(tokens, at, value))


def _degrees(tokens: Tokens, at: int, value: Fraction, unit_at: int) -> Found:
    scale = tokens.word(unit_at + 1)
    end = unit_at + 1
    name = "degrees"
    if scale in ("celsius", "fahrenheit", "c", "f", "centigrade"):
        name, end = {"c": "celsius", "f": "fahrenheit", "centigrade": "celsius"}.get(scale, scale), end + 1
    if tokens.word(end) == "below":
        value, end = -value, end + 1 + (tokens.word(end + 1) in ("zero", "freezing"))
    return _one(tokens, at, end, *measured(value, name), *((Reading(value),) if name == "degrees" else ()))


def _scaled_pair(tokens: Tokens, at: int) -> Found | None:
    """three or four hundred: the scale may belong to the first number as well."""
    first = cardinal(tokens, at)
    if first is None or tokens.word(first[1]) not in ("or", "to", "-", "–"):
        return None
    second = cardinal(tokens, first[1] + 1)
    scale = SCALES.get(tokens.word(second[1] - 1)) if second else None
    if scale is None or first[0] >= 100 or tokens.word(first[1] - 1) in SCALES:
        return None
    return _one(tokens, at, first[1], Reading(first[0] * scale), Reading(first[0]))


def _article(tokens: Tokens, at: int) -> Found | None:
    """an hour, a kilometre: one, where a source says so."""
    if tokens.word(at) not in ("a", "an") or not (meant := measured(Fraction(1), tokens.word(at + 1))):
        return None
    end = at + 2
    if tokens.words(end, 3) == "and a half":
        return _one(tokens, at, end + 3, *measured(Fraction(3, 2), tokens.word(at + 1)))
    if tokens.word(at + 1) == "second":
        meant = (*meant, Reading(Fraction(2), NTH))
    return None if tokens.word(at + 1) in ATTACHED else _one(tokens, at, end, *meant, weak=True)


_RULES: tuple[Callable[[Tokens, int], Found | None], ...] = (
    _clock, _numeric_date, _name_of_day, _scaled_pair, _digits_in_a_row, _half, _out_of, _few, _ordinal, _word,
    _article, _number,
)  # fmt: skip
