"""What a match in Chinese text says of amounts: numbers, shares, prices and measures."""

from __future__ import annotations

import re
from fractions import Fraction

from models.translation.facts import NTH, RATIO, VAGUE, Fact, Reading
from models.translation.han import digits_of, fact_of, near, readings, value_of, write
from models.translation.units import keeps_one, measured

_CLASSIFIERS = frozenset(
    "个個只隻条條张張本位名次天年月日号號点點分秒块塊元毛角岁歲口家间間件套双雙对對把台辆輛部架艘楼樓层層栋幢座室房班级級届路站米里斤两克吨"
    "升瓶杯碗盘份片盒袋包箱支枝根颗粒头匹朵棵首篇页章节课門门道题句字词倍成折度遍趟回场場轮局顿餐人種种样樣款类類项步声笔通封周週晚夜刻钟小公千"
    "毫厘平英世多来來几半以之到至或和跟加减乘除比乘、，。！？,.!?；;：:~～-—％%时時つ枚冊匹泊円歳才ヶカか"
)  # fmt: skip
"""What a single numeral may stand before as a number; before others it may be part of a word."""


_SAID = frozenset(("年", "天", "周", "星期", "礼拜", "块", "里", "岁", "分", "月", "斤"))
"""Units whose small counts stay in characters."""


def share(match: re.Match[str]) -> Fact | None:
    """百分之二十, 三分之一."""
    below, above = value_of(match["below"]), value_of(match["above"])
    if not below or above is None:
        return None
    sign = {100: "%", 1000: "‰"}.get(int(below), f"/{write(below)}")
    return fact_of(match, Reading(above, RATIO, 1 / below), written=f"{write(above)}{sign}")


def off(match: re.Match[str]) -> Fact | None:
    """打八折, 八五折: what is left of a price, or what comes off it."""
    digits = digits_of(match["n"])
    value = Fraction(int(digits), 10 ** len(digits)) if digits else value_of(match["n"])
    if value is None:
        return None
    value = value if value < 1 else value / 10
    return fact_of(match, Reading(value, RATIO), Reading(1 - value, RATIO), Reading(value * 10))


def tenths(match: re.Match[str]) -> Fact | None:
    """三成: tenths of a whole."""
    value = value_of(match["n"])
    return None if value is None else fact_of(match, Reading(value, RATIO, Fraction(1, 10)))


def price(match: re.Match[str]) -> Fact | None:
    """三块五, 一百二十块零五分, 五毛: yuan, tenths and hundredths."""
    yuan = value_of(match["yuan"])
    rest = _tail_of_price(match)
    if yuan is None or rest is None:
        return None
    if rest == 0 and not match["money"]:
        return None  # left to the units: it may be three pieces
    value = yuan + rest
    return fact_of(
        match,
        Reading(value, "CNY"),
        written=f"{write(value)}{'元' if rest else match[0][match.end('yuan') - match.start() :]}",
    )


def _tail_of_price(match: re.Match[str]) -> Fraction | None:
    jiao = value_of(match["jiao"]) if match["jiao"] else Fraction(0)
    fen = value_of(match["fen"] or match["left"]) if match["fen"] or match["left"] else Fraction(0)
    return None if jiao is None or fen is None else jiao / 10 + fen / 100


def sign(match: re.Match[str]) -> Fact | None:
    """¥20, $3.5: an amount behind its sign."""
    value = value_of(match["n"])
    name = {"¥": "yuan", "￥": "yuan"}.get(match["sign"], match["sign"].lower())
    return None if value is None else fact_of(match, *measured(value, name))


def measure(match: re.Match[str]) -> Fact | None:
    """五公里, 两个半小时, 零下五度: a number with its unit."""
    value = value_of(match["n"])
    if value is None or (match["n"] in "百千万亿" and match["unit"] in ("年", "天", "里", "分", "度")):
        return None
    if match["minus"]:
        value = -value
    if match["half"] or match["half2"]:
        value += Fraction(1, 2)
    if match["more"]:
        value += Fraction(value_of(match["more"]) or 0) / 10
    meant = measured(value, match["unit"].lower() if match["unit"].isascii() else match["unit"])
    weak = value == 1 and (match["unit"] == "块" or not keeps_one(meant))  # a piece
    if estimate := near(match["n"]):
        meant = tuple(reading for one in estimate for reading in measured(one, match["unit"]))
        weak = True
    return fact_of(match, *meant, weak=weak, written="" if weak else _written_measure(match, value))


