"""English cardinals, in words and digits: twenty-six, a hundred and five, 2.5 million, nineteen ninety-eight."""

from __future__ import annotations

import re
from fractions import Fraction

from models.translation.english_words import CARDINALS, SCALES
from models.translation.tokens import Tokens

_LISTED = {**{word: str(value) for word, value in CARDINALS.items() if value < 10}, "oh": "0", "o": "0"}
_ARTICLES = frozenset(("a", "an"))
_SIZES = frozenset((*SCALES, "dozen")) - {"k"}


def cardinal(tokens: Tokens, at: int) -> tuple[Fraction, int] | None:
    """The number that begins at ``at`` and where it ends; None when none does. "a" counts before "hundred"."""
    start = _digits(tokens, at)
    if start is None:
        start = _under_hundred(tokens, at)
    if start is None:
        if tokens.word(at) in _ARTICLES and tokens.word(at + 1) in _SIZES:
            start = Fraction(1), at + 1
        elif tokens.word(at) in _SIZES - {"grand"}:
            start = Fraction(1), at
        else:
            return None
    value, end = _scaled(tokens, *start)
    if end == start[1] and (year := _year(tokens, value, end)):
        return year
    return _point(tokens, value, end)


def listed(tokens: Tokens, at: int) -> tuple[int, int] | None:
    """A number that is said digit by digit, or written in groups; its digits as a number, and where it ends."""
    said, end = "", at
    while (word := tokens.word(end)) in _LISTED or word == "double":
        if word == "double":
            if tokens.word(end + 1) not in _LISTED:
                break
            end, said = end + 1, said + _LISTED[tokens.word(end + 1)]
        said, end = said + _LISTED[tokens.word(end)], end + 1
        end += tokens.word(end) in ("-", ",") and tokens.word(end + 1) in _LISTED
    if len(said) >= 3 and tokens.word(end) not in SCALES:
        return int(said), end
    return _groups(tokens, at)


def _groups(tokens: Tokens, at: int) -> tuple[int, int] | None:
    digits, end, first = tokens.word(at), at + 1, tokens.word(at)
    if not re.fullmatch(r"\d{2,4}", first):
        return None
    while True:
        step = 1 if tokens.word(end) == "-" else 0
        following = tokens.word(end + step)
        if not re.fullmatch(r"\d{2,4}", following):
            break
        digits, end = digits + following, end + step + 1
    return (int(digits), end) if len(digits) >= 7 else None


def _digits(tokens: Tokens, at: int) -> tuple[Fraction, int] | None:
    found = re.fullmatch(r"'?(\d[\d,]*(?:\.\d+)?)s?", tokens.word(at))
    return (Fraction(found[1].replace(",", "")), at + 1) if found else None


def _under_hundred(tokens: Tokens, at: int) -> tuple[Fraction, int] | None:
    value = CARDINALS.get(tokens.word(at))
    if value is None:
        return None
    end = at + 1
    if value >= 20:
        step = 1 if tokens.word(end) == "-" else 0
        ones = CARDINALS.get(tokens.word(end + step), 0)
        if 0 < ones < 10:
            return Fraction(value + ones), end + step + 1
    return Fraction(value), end


def _scaled(tokens: Tokens, value: Fraction, end: int) -> tuple[Fraction, int]:
    """hundred, thousand, … behind a number, and what goes on below them."""
    total, group, last = Fraction(0), value, 0
    while True:
        step = 1 if tokens.word(end) == "-" and tokens.word(end + 1) in _SIZES else 0
        word = tokens.word(end + step)
        if word == "dozen":
            return total + group * 12, end + step + 1
        scale = SCALES.get(word, 0)
        if not scale or (word == "k" and not tokens.digit(end - 1)) or (last and scale >= last):
            return total + group, end
        end += step + 1
        if scale == 100:
            group *= 100
        else:
            total, group, last = total + group * scale, Fraction(0), scale
        while (
            tokens.word(end) in SCALES and SCALES[tokens.word(end)] > 100 and not group
        ):  # a thousand million
            total, end = total * SCALES[tokens.word(end)], end + 1
        if more := _below(tokens, end, scale):
            group, end = group + more[0], more[1]
        elif not group or tokens.word(end) not in SCALES:
            return total + group, end


def _below(tokens: Tokens, end: int, scale: int) -> tuple[Fraction, int] | None:
    """What is added behind "hundred" or "thousand": "five hundred and ten", not "two hundred, 500"."""
    step = 1 if tokens.word(end) == "and" else 0
    made = _under_hundred(tokens, end + step) or (None if step else _digits(tokens, end))
    if made is None and tokens.word(end + step) == "a" and tokens.word(end + step + 1) == "hundred":
        made = Fraction(1), end + step + 1
    if made is None or not 0 < made[0] < scale:
        return None
    return made


def _year(tokens: Tokens, value: Fraction, end: int) -> tuple[Fraction, int] | None:
    """twenty twenty-six, nineteen oh five."""
    if tokens.digit(end - 1) or not 10 <= value <= 21:
        return None
    if tokens.word(end) in ("oh", "o") and 0 < CARDINALS.get(tokens.word(end + 1), 0) < 10:
        return value * 100 + CARDINALS[tokens.word(end + 1)], end + 2
    rest = _under_hundred(tokens, end)
    if rest is None or not rest[0] >= 10 or tokens.word(end - 1) == "-":
        return None
    return value * 100 + rest[0], rest[1]


def _point(tokens: Tokens, value: Fraction, end: int) -> tuple[Fraction, int]:
    """three point five, and the scale behind it."""
    if tokens.word(end) != "point" or tokens.word(end + 1) not in _LISTED:
        return value, end
    digits, end = "", end + 1
    while tokens.word(end) in _LISTED:
        digits, end = digits + _LISTED[tokens.word(end)], end + 1
    value += Fraction(int(digits), 10 ** len(digits))
    if tokens.word(end) in SCALES:
        return value * SCALES[tokens.word(end)], end + 1
    return value, end
