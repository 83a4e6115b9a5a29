"""Numbers, dates, times, prices and measures, read from many languages to values that compare."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.translation.facts import NTH, Fact, same
from models.translation.han import near, value_of
from models.translation.numbers import read

Values = list[tuple[str, str]]


def first(facts: list[Fact]) -> Values:
    """The first reading of each: the value in its base, and the unit."""
    return [(str(fact.readings[0].value), fact.readings[0].unit) for fact in facts]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("三百二十", [("320", "")]), ("一万两千三", [("12300", "")]), ("三千零五", [("3005", "")]),
        ("十", [("10", "")]),
        ("两亿三千万", [("230000000", "")]), ("2.5亿", [("250000000", "")]), ("壹佰贰拾", [("120", "")]),
        ("一千零一", [("1001", "")]), ("三点五万", [("35000", "")]), ("一百一十五", [("115", "")]),
        ("五千亿", [("500000000000", "")]),
        ("零点零五", [("5", "time")]), ("百分之二十", [("1/5", "ratio")]), ("三分之二", [("2/3", "ratio")]),
        ("下午三点半", [("930", "time")]), ("差五分八点", [("475", "time")]), ("两点一刻", [("135", "time")]),
        ("晚上十二点", [("0", "time")]), ("中午十二点", [("720", "time")]), ("凌晨两点", [("120", "time")]),
        ("15:30", [("930", "time")]),
        ("十一月二十六号", [("11", "month#"), ("26", "#")]), ("二零二六年", [("2026", "")]),
        ("星期天", [("7", "weekday#")]),
        ("三年", [("36", "month")]), ("一年半", [("18", "month")]), ("半年", [("6", "month")]),
        ("两个半小时", [("9000", "s")]),
        ("半斤", [("250", "g")]), ("两公斤", [("2000", "g")]), ("一米八", [("9/5", "m")]),
        ("五公里", [("5000", "m")]),
        ("三块五", [("7/2", "CNY")]), ("五毛", [("1/2", "CNY")]), ("二十美元", [("20", "USD")]),
        ("¥20", [("20", "CNY")]),
        ("零下五度", [("-5", "°C")]), ("华氏三十二度", [("32", "°F")]), ("3202-5625", [("32025625", "")]),
        ("第三", [("3", "#")]), ("一打", [("12", "")]),
        ("八折", [("4/5", "ratio")]),
    ],
)  # fmt: skip
def test_mandarin(text: str, values: Values) -> None:
    assert first(read(text, "zh")) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("twenty-six", [("26", "")]), ("two hundred and fifty", [("250", "")]), ("a hundred", [("100", "")]),
        ("one hundred and twenty-three thousand", [("123000", "")]), ("2.5 million", [("2500000", "")]),
        ("one million two hundred thousand", [("1200000", "")]), ("nineteen ninety-eight", [("1998", "")]),
        ("twenty twenty-six", [("2026", "")]), ("three point five", [("7/2", "")]), ("half a dozen", [("6", "")]),
        ("half past three", [("210", "time")]), ("a quarter to eight", [("465", "time")]),
        ("3:30 p.m.", [("930", "time")]),
        ("nine o'clock in the evening", [("1260", "time")]), ("three thirty", [("210", "time")]),
        ("noon", [("720", "time")]),
        ("the 26th of November", [("26", "#"), ("11", "month#")]), ("May 3rd", [("5", "month#"), ("3", "#")]),
        ("2026-11-26", [("2026", ""), ("11", "#"), ("26", "#")]), ("on Monday", [("1", "weekday#")]),
        ("20%", [("1/5", "ratio")]), ("twenty per cent", [("1/5", "ratio")]), ("a third", [("1/3", "ratio")]),
        ("two thirds", [("2/3", "ratio")]), ("$2.5 million", [("2500000", "dollar")]),
        ("20 Hong Kong dollars", [("20", "HKD")]),
        ("two and a half hours", [("9000", "s")]), ("half an hour", [("1800", "s")]),
        ("an hour and a half", [("5400", "s")]),
        ("half a kilo", [("500", "g")]), ("5km", [("5000", "m")]), ("five degrees below zero", [("-5", "°")]),
        ("138 0013 8000", [("13800138000", "")]), ("one three eight double zero one", [("138001", "")]),
        ("hundreds of thousands", [("100000", "vague")]), ("the nineties", [("90", "")]), ("twice", [("2", "")]),
        ("May I come in?", []), ("They march on.", []), ("That's for sure.", []),
    ],
)  # fmt: skip
def test_english(text: str, values: Values) -> None:
    assert first(read(text, "en")) == values


@pytest.mark.parametrize(
    ("language", "text", "english"),
    [
        ("fr", "vingt-six personnes", "26 people"), ("fr", "à 15 h 30", "at 3:30 p.m."),
        ("fr", "le 3 novembre", "November 3rd"),
        ("de", "fünfundzwanzig Euro", "25 euros"), ("de", "halb vier", "half past three"),
        ("de", "1.500 Gramm", "1.5 kilos"),
        ("es", "las tres y media", "3:30"), ("es", "2,5 metros", "2.5 metres"), ("ru", "5 ноября", "November 5"),
        ("ja", "午後三時半", "3:30 p.m."), ("ja", "千二百円", "1,200 yen"), ("ko", "11월 26일", "November 26th"),
        ("ar", "٢٥ دولار", "25 dollars"), ("it", "ventisei euro", "26 euros"),
    ],
)  # fmt: skip
def test_other_languages_state_the_same_as_english(language: str, text: str, english: str) -> None:
    stated, said = read(text, language), read(english, "en")
    assert len(stated) == len(said) > 0
    assert all(any(same(one, other) for other in said) for one in stated)


@pytest.mark.parametrize(
    ("chinese", "english", "equal"),
    [
        ("三点", "three", True),
        ("两天", "a couple of days", True), ("四分之三", "three out of four", True), ("每周六", "on Saturdays", True),
        ("十几岁", "teens", True), ("五分钟", "five more minutes", True),
        ("十七世纪", "the seventeenth century", True), ("第二次", "a second", True),
        ("三点", "three hours", False), ("三个小时", "three hours", True),
        ("三个小时", "180 minutes", True),
        ("下午三点", "3 a.m.", False), ("三点", "15:00", True), ("二十块", "twenty", True),
        ("二十块", "$20", False),
        ("二十块", "20 bucks", True), ("五公里", "five", False), ("五公里", "5 miles", False),
        ("一斤", "half a kilo", True),
        ("半年", "six months", True), ("百分之五十", "half", True), ("百分之二十", "20", False),
        ("十八岁", "eighteen", True),
        ("二十美元", "20 dollars", True), ("第三", "three", True), ("十几", "a dozen", True),
        ("几百", "hundreds", True),
        ("几百", "thousands", False), ("九十年代", "the 1990s", True), ("半价", "half price", True),
        ("一打", "twelve", True),
    ],
)  # fmt: skip
def test_what_states_the_same(chinese: str, english: str, equal: bool) -> None:
    (said,), (shown,) = read(chinese, "zh"), read(english, "en")
    assert same(said, shown) is equal


DIGITS = "零一二三四五六七八九"


def spoken(number: int) -> str:
    """A number below 10⁸ as it is said, by the rule of the schoolbook, not by the code under test."""
    if number >= 10_000:
        rest = number % 10_000
        tail = ("零" if rest < 1000 else "") + spoken(rest) if rest else ""
        return f"{spoken(number // 10_000)}万{tail}"
    said, gap = "", False
    for scale, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // scale % 10
        if digit:
            said, gap = said + ("零" if gap and said else "") + DIGITS[digit] + name, False
        else:
            gap = True
    return said


@given(st.integers(10, 99_999_999))
def test_every_number_that_is_said_is_understood(number: int) -> None:
    assert value_of(spoken(number)) == number


@given(st.text("零一二两三四五六七八九十百千万亿点半两幺年月日号块分之第", max_size=30))
def test_nothing_said_is_too_much_for_the_reader(text: str) -> None:
    facts = read(text, "zh")
    assert all(0 <= fact.start < fact.end <= len(text) for fact in facts)
    assert all(one.end <= other.start for one, other in pairwise(facts))


@given(st.text(max_size=60), st.sampled_from(["zh", "en", "fr", "de", "ja", "ko", "ru", "ar", "", "th"]))
def test_any_text_of_any_language_is_read(text: str, language: str) -> None:
    read(text, language)


def test_estimates_are_two_values() -> None:
    assert near("三四百") == (Fraction(300), Fraction(400))
    assert near("二十五") == near("三") == near("一二三四") == ()


def test_a_number_in_a_row_is_not_a_measure() -> None:
    (fact,) = read("第五", "zh")
    assert fact.readings[0].unit == NTH
    (metres,) = read("5 metres", "en")
    assert not same(fact, metres)
