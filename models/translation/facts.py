"""What a sentence states in numbers, brought to values that compare across languages."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import msgspec

PLAIN, NTH, TIME, MONTH, WEEKDAY, RATIO, VAGUE, YEARS = (
    "",
    "#",
    "time",
    "month#",
    "weekday#",
    "ratio",
    "vague",
    "month",
)
"""Units that are none of physics: a bare number, a number in a row, a time of day in minutes, a month's and a
weekday's number, a share of 1, a magnitude ("hundreds"), a stretch of months or years in months."""

NOON = 720  # minutes
DOLLARS = frozenset(("USD", "HKD", "TWD", "AUD", "CAD", "SGD", "NZD"))
CURRENCIES = DOLLARS | {
    "CNY", "EUR", "GBP", "JPY", "KRW", "CHF", "RUB", "INR", "THB", "VND", "MYR", "dollar", "money",
}  # fmt: skip
LOOSE = CURRENCIES | {YEARS, "°C", "°"}
"""Units that a speaker may leave out: "it is twenty", "he is eighteen"."""

_KIN: dict[str, frozenset[str]] = {
    "dollar": DOLLARS,
    "money": CURRENCIES,
    "°": frozenset(("°C", "°F")),
}


class Reading(msgspec.Struct, frozen=True):
    """One way to understand a number: ``amount`` of ``unit``, each ``factor`` of the unit's base.

    ``known`` says of a time of day that morning or afternoon was said as well.
    """

    amount: Fraction
    unit: str = PLAIN
    factor: Fraction = Fraction(1)
    known: bool = False

    @property
    def value(self) -> Fraction:
        """The amount in the unit's base."""
        return self.amount * self.factor


class Fact(msgspec.Struct, frozen=True):
    """A number with its unit as it stands in a text, ``text[start:end]``, and all that it may mean.

    A ``weak`` one may be left out in another language, and one that appears there needs no source ("one", "a day",
    "first"). ``written`` is the same in digits, empty where digits are not usual.
    """

    readings: tuple[Reading, ...]
    start: int
    end: int
    weak: bool = False
    written: str = ""


def agree(one: Reading, other: Reading) -> bool:
    """Whether two readings state the same."""
    if TIME in (one.unit, other.unit):
        return _same_time(one, other) if one.unit == other.unit else _same_hour(one, other)
    if VAGUE in (one.unit, other.unit):
        return _same_magnitude(one, other)
    if one.unit == other.unit or kin(one.unit, other.unit):
        return one.value == other.value
    units = {one.unit, other.unit}
    if NTH in units and YEARS in units and 12 not in (one.factor, other.factor):
        return False  # years of age may be left out, months not
    counted = units == {PLAIN, NTH} or units == {NTH, YEARS} or (PLAIN in units and bool(units & LOOSE))
    return counted and one.amount == other.amount


def kin(one: str, other: str) -> bool:
    """Whether one unit's name may stand for the other: "dollars" for Hong Kong's."""
    return other in _KIN.get(one, ()) or one in _KIN.get(other, ())


def same(one: Fact, other: Fact) -> bool:
    """Whether two facts can state the same."""
    return any(agree(a, b) for a in one.readings for b in other.readings)


def same_amount(one: Fact, other: Fact) -> bool:
    """Whether they differ in nothing but the unit."""
    return any(a.amount == b.amount for a in one.readings for b in other.readings)


def stated(fact: Fact, others: Sequence[Fact]) -> bool:
    """Whether one of ``others`` states the same, or two of one unit do together ("1 hour 20" is "80 minutes")."""
    if any(same(fact, other) for other in others):
        return True
    return any(
        a.unit == b.unit == reading.unit != PLAIN and a.value + b.value == reading.value
        for reading in fact.readings
        for first, second in pairwise(others)
        for a in first.readings
        for b in second.readings
    )


def _same_time(one: Reading, other: Reading) -> bool:
    if one.known and other.known:
        return one.value % (2 * NOON) == other.value % (2 * NOON)
    return one.value % NOON == other.value % NOON


def _same_hour(one: Reading, other: Reading) -> bool:
    """ "at three" is three o'clock; 三点 may be three of something."""
    time, number = (one, other) if one.unit == TIME else (other, one)
    return number.unit == PLAIN and number.amount <= 24 and (number.amount * 60 - time.amount) % NOON == 0


def _same_magnitude(one: Reading, other: Reading) -> bool:
    if one.unit == other.unit:
        return one.value == other.value
    exact, vague = (other, one) if one.unit == VAGUE else (one, other)
    return exact.unit in (PLAIN, NTH) and exact.amount >= vague.amount
