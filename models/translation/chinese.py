"""Reading numbers, dates, times, prices, shares and measures out of Chinese text, and of Japanese in kanji."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from models.translation import chinese_amounts, chinese_time
from models.translation.facts import Fact
from models.translation.han import (
    DIGIT,
    DIGITS,
    HAN,
    NUMERAL,
    everyday,
)
from models.translation.idioms import veil
from models.translation.units import UNITS

N = rf"(?>{NUMERAL})"
_W = rf"(?:(?<![\d.]){HAN}+|(?<![\d.,])\d+)"  # a whole number
_PART = (
    "凌晨|清晨|清早|一早|早上|早晨|上午|今早|明早|中午|正午|下午|午后|傍晚|晚上|夜里|夜晚|半夜|深夜|今晚|明晚|昨晚|当晚"
    "|午前|午後|夜|朝"
)
_NAMES = sorted((name for name in UNITS if name[0] > "\x7f" and name != "两"), key=len, reverse=True)
_EXACT = "|".join(name for name in _NAMES if name not in ("分", "分钟", "刻钟"))
_UNIT = "|".join(map(re.escape, [*_NAMES, "kg", "km", "cm", "mm", "ml", "mg", "GB", "MB", "g", "m", "%"]))
_CURRENCY = "|".join(
    sorted((name for name in _NAMES if len(name) > 1 and name[-1] in "元币镑金铢布比郎"), key=len)
)

Handler = Callable[[re.Match[str]], "Fact | tuple[Fact, ...] | None"]


def read_chinese(text: str) -> list[Fact]:
    """Every fact in ``text``, in order; each character belongs to one at most.

    >>> [str(fact.readings[0].amount) for fact in read_chinese("三点半见，一共一百二十块五")]
    ['210', '241/2']
    """
    veiled = veil(everyday(text))
    found: list[Fact] = []
    for pattern, handler in _rules():
        for match in pattern.finditer(veiled):
            facts = handler(match)
            if facts is None:
                continue
            veiled = veiled[: match.start()] + "\0" * len(match[0]) + veiled[match.end() :]
            found.extend((facts,) if isinstance(facts, Fact) else facts)
    return sorted(found, key=lambda fact: fact.start)


_RULES: tuple[tuple[str, Handler], ...] = (
    (r"(?P<n>[一两二三四五半]|\d+)打(?![折的电车人算开扫听印])", chinese_amounts.dozens),
    (r"(?:[几幾数數成]|好几)(?P<scale>[十百千万亿]+)|上(?P<more>[百千万亿]+)", chinese_amounts.magnitude),
    (r"(?P<n>[二三四五六七八九]?十)[几幾]", chinese_amounts.teen),
    (r"(?<!\d)\d{2,4}(?:[- ]\d{2,4}){1,4}(?!\d)", chinese_amounts.telephone),
    (rf"(?P<below>{N})分之(?P<above>{N})", chinese_amounts.share),
    (rf"(?P<scale>华氏|摄氏)(?P<n>{N})度", chinese_amounts.degrees),
    (rf"(?P<n>{_W})折(?!腾|叠|磨|断)", chinese_amounts.off),
    (r"(?<!八)(?P<n>[一二两三四五六七九]|\d)成(?=[的是以都左，。,.]|$)", chinese_amounts.tenths),
    (
        r"(?<![一二两三四五六七八九十\d])(?<![一二两三四五六七八九十几\d]个)(?:星期|周|礼拜|週)(?P<day>一(?![直定起样共旦边般些切])|[二三四五六日天1-7])(?!次|个|天|回|遍)",
        chinese_time.weekday,
    ),
    (r"[月火水木金土日]曜日?", chinese_time.weekday_of_japan),
    (
        rf"差(?P<l1>{_W})(?:分钟?|刻钟?)?到?(?P<h1>{_W})[点點]|(?P<h2>{_W})[点點]差(?P<l2>{_W})(?:分|刻)",
        chinese_time.before,
    ),
    (rf"(?:(?P<part>{_PART})的?)?(?P<h>\d{{1,2}})\s?[:：]\s?(?P<m>\d\d)(?!\d)", chinese_time.digital),
    (
        rf"(?:(?P<part>{_PART})的?)?(?P<h>{_W})(?:[点點](?!{DIGIT}+[万亿千百]*(?:{_EXACT}|[个倍]))|[时時](?!间|間|候))"
        rf"(?:(?P<even>[钟鐘]|整)|(?P<half>半)|(?P<quarter>[一三])刻|过?(?P<m>{_W})(?P<minutes>分(?!之|钱))?"
        rf"(?!{_UNIT}|[万亿千百个]))?",
        chinese_time.clock,
    ),
    (rf"(?P<n>{_W})年代", chinese_time.decade),
    (rf"(?P<n>{_W})后(?=[的都是们出人，。]|$)", chinese_time.decade),
    (rf"(?P<n>{_W})年(?!级|代|多|半|前|后|间|間|来|以|了|内|之)", chinese_time.year),
    (
        rf"(?<![个個])(?P<month>[一二三四五六七八九十]{{1,2}}|\d{{1,2}})月(?:的?(?P<day>{_W})(?P<tail>[号號日])?)?",
        chinese_time.date,
    ),
    (rf"第(?P<n>{_W})", chinese_amounts.numbered),
    (rf"(?P<n>{_W})(?P<tail>[号號日])(?![間间子常本元圆円币])", chinese_time.day),
    (
        rf"(?P<yuan>{N})(?:块|元)(?P<money>钱)?零?(?:(?P<jiao>{DIGIT}|\d)(?:毛|角)?(?!{_UNIT}|[个只条张瓶天号点百千万两]))?"
        rf"(?:(?P<fen>{_W})分(?!钟)|(?<=[毛角])(?P<left>{DIGIT}))?(?!{_CURRENCY})(?=钱?)",
        chinese_amounts.price,
    ),
    (r"(?P<sign>HK\$|NT\$|US\$|[$¥￥€£])\s?(?P<n>\d[\d,]*(?:\.\d+)?\s?[万亿]?)", chinese_amounts.sign),
    (
        rf"(?P<minus>零下|负|-(?<=[^\d]-))?(?P<n>{N})\s?(?:[个個](?P<half>半)?(?=月|小时|小時|钟|星期|礼拜|世纪|百分点)|多|来)?(?P<unit>{_UNIT})(?![轻龄级纪气空才然亮])"
        rf"(?:(?P<half2>半)|(?<=[米度])(?P<more>{DIGIT}|\d)(?![\d{''.join(DIGITS)}十百千个点]|{_UNIT}))?",
        chinese_amounts.measure,
    ),
    (rf"(?P<n>[一二三四五六七八九]|\d+)两(?P<half>半)?(?!{HAN}|[个個只条])", chinese_amounts.liang),
    (rf"(?P<one>一|大|小)?半(?:[个個])?多?(?P<unit>{_UNIT})?(?!导|岛|径|路|途)", chinese_amounts.half),
    (r"[俩仨]|双(?=[鞋袜筷手方人亲胞])|对(?=[夫情双])", chinese_amounts.couple),
    (rf"(?P<minus>负)?(?P<n>{N})", chinese_amounts.number),
)


@cache
def _rules() -> tuple[tuple[re.Pattern[str], Handler], ...]:
    """The rules, compiled when the first text comes: a tenth of a second that a start does not wait for."""
    return tuple((re.compile(pattern, re.IGNORECASE), handler) for pattern, handler in _RULES)
