"""Times of day in English: half past three, 3:30 p.m., ten to eight, nine o'clock in the morning, noon."""

from __future__ import annotations

import re
from fractions import Fraction

from models.translation.english_cardinals import cardinal
from models.translation.facts import NOON, TIME, Reading
from models.translation.tokens import Tokens

Clock = tuple[tuple[Reading, ...], int, bool]
"""What a time may mean, where it ends, whether it may stand without a source."""

_AM = frozenset(("am", "a.m.", "a. m."))
_PM = frozenset(("pm", "p.m.", "p. m."))
_PHRASES = (
    (("in", "the", "morning"), "am"), (("in", "the", "afternoon"), "pm"), (("in", "the", "evening"), "pm"),
    (("at", "night"), "night"), (("at", "noon"), "noon"), (("this", "morning"), "am"),
    (("tomorrow", "morning"), "am"),
    (("this", "afternoon"), "pm"), (("tomorrow", "afternoon"), "pm"), (("this", "evening"), "pm"),
    (("tonight",), "night"), (("tomorrow", "evening"), "pm"), (("tomorrow", "night"), "night"),
)  # fmt: skip


def read_clock(tokens: Tokens, at: int) -> Clock | None:
    """The time of day that begins at ``at``; None when there is none."""
    word = tokens.word(at)
    if word in ("noon", "midday", "midnight"):
        return (Reading(Fraction(0 if word == "midnight" else NOON), TIME, known=True),), at + 1, True
    return _past(tokens, at) or _plain_clock(tokens, at)


def _past(tokens: Tokens, at: int) -> Clock | None:
    """half past three, a quarter to eight, ten (minutes) past five."""
    begin = at + (tokens.word(at) == "a")
    if tokens.word(begin) == "half":
        minutes, end = Fraction(30), begin + 1
    elif tokens.word(begin) == "quarter":
        minutes, end = Fraction(15), begin + 1
    elif begin == at and (made := cardinal(tokens, at)) and 0 < made[0] < 60:
        minutes, end = made
        end += tokens.word(end) in ("minutes", "minute")
    else:
        return None
    side = tokens.word(end)
    hour = cardinal(tokens, end + 1)
    if side not in ("past", "after", "to", "before", "till") or hour is None or not 0 < hour[0] <= 12:
        return None
    if side in ("to", "before", "till", "after") and minutes not in (5, 10, 15, 20, 25):
        return None  # "three to five people"
    if side == "to" and (
        tokens.digit(begin) or tokens.word(hour[1]) in ("people", "percent", "%", "minutes", "days")
    ):
        return None
    late = side in ("past", "after")
    return _finish(tokens, hour[0] * 60 + (minutes if late else -minutes), hour[1], ())


def _plain_clock(tokens: Tokens, at: int) -> Clock | None:
    """3:30, nine o'clock, 3 pm, three thirty."""
    if found := re.fullmatch(r"(\d{1,2}):(\d\d)", tokens.word(at)):
        hour, minute = int(found[1]), int(found[2])
        return None if hour > 24 or minute > 59 else _finish(tokens, Fraction(hour * 60 + minute), at + 1, ())
    made = cardinal(tokens, at)
    if made is None or made[0].denominator != 1 or not 0 <= made[0] <= 24:
        return None
    hour_, end = made
    if tokens.word(end) in ("o'clock", "oclock"):
        return _finish(tokens, hour_ * 60, end + 1, ())
    if rest := _minutes(tokens, end + (tokens.word(end) == "-" and hour_ <= 12)):
        minute_, end = rest
        price = (Reading(hour_ * 100 + minute_), Reading(hour_ + minute_ / 100))
        return _finish(tokens, hour_ * 60 + minute_, end, price)
    if not 0 < hour_ <= 12 or _part(tokens, end) is None:
        return None
    return _finish(tokens, hour_ * 60, end, ())


def _minutes(tokens: Tokens, at: int) -> tuple[Fraction, int] | None:
    """Minutes in words behind an hour in words: thirty, oh five."""
    if tokens.digit(at - 1) or tokens.digit(at - 2):
        return None
    if tokens.word(at) in ("oh", "o") and (made := cardinal(tokens, at + 1)):
        return made if made[0] < 10 else None
    made = cardinal(tokens, at)
    if made is None or tokens.digit(at) or not 10 <= made[0] < 60 or tokens.word(at) in ("a", "dozen"):
        return None
    hour_word = tokens.word(at - 1)
    return None if hour_word in ("twenty", "thirty", "forty", "fifty", "hundred", "thousand") else made


def _part(tokens: Tokens, at: int) -> tuple[str, int] | None:
    """The part of the day named at ``at``, and where that ends."""
    word = tokens.word(at)
    if word in _AM or word in _PM:
        return ("am" if word in _AM else "pm"), at + 1
    for phrase, part in _PHRASES:
        if all(tokens.word(at + n) == one for n, one in enumerate(phrase)):
            return part, at + len(phrase)
    return None


def _finish(tokens: Tokens, minutes: Fraction, end: int, others: tuple[Reading, ...]) -> Clock:
    """A time with the part of the day that follows it."""
    part = _part(tokens, end)
    if part is None:
        return (Reading(minutes % (2 * NOON), TIME, known=minutes > 13 * 60 - 1), *others), end, False
    name, end = part
    if name == "night":  # two at night comes before dawn, nine at night before midnight
        name = "pm" if minutes % NOON >= 5 * 60 else "am"
    if name == "noon":
        name = "pm"
    at = minutes % NOON + (NOON if name == "pm" else 0)
    return (Reading(at, TIME, known=True), *others), end, False
