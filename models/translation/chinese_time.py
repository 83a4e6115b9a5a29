"""What a match in Chinese text says of times, dates and days."""

from __future__ import annotations

import re
from fractions import Fraction

from models.translation.facts import MONTH, NTH, TIME, WEEKDAY, YEARS, Fact, Reading
from models.translation.han import DIGIT, DIGITS, digits_of, fact_of, readings, value_of, write


def clock(match: re.Match[str]) -> Fact | None:
    """三点半, 下午四点四十五分, 九点五十: a time of day."""
    hour = value_of(match["h"])
    minute = _minute(match)
    if hour is None or minute is None or hour > 24 or hour.denominator != 1:
        return None
    part = match["part"] or ""
    bare = not part and minute == 0 and not match["even"]
    at = _of_day(int(hour), part) * 60 + minute
    told = Reading(Fraction(at), TIME, known=bool(part) or hour > 12 or hour == 0)
    others: tuple[Reading, ...] = ()
    if not part and match["m"] and re.fullmatch(rf"{DIGIT}+", match["m"]) and not match["minutes"]:
        decimal = value_of(f"{match['h']}点{match['m']}")
        others = readings(decimal) if decimal is not None else ()
    weak = bare and hour == 1
    return fact_of(match, told, *others, weak=weak, written="" if weak else _in_digits(match, "h", "m"))


def _minute(match: re.Match[str]) -> int | None:
    if match["half"]:
        return 30
    if match["quarter"]:
        return 15 * int(value_of(match["quarter"]) or 0)
    minute = value_of(match["m"]) if match["m"] else Fraction(0)
    return int(minute) if minute is not None and minute.denominator == 1 and minute < 60 else None


def _of_day(hour: int, part: str) -> int:
    """The hour of 24 by the part of the day that was said."""
    if not part or hour > 12:
        return hour
    if any(word in part for word in ("凌晨", "半夜", "深夜", "夜里")):
        return hour + 12 if 7 <= hour < 12 else hour % 12
    if any(word in part for word in ("中午", "正午")):
        return hour if hour in (11, 12) else hour + 12 if hour < 4 else hour
    if any(word in part for word in ("下午", "午后", "午後", "傍晚", "晚", "夜")):
        return 0 if hour == 12 and ("晚" in part or "夜" in part) else hour % 12 + 12
    return hour


def before(match: re.Match[str]) -> Fact | None:
    """差五分八点, 八点差五分."""
    hour, less = value_of(match["h1"] or match["h2"]), value_of(match["l1"] or match["l2"])
    if hour is None or less is None:
        return None
    less = less * 15 if "刻" in match[0] else less
    return fact_of(match, Reading(hour * 60 - less, TIME))


def digital(match: re.Match[str]) -> Fact | None:
    """15:30, 上午9:30."""
    hour, minute = int(match["h"]), int(match["m"])
    if hour > 24 or minute > 59:
        return None
    part = match["part"] or ""
    return fact_of(
        match, Reading(Fraction(_of_day(hour, part) * 60 + minute), TIME, known=bool(part) or hour > 12)
    )


def year(match: re.Match[str]) -> Fact | None:
    """二零二六年, 1998年; 九八年 of two digits; none for a stretch of years."""
    digits = digits_of(match["n"]) or str(value_of(match["n"]) or "")
    if len(digits) == 4 and 1000 <= int(digits) < 2200:
        return fact_of(match, *readings(int(digits)), written=f"{digits}年")
    if len(digits) == 2 and digits_of(match["n"]):
        return fact_of(
            match,
            *_years_of(int(digits)),
            Reading(Fraction(int(digits)), YEARS, Fraction(12)),
            written=f"{digits}年",
        )
    return None


def _years_of(short: int) -> tuple[Reading, ...]:
    return readings(1900 + short, 2000 + short, short)


def decade(match: re.Match[str]) -> Fact | None:
    """九十年代, 八零后: a decade, with and without its century."""
    value = value_of(match["n"])
    return (
        None
        if value is None
        else fact_of(match, *readings(value), *(_years_of(int(value)) if value < 100 else ()))
    )


def date(match: re.Match[str]) -> tuple[Fact, ...] | None:
    """十一月二十六号, 十一月: a month, and a day of it."""
    month, day = value_of(match["month"]), value_of(match["day"]) if match["day"] else Fraction(1)
    if month is None or day is None or not 1 <= month <= 12 or not 1 <= day <= 31:
        return None
    end = match.end("month") + 1
    made = [Fact((Reading(month, MONTH),), match.start(), end, False, f"{month}月")]
    if match["day"]:
        tail = match["tail"] or ""
        made.append(Fact(readings(day, unit=NTH), end, match.end(), False, f"{day}{tail}"))
    return tuple(made)


def day(match: re.Match[str]) -> Fact | None:
    """二十六号: a day of the month, a house, a line, or so many days."""
    value = value_of(match["n"])
    if value is None:
        return None
    meant = (
        readings(value, unit=NTH)
        if value > 31
        else (Reading(value, NTH), Reading(value, "s", Fraction(86400)))
    )
    return fact_of(match, *meant, weak=value == 1, written=f"{write(value)}{match['tail']}")


def weekday(match: re.Match[str]) -> Fact:
    """星期三, 周日."""
    day = match["day"]
    number = 7 if day in "日天7" else DIGITS.get(day) or int(day)
    return fact_of(match, Reading(Fraction(number), WEEKDAY))


def weekday_of_japan(match: re.Match[str]) -> Fact:
    """水曜日."""
    return fact_of(match, Reading(Fraction("月火水木金土日".index(match[0][0]) + 1), WEEKDAY))


def _in_digits(match: re.Match[str], *groups: str) -> str:
    """What was matched with the numerals of these groups in digits."""
    text, start = match[0], match.start()
    for group in reversed(groups):
        if match[group] and (value := value_of(match[group])) is not None:
            digits = digits_of(match[group]) or write(value)
            text = text[: match.start(group) - start] + digits + text[match.end(group) - start :]
    return text
