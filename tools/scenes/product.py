"""What stands on a label, as data: three fixed products of the simulator's shelf, and random ones."""

from __future__ import annotations

import datetime

import msgspec
import numpy as np

from tools.scenes.ean13 import in_store

Color = tuple[int, int, int]


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """An invented product: the truth about it, and ``lines`` as they are printed.

    ``best_before`` and ``produced`` are ISO dates; ``price`` is for one piece, ``unit_price`` for ``unit``.
    """

    gtin: str
    brand: str
    name: str
    price: float
    currency: str
    unit_price: float
    unit: str
    net_content: str
    ingredients: str
    allergens: str = ""
    best_before: str = ""
    produced: str = ""
    lines: tuple[str, ...]
    price_line: str
    unit_price_line: str
    price_title: str
    motif: str
    ground: Color
    accent: Color


CEREAL = Product(
    gtin=in_store(410_000_001),
    brand="HOLLOW HILL",
    name="Toasted Oat Rings",
    price=4.29,
    currency="USD",
    unit_price=11.44,
    unit="kg",
    net_content="375 g",
    ingredients="whole grain oats 68 %, sugar, honey 6 %, maize starch, salt",
    allergens="oats",
    best_before="2027-03-14",
    lines=(
        "NET WEIGHT 375 g",
        "Ingredients: whole grain oats 68 %, sugar, honey 6 %, maize starch, salt.",
        "Contains: oats. May contain milk, nuts.",
        "Best before 14 MAR 2027",
    ),
    price_line="$4.29",
    unit_price_line="$11.44 / kg",
    price_title="Oat Rings 375 g",
    motif="rings",
    ground=(236, 178, 64),
    accent=(150, 58, 24),
)

TEA = Product(
    gtin=in_store(420_000_002),
    brand="岚溪山房",
    name="茉莉绿茶",
    price=36.8,
    currency="CNY",
    unit_price=29.44,
    unit="100g",
    net_content="125 g",
    ingredients="绿茶、茉莉花",
    best_before="2028-03-11",
    produced="2026-09-12",
    lines=(
        "净含量：125克",
        "配料：绿茶、茉莉花",
        "贮存条件：阴凉干燥处，避光密封保存",
        "生产日期：2026年09月12日",
        "保质期至：2028年03月11日",
    ),
    price_line="¥36.80",
    unit_price_line="单价 ¥29.44/100克",
    price_title="茉莉绿茶 125克",
    motif="leaves",
    ground=(208, 224, 196),
    accent=(34, 92, 58),
)

MILK = Product(
    gtin=in_store(430_000_003),
    brand="晨苜 MORNFIELD",
    name="纯牛奶 Whole Milk",
    price=15.9,
    currency="CNY",
    unit_price=16.74,
    unit="l",
    net_content="950 ml",
    ingredients="生牛乳 raw milk",
    allergens="牛奶 milk",
    best_before="2026-12-20",
    lines=(
        "净含量 Net content: 950 ml",
        "配料 Ingredients: 生牛乳 raw milk",
        "致敏物 Allergens: 牛奶 milk",
        "2–6℃ 冷藏 Keep refrigerated",
        "保质期至 Best before: 2026-12-20",
    ),
    price_line="¥15.90",
    unit_price_line="单价 ¥16.74/L",
    price_title="纯牛奶 950ml",
    motif="drops",
    ground=(226, 238, 246),
    accent=(28, 84, 150),
)

SHELF = {"cereal": CEREAL, "tea": TEA, "milk": MILK}

_COLORS: tuple[tuple[Color, Color], ...] = (
    ((242, 214, 206), (138, 38, 44)),
    ((220, 232, 206), (44, 96, 40)),
    ((228, 222, 240), (76, 48, 128)),
    ((246, 232, 190), (126, 84, 16)),
    ((210, 230, 236), (16, 88, 110)),
)
_MOTIFS = ("rings", "leaves", "drops")
_BRANDS = {"en": ("FERN & FALLOW", "NORTHMERE", "TIN LANTERN"), "zh": ("禾野集", "青石巷", "小满山")}
_NAMES = {
    "en": (("Salted Crackers", "wheat flour, palm oil, salt", "wheat"), ("Ground Coffee", "roasted coffee", ""),
           ("Almond Biscuits", "wheat flour, almonds, sugar", "wheat, almonds")),
    "zh": (("红枣燕麦片", "燕麦片、红枣、白砂糖", "燕麦"), ("原味豆浆", "水、大豆、白砂糖", "大豆"),
           ("海苔脆饼", "小麦粉、海苔、食用盐", "小麦")),
}  # fmt: skip


def random_product(rng: np.random.Generator) -> Product:
    """A product that follows from ``rng`` alone, in English or Chinese."""
    language = "en" if rng.random() < 0.5 else "zh"
    name, ingredients, allergens = _NAMES[language][rng.integers(3)]
    grams = int(rng.integers(8, 60)) * 10
    price = int(rng.integers(120, 4990)) / 100
    unit_price = round(price / grams * 100, 2)
    day = datetime.date(2027, 1, 1) + datetime.timedelta(days=int(rng.integers(0, 700)))
    ground, accent = _COLORS[rng.integers(len(_COLORS))]
    sign, lines = ("$", _english) if language == "en" else ("¥", _chinese)
    return Product(
        gtin=in_store(int(rng.integers(500_000_000, 10**9))),
        brand=_BRANDS[language][rng.integers(3)],
        name=name,
        price=price,
        currency="USD" if language == "en" else "CNY",
        unit_price=unit_price,
        unit="100g",
        net_content=f"{grams} g",
        ingredients=ingredients,
        allergens=allergens,
        best_before=day.isoformat(),
        lines=lines(grams, ingredients, allergens, day),
        price_line=f"{sign}{price:.2f}",
        unit_price_line=f"{sign}{unit_price:.2f}/{'100 g' if language == 'en' else '100克'}",
        price_title=name,
        motif=_MOTIFS[rng.integers(3)],
        ground=ground,
        accent=accent,
    )


def _english(grams: int, ingredients: str, allergens: str, day: datetime.date) -> tuple[str, ...]:
    contains = (f"Contains: {allergens}.",) if allergens else ()
    return (
        f"NET WEIGHT {grams} g",
        f"Ingredients: {ingredients}.",
        *contains,
        f"Best before {day.isoformat()}",
    )


def _chinese(grams: int, ingredients: str, allergens: str, day: datetime.date) -> tuple[str, ...]:
    return (
        f"净含量：{grams}克",
        f"配料：{ingredients}",
        f"致敏物质：{allergens}",
        f"保质期至：{day.year}年{day.month:02}月{day.day:02}日",
    )
