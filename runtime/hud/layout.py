"""Scene → what is drawn where. Calm: large type, few lines, nothing that moves unless its words do.

From top to bottom: the line of trouble, the card (icon, lines, progress), the caption at the foot; the arrow
stands in the upper right corner.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from drivers.base import Rect
from runtime.core.messages import Caption, Card, Line
from runtime.hud.scene import Scene
from runtime.hud.text import TextLine, Typesetter

# Sizes in pixels an em on a panel 480 high; greys 0…15, kept at least two apart to be told apart.
SIZES = {"title": 36, "value": 64, "body": 28, "small": 21, "hint": 21, "model": 28}
GREYS = {"title": 15, "value": 15, "body": 12, "small": 9, "hint": 6, "model": 12}
MOST_LINES = {"title": 2, "value": 1, "body": 3, "small": 2, "hint": 1, "model": 4}
DIMMER = {"sure": 0, "probable": 4, "not read": 4}
DIMMEST = 5  # darker than this is not read against the street
LEADING = 1.28
CAPTION_LINES = 3
CAPTION_SIZE, SOURCE_SIZE, TENTATIVE_GREY, SOURCE_GREY = 30, 21, 9, 9
ICON, ARROW, GAP = 48, 96, 12
FAULT_SIZE, FAULT_GREY = 21, 9


class Text(NamedTuple):
    """A line of text with its baseline's left end."""

    line: TextLine
    size: float
    x: int
    y: int
    grey: int


class Shape(NamedTuple):
    """An icon or the arrow (``degrees``) with its top left corner."""

    kind: Literal["icon", "arrow"]
    name: str
    degrees: int
    size: int
    x: int
    y: int
    grey: int


class Bar(NamedTuple):
    """A filled rectangle: progress, or the rule beside a model's words."""

    rect: Rect
    grey: int


Item = Text | Shape | Bar


class Layout:
    """Places scenes on a panel whose wearer sees ``safe_area`` whole."""

    def __init__(self, typesetter: Typesetter, safe_area: Rect) -> None:
        self._type = typesetter
        self._safe = safe_area

    def place(self, scene: Scene) -> list[Item]:
        """The items of a scene, in drawing order; everything lies inside the text area."""
        area = self._area(scene)
        scale = scene.settings.text_size
        items: list[Item] = []
        if scene.fault:
            items += self._fault(scene.fault, area, scale)
            area = _below(area, round(FAULT_SIZE * scale * LEADING) + GAP)
        if scene.arrow is not None:
            items.append(_arrow(scene.arrow, area))
        if scene.caption is not None:
            caption = list(self._caption(scene.caption, area, scale))
            items += caption
            if caption:
                top = min(item.y - round(item.size) for item in caption)
                area = Rect(area.x, area.y, area.w, max(1, top - GAP - area.y))
        if scene.card is not None:
            narrow = area._replace(w=area.w - ARROW - GAP) if scene.arrow is not None else area
            items += self._card(scene.card, narrow, scale)
        return items

    def _area(self, scene: Scene) -> Rect:
        left, top, width, height = scene.settings.text_area
        safe = self._safe
        return Rect(
            safe.x + safe.w * left // 100, safe.y + safe.h * top // 100,
            safe.w * width // 100, safe.h * height // 100,
        )  # fmt: skip

    def _fault(self, text: str, area: Rect, scale: float) -> Iterator[Item]:
        size = FAULT_SIZE * scale
        line = self._type.paragraph(text, size, area.w, 1)[0]
        yield Text(line, size, area.x, area.y + round(size), FAULT_GREY)

    def _card(self, card: Card, area: Rect, scale: float) -> list[Item]:
        """Lines from the top; those that no longer fit are left out, hints keep their place at the foot."""
        items: list[Item] = []
        left = area.x
        if card.icon:
            items.append(Shape("icon", card.icon, 0, ICON, area.x, area.y, 15))
            left += ICON + GAP
        column = Rect(left, area.y, area.x + area.w - left, area.h)
        y, bottom = area.y, area.y + area.h
        hints = [line for line in card.lines if line.style == "hint"]
        if hints:
            bottom -= round(SIZES["hint"] * scale * LEADING)
            items += self._lines(hints[-1], column._replace(y=bottom), scale, area.y + area.h)[0]
        if card.progress is not None:
            bottom -= GAP
            done = round(area.w * min(1.0, max(0.0, card.progress)))
            items.append(Bar(Rect(area.x, bottom + GAP // 2, max(1, done), 2), 9))
        for line in card.lines:
            if line.style != "hint":
                placed, y = self._lines(line, column._replace(y=y), scale, bottom)
                items += placed
        return items

    def _lines(self, line: Line, column: Rect, scale: float, bottom: int) -> tuple[list[Item], int]:
        """One line of a card, wrapped; and where the next one begins."""
        size = SIZES[line.style] * scale
        step = round(size * LEADING)
        room = max(0, (bottom - column.y) // step)
        most = min(MOST_LINES[line.style], room)
        if most == 0:
            return [], column.y
        grey = max(DIMMEST, GREYS[line.style] - DIMMER[line.certainty])
        indent = GAP if line.style == "model" else 0
        set_lines = self._type.paragraph(line.text, size, column.w - indent, most)
        items: list[Item] = []
        for number, text in enumerate(set_lines):
            x = column.x + indent + (round(column.w - indent - text.width) if text.right_to_left else 0)
            items.append(Text(text, size, x, column.y + number * step + round(size * 0.95), grey))
        end = column.y + len(set_lines) * step
        if line.style == "model":  # a rule: these are the model's words, not the label's
            items.append(Bar(Rect(column.x, column.y + 4, 2, end - column.y - 8), 9))
        return items, end + (4 if line.style in ("title", "value") else 0)

    def _caption(self, caption: Caption, area: Rect, scale: float) -> Iterator[Text]:
        """The newest lines, standing on the foot of the area; the source small above them."""
        size = CAPTION_SIZE * scale
        step = round(size * LEADING)
        rows = [(line, 15) for line in self._spoken(caption.committed, size, area.w)]
        rows += [(line, TENTATIVE_GREY) for line in self._spoken(caption.tentative, size, area.w)]
        rows = rows[-CAPTION_LINES:]
        top = area.y + area.h - len(rows) * step
        for number, (line, grey) in enumerate(rows):
            x = area.x + (round(area.w - line.width) if line.right_to_left else 0)
            yield Text(line, size, x, top + number * step + round(size * 0.95), grey)
        if caption.source:
            small = SOURCE_SIZE * scale
            line = self._type.paragraph(caption.source, small, area.w, 1, newest=True)[0]
            yield Text(line, small, area.x, top - round(small * 0.4), SOURCE_GREY)

    def _spoken(self, text: str, size: float, width: int) -> list[TextLine]:
        return self._type.paragraph(text, size, width, CAPTION_LINES, newest=True) if text else []


def _arrow(degrees: float, area: Rect) -> Shape:
    return Shape("arrow", "", round(degrees) % 360, ARROW, area.x + area.w - ARROW, area.y, 15)


def _below(area: Rect, height: int) -> Rect:
    return Rect(area.x, area.y + height, area.w, max(1, area.h - height))
