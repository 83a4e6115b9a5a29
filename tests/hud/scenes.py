"""The scenes whose pictures are kept, each with what it is to show."""

from __future__ import annotations

from runtime.core.messages import Caption, Card, Line, WearerSettings
from runtime.features.captions.view import Past, page_card
from runtime.hud.scene import Scene

PRODUCT = Card(
    "snap",
    (
        Line("Whole milk 全脂牛奶", "title"),
        Line("¥12.50", "value"),
        Line("Best before 2026-12-04"),
        Line("1 L · ¥12.50/L · 4006381333931", "small"),
        Line("1/3 · touch: next · hold: save", "hint"),
    ),
    icon="barcode",
)
FIVE = Card(
    "five",
    (
        Line("Oolong tea 乌龙茶", "title"),
        Line("净含量 250 g, made 生产日期 2026-11-20"),
        Line("Not sure 不确定: 保质期 12 个月", certainty="probable"),
        Line("Organic 有机 · no sugar 无糖"),
        Line("touch: next · hold: save", "hint"),
    ),
    icon="leaf",
    progress=0.4,
)
ANSWER = Card(
    "snap",
    (
        Line("Oat drink, Haferland", "title"),
        Line("€1.99 ?", "value", "probable"),
        Line("Not read: date", "small", "not read"),
        Line("The model says (not read):", "small", "probable"),
        Line("A plant drink made of oats. It contains gluten, and no milk.", "model", "probable"),
    ),
)
RIGHT_TO_LEFT = Card(
    "rtl",
    (
        Line("حليب كامل الدسم", "title"),
        Line("12.50 ر.س", "value"),
        Line("السعر 12.50 (milk) اليوم فقط"),
        Line("חלב מלא 3%, עד 04/12/2026"),
    ),
)
SCRIPTS = Card(
    "scripts",
    (
        Line("Γάλα πλήρες · Молоко · façade"),
        Line("请冷藏 · 請冷藏 · つめたい · 차갑게"),
        Line("शुद्ध देसी घी, क्षत्रिय"),
        Line("น้ำปลาที่นี่ เลี้ยวซ้าย"),
        Line("السلام عليكم"),
        Line("שָׁלוֹם עליכם"),
        Line("No glyph: 😀 𒀀"),
    ),
)
SPOKEN = Caption(
    "我们在下一个路口左转，然后直走到超市门口，",
    "就可以买 milk 了",
    source="Turn left at the next corner, then",
)
LONG = Card("long", (Line("Ingredients", "title"), *(Line(f"Line {n}: flour, oats") for n in range(12))))

MIXED = (
    "明天我们坐 G104 次列车去上海，",
    "明天我们坐 G104 次列车去上海，大概 5 个半小时。\nهل المحطة قريبة",
    "明天我们坐 G104 次列车去上海，大概 5 个半小时。\nهل المحطة قريبة من Hotel Plaza من فضلك؟\nYes, it is",
)
GREW = (
    Caption("We walk on to the next shelf", "and then turn"),
    Caption("We walk on to the next shelf and then turn left to the milk. It is", "behind the bread, and"),
    Caption(
        "We walk on to the next shelf and then turn left to the milk. It is behind the bread,\nright?",
        "Yes, and the tea is above it.",
    ),
    Caption(
        "We walk on to the next shelf and then turn left to the milk. It is behind the bread,\nright?", "Yes"
    ),
)
PAST = page_card(
    (
        (
            Past("Good morning. Where does the train to Shanghai leave?", 0),
            Past("It leaves from platform three at half past nine.", 0, "九点半从三号站台开。"),
        ),
        (Past("Hello?", 0),),
    ),
    0,
    25_000_000_000,
)

SCENES: dict[str, Scene] = {
    "product": Scene(PRODUCT),
    "full": Scene(FIVE, arrow=-40.0, caption=Caption("Walk on to the next shelf and then", "turn left 左转")),
    "answer": Scene(ANSWER),
    "caption": Scene(caption=SPOKEN),
    "fault": Scene(Card("wait", (Line("Looking…"),), icon="camera"), fault="Camera lost. Trying again."),
    "right_to_left": Scene(RIGHT_TO_LEFT, caption=Caption("פנו שמאלה בצומת הבא", "ואז ישר")),
    "scripts": Scene(SCRIPTS),
    "left_out": Scene(LONG, caption=Caption("Thank you")),
    "large_and_low": Scene(PRODUCT, settings=WearerSettings(text_size=1.5, text_area=(0, 40, 100, 60))),
    "small_and_dim": Scene(
        FIVE, arrow=120.0, settings=WearerSettings(text_size=0.6, text_area=(50, 0, 50, 50), brightness=0.6)
    ),
    "caption_filling": Scene(caption=Caption("Good morning. Where does the", "train to")),
    "caption_mixed": Scene(caption=Caption(MIXED[-1], "next to the 车站")),
    "caption_turned": Scene(caption=Caption("They call it שלום", "עולם in Hebrew")),
    "caption_untranslated": Scene(
        caption=Caption("[zh] 三号站台在那边\n[ar] من هنا\n", "Thank you", source="三号站台在那边 من هنا")
    ),
    "caption_paused": Scene(
        PRODUCT,
        caption=Caption(
            "Then we meet at the station.\n好的，到时候见。", source="那我们车站见。", mark="paused"
        ),
    ),
    "caption_past": Scene(PAST, caption=Caption("Thank you. I will be", "there")),
    "caption_large": Scene(caption=Caption(MIXED[0], "大概"), settings=WearerSettings(text_size=1.8)),
    "caption_small": Scene(caption=Caption(MIXED[-1], "near"), settings=WearerSettings(text_size=0.7)),
}

# What is seen after the last of several captions: where lines stand depends on those before.
STORIES: dict[str, tuple[Scene, ...]] = {
    "caption_rolled": tuple(Scene(caption=caption) for caption in GREW[:3]),
    "caption_taken_back": tuple(Scene(caption=caption) for caption in GREW),
}
