from __future__ import annotations

import math
import random

import pytest

from models.base import TextBox, TextLine
from models.ocr.order import reading_order

# x, y, width, height: a price card of two columns, the second a little lower, as in a leaning photo.
LAYOUT = {
    "title": (10, 10, 300, 40),
    "left": (10, 80, 100, 20),
    "right": (200, 86, 100, 20),
    "price": (40, 130, 120, 60),
    "from": (165, 165, 30, 22),
    "foot": (10, 220, 290, 18),
}


def line(text: str, degrees: float = 0.0) -> TextLine:
    x, y, w, h = LAYOUT[text]
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = ((x, y), (x + w, y), (x + w, y + h), (x, y + h))
    a, b, d, e = ((c * u - s * v, s * u + c * v) for u, v in corners)
    return TextLine(text, 1.0, TextBox((a, b, d, e), 1.0))


@pytest.mark.parametrize("degrees", [0, 3, -3, 30, 90, 180, 270])
def test_rows_first_then_along_the_row_however_the_picture_is_held(degrees: float) -> None:
    lines = [line(text, degrees) for text in LAYOUT]
    random.Random(degrees).shuffle(lines)
    assert [found.text for found in reading_order(lines)] == list(LAYOUT)


def test_nothing_and_points_are_in_order_already() -> None:
    assert reading_order([]) == []
    point = TextLine("", 0.0, TextBox(((5, 5),) * 4, 0.0))
    assert reading_order([point]) == [point]
