"""The values of numerals in Chinese writing: 三百五, 一万两千三, 二零二六, 2.5亿, 壹佰."""

from __future__ import annotations

import re
from fractions import Fraction

from models.translation.facts import Fact, Reading

DIGITS = {
    char: value for value, chars in enumerate(("零〇", "一幺", "二两", *"三四五六七八九")) for char in chars
}
SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟貳參陸弐壱", "一二三四五六七八九十百千二三六二一")
_OLDER = str.maketrans("萬億両兩點", "万亿两两点")
_CHEQUE = re.compile(
    r"[壹贰叁肆伍陆柒捌玖拾佰仟貳參陸弐壱零〇万亿]*[拾佰仟万亿][壹贰叁肆伍陆柒捌玖拾佰仟貳參陸弐壱零〇万亿]*"
)

HAN = r"[零〇一二两三四五六七八九十百千万亿幺]"
DIGIT = r"[零〇一二三四五六七八九幺两]"
ARABIC = r"\d[\d,]*(?:\.\d+)?\s?[十百千万亿]{0,2}"
NUMERAL = rf"(?:{HAN}+(?:点{DIGIT}+[百千万亿]*)?|{ARABIC})"
"""A numeral; whether it means a number is for the reader of the sentence to say."""

_MIXED = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s?([十百千万亿]*)")
_NEAR = re.compile(r"([一二两三四五六七八])([二两三四五六七八九])(?=[十百千万亿]|$)")


def value_of(numeral: str) -> Fraction | None:
    """What a numeral amounts to; None for what is no number ("百万千").

    >>> int(value_of("一万两千三")), int(value_of("二零二六")), float(value_of("三点五万"))
    (12300, 2026, 35000.0)
    """
    if mixed := _MIXED.fullmatch(numeral):
        return Fraction(mixed[1].replace(",", "")) * _product(mixed[2])
    whole, point, rest = numeral.partition("点")
    if point:
        return _decimal(whole, rest)
    if all(char in DIGITS for char in numeral):
        return Fraction("".join(str(DIGITS[char]) for char in numeral))
    return _composed(numeral)


def everyday(text: str) -> str:
    """Traditional and formal numerals as everyday ones, character by character; 收拾, 大陆 and 队伍 hold none.

    >>> everyday("叁萬壹佰元"), everyday("收拾")
    ('三万一百元', '收拾')
    """
    text = text.translate(_OLDER)
    return _CHEQUE.sub(lambda run: run[0].translate(_FORMAL) if len(run[0]) > 1 else run[0], text)


def digits_of(numeral: str) -> str:
    """The digits of a numeral that is said one by one ("幺三八零"), or in Arabic ones; empty for others."""
    if numeral and all(char in DIGITS for char in numeral):
        return "".join(str(DIGITS[char]) for char in numeral)
    return numeral if numeral.isdecimal() else ""


def near(numeral: str) -> tuple[Fraction, ...]:
    """The two values of an estimate (三四百, 十七八, 三五); empty for a numeral that is exact.

    >>> [int(value) for value in near("三四百")]
    [300, 400]
    """
    found = _NEAR.search(numeral)
    if found is None or (len(numeral) > 2 and not set(numeral) & set(SCALES)):
        return ()
    low, high = DIGITS[found[1]], DIGITS[found[2]]
    if high - low != 1 and (low, high) != (3, 5):
        return ()
    made = [value_of(numeral[: found.start()] + char + numeral[found.end() :]) for char in found.groups()]
    return tuple(value for value in made if value is not None)


def write(value: Fraction) -> str:
    """The value in digits as a Chinese reader expects it: 万 and 亿 stay where that is shorter.

    >>> write(Fraction(2_500_000)), write(Fraction(12_300)), write(Fraction("3.5"))
    ('250万', '12300', '3.5')
    """
    for char in "亿万":
        scaled = value / SCALES[char]
        if value >= SCALES[char] and (scaled * 10).denominator == 1:
            return f"{_plain(scaled)}{char}"
    return _plain(value)


def fact_of(match: re.Match[str], *meant: Reading, weak: bool = False, written: str = "") -> Fact:
    """What a match states, where it stands."""
    return Fact(meant, match.start(), match.end(), weak, written)


def readings(*values: Fraction | int, unit: str = "") -> tuple[Reading, ...]:
    """Plain readings of several values."""
    return tuple(Reading(Fraction(value), unit) for value in values)


def _plain(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.6f}".rstrip("0")


def _product(scales: str) -> int:
    product = 1
    for char in scales:
        product *= SCALES[char]
    return product


def _decimal(whole: str, rest: str) -> Fraction | None:
    digits = re.match(rf"{DIGIT}+", rest)
    before = value_of(whole) if whole else Fraction(0)
    if digits is None or before is None:
        return None
    after = "".join(str(DIGITS[char]) for char in digits[0])
    return (before + Fraction(int(after), 10 ** len(after))) * _product(rest[digits.end() :])


def _composed(numeral: str) -> Fraction | None:
    """Digits and scales: each 万 and 亿 closes what stands before it; a last digit continues the scale (三百五)."""
    total = section = 0
    digit: int | None = None
    scale, zero = 1, False
    for char in numeral:
        if char in DIGITS:
            if digit not in (None, 0):
                return None
            digit, zero = DIGITS[char], zero or DIGITS[char] == 0
            continue
        scale, zero = SCALES[char], False
        if scale >= 10_000:
            section = (section + (digit or 0)) or (1 if not total else 0)
            total = (total + section) * scale if scale > 10_000 and total else total + section * scale
            section = 0
        else:
            section += (1 if digit is None else digit) * scale
        digit = None
    if digit:
        section += digit * (scale // 10 if scale >= 100 and not zero else 1)
    return Fraction(total + section)