def liang(match: re.Match[str]) -> Fact | None:
    """三两: ounces of 50 g, or three twos of nothing."""
    value = value_of(match["n"])
    if value is None:
        return None
    return fact_of(match, *measured(value + Fraction(1 if match["half"] else 0, 2), "两"))


def _written_measure(match: re.Match[str], value: Fraction) -> str:
    """A measure as subtitles write it; small counts of everyday units stay in characters."""
    unit = match["unit"]
    if match["half"] or match["half2"] or (match["more"] and unit != "度"):
        return ""
    if abs(value) < 10 and unit in _SAID:
        return ""
    sign = match["minus"] or ""
    rest = unit if match["more"] else match[0][match.end("n") - match.start() :]
    return f"{sign}{write(abs(value))}{rest}"


def half(match: re.Match[str]) -> Fact:
    """半斤, 一半."""
    unit = match["unit"] or ""
    if not unit:
        return fact_of(
            match, Reading(Fraction(1, 2), RATIO), *readings(Fraction(1, 2)), weak=match["one"] != "一"
        )
    return fact_of(match, *measured(Fraction(1, 2), unit), weak=unit == "天")


def degrees(match: re.Match[str]) -> Fact | None:
    """华氏32度, 摄氏二十度."""
    value = value_of(match["n"])
    return None if value is None else fact_of(match, *measured(value, f"{match['scale']}度"))


def telephone(match: re.Match[str]) -> Fact | None:
    """3202-5625: groups of digits that are one number, where they are long enough for that."""
    digits = re.sub(r"\D", "", match[0])
    return fact_of(match, Reading(Fraction(int(digits)))) if len(digits) >= 7 else None


def magnitude(match: re.Match[str]) -> Fact | None:
    """几百, 上千: a magnitude."""
    value = value_of("一" + (match["scale"] or match["more"]).lstrip("一"))
    return None if value is None else fact_of(match, Reading(value, VAGUE), weak=True)


def teen(match: re.Match[str]) -> Fact:
    """十几, 二十几: any of nine numbers."""
    tens = int(value_of(match["n"]) or 10)
    return fact_of(match, *readings(*range(tens, tens + 10)), weak=True)


def dozens(match: re.Match[str]) -> Fact:
    """两打."""
    count = Fraction(1, 2) if match["n"] == "半" else value_of(match["n"]) or Fraction(1)
    return fact_of(match, Reading(count * 12))


def couple(match: re.Match[str]) -> Fact:
    """俩, 双: two, in words that hold it."""
    return fact_of(match, *readings({"俩": 2, "仨": 3}.get(match[0], 2)), weak=match[0] not in "俩仨")


def number(match: re.Match[str]) -> Fact | tuple[Fact, ...] | None:
    """A number without a unit; an estimate where two digits stand side by side."""
    numeral = match["n"]
    if numeral.strip() in "百千万亿百万千万" and not numeral[0].isdecimal():
        value = value_of(numeral)
        return None if value is None else fact_of(match, Reading(value), weak=True)
    if estimate := near(numeral):
        return fact_of(match, *readings(*estimate), weak=True)
    value = value_of(numeral)
    if value is None:
        return None
    after = match.string[match.end() : match.end() + 1]
    single = len(numeral) == 1 and not numeral.isdecimal()
    weak = single and (value == 1 or (bool(after) and after not in _CLASSIFIERS))
    value = -value if match["minus"] else value
    digits = digits_of(numeral)
    written = digits if len(digits) > 2 or numeral.isdecimal() else "" if single else write(value)
    return fact_of(match, Reading(value), weak=weak, written=written)


def numbered(match: re.Match[str]) -> Fact | None:
    """第三: a number in a row."""
    value = value_of(match["n"])
    if value is None:
        return None
    written = f"第{write(value)}" if value >= 10 else ""
    return fact_of(match, Reading(value, NTH), weak=value == 1, written=written)
