"""The line of trouble moves no word that is being read, and covers none."""

from __future__ import annotations

import pytest

from drivers.base import Rect
from runtime.core.messages import Caption, Card, Line, WearerSettings
from runtime.hud.layout import Layout, Text
from runtime.hud.scene import Scene
from runtime.hud.text import Typesetter

LAYOUT = Layout(Typesetter(), Rect(24, 24, 592, 432))
CARD = Card(
    "k", (Line("Whole Milk", "title"), Line("¥15.90", "value"), Line("Best before"), Line("1/4", "hint"))
)
TROUBLE = "Head tracking lost. Trying again."


def words(scene: Scene) -> dict[str, tuple[int, int]]:
    """Where each line of text stands."""
    return {item.line.text: (item.x, item.y) for item in LAYOUT.place(scene) if isinstance(item, Text)}


@pytest.mark.parametrize("size", [0.7, 1.0, 1.4])
def test_a_card_stays_where_it_is(size: float) -> None:
    settings = WearerSettings(text_size=size)
    before = words(Scene(CARD, settings=settings))
    after = words(Scene(CARD, settings=settings, fault=TROUBLE))
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1


@pytest.mark.parametrize("size", [0.5, 1.0, 1.8, 3.0])
@pytest.mark.parametrize("area", [(0, 0, 100, 100), (0, 60, 60, 40), (0, 0, 100, 20)])
def test_a_caption_stays_where_it_is(size: float, area: tuple[int, int, int, int]) -> None:
    """Whatever comes or goes beside it: trouble, a card, the arrow, its own source and mark."""
    settings = WearerSettings(text_size=size, text_area=area)
    before = words(Scene(caption=Caption("Somebody"), settings=settings))
    spoken = Caption("Somebody", source="某人", mark="paused")
    for beside in (
        Scene(caption=spoken, settings=settings, fault=TROUBLE),
        Scene(CARD, caption=spoken, arrow=30.0, settings=settings),
        Scene(CARD, caption=Caption("Somebody"), settings=settings),
    ):
        assert before.items() <= words(beside).items()


@pytest.mark.parametrize("size", [0.5, 1.0, 2.0, 3.0])
def test_it_covers_nothing(size: float) -> None:
    lines = (
        *(Line(f"Line {n} of many that fill the whole panel", "small") for n in range(14)),
        Line("1/4", "hint"),
    )
    for scene in (Scene(Card("k", lines)), Scene(Card("k", lines[:-1])), Scene(CARD)):
        shown = Scene(scene.card, settings=WearerSettings(text_size=size), fault=TROUBLE)
        boxes = [
            (item.x, item.y - 0.7 * item.size, item.x + item.line.width, item.y)
            for item in LAYOUT.place(shown)
            if isinstance(item, Text)
        ]
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                assert a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3], (size, a, b)
