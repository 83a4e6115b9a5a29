"""Units of measure and money by their names: what each is a part of, and how large.

Factors are exact: an inch is 25.4 mm and a pound 453.59237 g (international yard and pound agreement, 1959); the
Chinese market units are those of the PRC (1959): 斤 500 g, 两 50 g, 里 500 m, 亩 2000/3 m².
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from models.translation.facts import PLAIN, RATIO, YEARS, Reading

Unit = tuple[str, Fraction]

_TABLE = """
s 1: 秒 秒钟 second seconds sec secs
s 60: 分钟 分鐘 分间 分間 minute minutes min mins
s 900: 刻钟
s 3600: 小时 小時 时间 時間 钟头 个钟 hour hours hr hrs h
s 86400: 天 日間 day days
s 604800: 周 星期 礼拜 週間 周间 week weeks
s 1209600: fortnight fortnights
month 1: 月 month months
month 12: 年 岁 周岁 周年 歳 才 year years yr yrs
month 120: decade decades
month 1200: 世纪 century centuries
m 1000: 公里 千米 km kms kilometer kilometers kilometre kilometres キロ
m 1: 米 公尺 m meter meters metre metres メートル
m 1/100: 厘米 公分 cm cms centimeter centimeters centimetre centimetres
m 1/1000: 毫米 mm millimeter millimeters millimetre millimetres
m 500: 里 里地 li
m 1609.344: 英里 mile miles mi
m 1852: 海里 nautical
m 0.3048: 英尺 foot feet ft
m 0.0254: 英寸 寸 inch inches
m 0.9144: 码 yard yards yd
g 1000: 公斤 千克 kg kgs kilo kilos kilogram kilograms キログラム
g 1: 克 g gram grams グラム
g 1/1000: 毫克 mg milligram milligrams
g 500: 斤 市斤 jin catty catties
g 50: 两 liang tael taels
g 1000000: 吨 tonne tonnes ton tons
g 453.59237: 磅 pound pounds lb lbs
g 28.349523125: 盎司 ounce ounces oz
l 1: 升 公升 l liter liters litre litres
l 1/1000: 毫升 ml milliliter milliliters millilitre millilitres cc
l 3.785411784: 加仑 gallon gallons
m2 1: 平方米 平米 平方 平 square sqm
m2 2000/3: 亩 mu
m2 10000: 公顷 hectare hectares
km/h 1: 公里每小时 迈 kph kmh
°C 1: 度 摄氏度 celsius ℃
°F 1: 华氏度 fahrenheit ℉
° 1: degree degrees °
ratio 1/100: % percent per_cent 个百分点 パーセント percentage
kW 1: 千瓦 kilowatt kilowatts kw
kW 1/1000: 瓦 watt watts
byte 1: 兆 mb megabyte megabytes
byte 1000: gb gigabyte gigabytes
CNY 1: 块 块钱 元 元钱 人民币 元人民币 块人民币 yuan rmb kuai cny renminbi
CNY 1/10: 毛 毛钱 角 mao jiao
CNY 1/100: 分钱
USD 1/100: 美分
USD 1: 美元 美圆 美金 块美元 块美金 刀 us$ usd
dollar 1: dollar dollars $
money 1: buck bucks
money 1/100: cent cents
EUR 1: 欧元 euro euros € eur
GBP 1: 英镑 pound pounds £ gbp quid
JPY 1: 日元 日圆 日币 円 yen jpy
KRW 1: 韩元 韩币 won krw
HKD 1: 港币 港元 港幣 hk$ hkd
TWD 1: 台币 新台币 nt$ twd
AUD 1: 澳元 澳币 a$ aud
CAD 1: 加元 加币 c$ cad
SGD 1: 新币 新加坡元 s$ sgd
THB 1: 泰铢 baht thb
RUB 1: 卢布 rouble roubles ruble rubles
INR 1: 卢比 rupee rupees
CHF 1: 瑞士法郎 瑞郎 franc francs chf
MYR 1: 马币 林吉特 ringgit
VND 1: 越南盾 dong
"""

AMBIGUOUS = frozenset(
    ("世纪", "分", "度", "里", "两", "平", "平方", "码", "寸", "才", "square", "mi", "mu", "li")
)
"""Names that may also be a classifier or a word; the bare number is then one of the readings."""

ATTACHED = frozenset(("m", "g", "l", "h", "mi", "min", "li", "mu"))
"""Short English names that are units only right behind digits."""


def _read_table() -> dict[str, tuple[Unit, ...]]:
    units: dict[str, tuple[Unit, ...]] = {}
    for line in _TABLE.strip().splitlines():
        head, names = line.split(":")
        base, factor = head.split()
        for name in names.split():
            units[name] = (*units.get(name, ()), (base, Fraction(factor)))
    units["分"] = (("s", Fraction(60)), ("CNY", Fraction(1, 100)))
    return units


UNITS: Mapping[str, tuple[Unit, ...]] = _read_table()
"""Name → what it may measure: base unit and factor."""

FRENCH_GERMAN_SPANISH: Mapping[str, str] = {
    "heure": "hour", "heures": "hour", "stunde": "hour", "stunden": "hour", "hora": "hour", "horas": "hour",
    "minuto": "minute", "minutos": "minute", "minuten": "minute", "jour": "day", "jours": "day", "tag": "day",
    "tage": "day", "tagen": "day", "día": "day", "días": "day", "semaine": "week", "semaines": "week",
    "woche": "week", "wochen": "week", "semana": "week", "semanas": "week", "mois": "month", "monat": "month",
    "monate": "month", "monaten": "month", "mes": "month", "meses": "month", "an": "year", "ans": "year",
    "année": "year", "années": "year", "jahr": "year", "jahre": "year", "jahren": "year", "año": "year",
    "años": "year", "mètre": "metre", "mètres": "metre", "metro": "metre", "metros": "metre",
    "kilomètre": "km", "kilomètres": "km", "kilómetro": "km", "kilómetros": "km", "gramm": "gram",
    "gramme": "gram", "grammes": "gram", "gramos": "gram", "pour_cent": "%", "prozent": "%", "dólar": "dollar",
    "dólares": "dollar", "grad": "degree", "degré": "degree", "degrés": "degree", "grados": "degree",
    "часа": "hour", "часов": "hour", "минут": "minute", "минуты": "minute", "дней": "day", "дня": "day",
    "рублей": "rouble", "рубля": "rouble", "рубль": "rouble", "долларов": "dollar", "лет": "year",
    "метров": "metre", "километров": "km", "грамм": "gram", "граммов": "gram", "процентов": "%",
    "시간": "hour", "분": "minute", "원": "won", "달러": "dollar", "킬로미터": "km", "미터": "metre",
    "그램": "gram", "퍼센트": "%", "살": "year", "일": "day", "دقيقة": "minute", "دقائق": "minute",
    "ساعات": "hour", "كيلومتر": "km", "كيلومترات": "km", "دولار": "dollar", "دولارات": "dollar",
}  # fmt: skip
"""Other languages' names of units, by the English one."""


def measured(amount: Fraction, name: str) -> tuple[Reading, ...]:
    """``amount`` of the unit called ``name``, in every way that can be meant; none for an unknown name.

    >>> [reading.unit for reading in measured(Fraction(3), "pounds")]
    ['g', 'GBP']
    """
    name = name.removesuffix("'s") if len(name) > 3 else name
    name = FRENCH_GERMAN_SPANISH.get(name, name)
    readings = tuple(Reading(amount, base, factor) for base, factor in UNITS.get(name, ()))
    if readings and name in AMBIGUOUS:
        return (*readings, Reading(amount, PLAIN))
    return readings


def keeps_one(readings: tuple[Reading, ...]) -> bool:
    """Whether "one" of such a unit is a statement ("one kilometre") and not a way to speak ("one day")."""
    return all(reading.unit not in (PLAIN, "s", YEARS) for reading in readings) or any(
        reading.unit == RATIO for reading in readings
    )
