"""Scene → what is drawn where. Calm: large type, few lines, nothing that moves unless its words do.

From top to bottom: the card (icon, lines, progress), at the foot its hint and the line of trouble, or the caption;
the arrow stands in the upper right corner. Trouble that comes up moves no word that is being read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from drivers.base import Rect
from runtime.core.messages import Caption, Card, Line
from runtime.hud.captions import CaptionBlock, Tone
from runtime.hud.icons import SMALLEST
from runtime.hud.maneuvers import MANEUVERS
from runtime.hud.scene import Scene
from runtime.hud.text import ELLIPSIS, TextLine, Typesetter, clean

# Sizes in pixels an em on a panel 480 high; greys 0…15, kept at least two apart to be told apart.
SIZES = {"title": 36, "value": 64, "body": 28, "small": 21, "hint": 21, "model": 28}
GREYS = {"title": 15, "value": 15, "body": 12, "small": 9, "hint": 6, "model": 12}
MOST_LINES = {"title": 2, "value": 2, "body": 3, "small": 2, "hint": 1, "model": 4}
DIMMER = {"sure": 0, "probable": 4, "not read": 4}
DIMMEST = 6  # darker than this is not read against the street
LEADING = 1.28
BASELINE = 0.95  # of the size, below the top of a line
CAPTION_LINES, CAPTION_SHARE = (2, 4), 0.3  # fewest and most, in this share of the height
CAPTION_SIZE, SOURCE_SIZE, SOURCE_GREY, MARK_GREY = 30, 21, 9, 6
CAPTION_GREYS: dict[Tone, int] = {"settled": 15, "tentative": 9, "untranslated": 11, "tag": 7}
ICON, MANEUVER, ARROW, GAP = 48, 76, 96, 12
NARROWEST = 160  # px of text beside an icon or the arrow; with less they give way
TO_FIT = (1.0, 0.85, 0.75)  # of the wearer's size: a smaller price is better than none
FAULT_SIZE, FAULT_GREY = 21, 9
THEN_GREY = 9
PROGRESS_GREY, TRACK_GREY, RULE_GREY = 11, 3, 9


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
        self._block = CaptionBlock(typesetter)

    def place(self, scene: Scene) -> list[Item]:
        """The items of a scene, in drawing order; everything lies inside the text area."""
        area = self._area(scene)
        scale = scene.settings.text_size
        block = _caption_block(area, scale)
        items: list[Item] = []
        if scene.fault:
            fault, area = self._fault(scene, area, scale)
            items.append(fault)
        if scene.caption is not None:
            caption = list(self._caption(scene.caption, block, scale))
            items += caption
            if caption:
                top = min(block.y, *(item.y - round(item.size) for item in caption))
                area = Rect(area.x, area.y, area.w, max(1, top - GAP - area.y))
        else:
            self._block.forget()
        if scene.arrow is not None:
            arrow = _arrow(scene.arrow, area, scale)
            items.append(arrow)
            beside = area.w - arrow.size - GAP
            area = area._replace(w=beside) if beside >= NARROWEST else _below(area, arrow.size + GAP)
        if scene.card is not None:
            items += self._card(scene.card, area, scale)
        return items

    def _area(self, scene: Scene) -> Rect:
        left, top, width, height = scene.settings.text_area
        safe = self._safe
        return Rect(
            safe.x + safe.w * left // 100, safe.y + safe.h * top // 100,
            safe.w * width // 100, safe.h * height // 100,
        )  # fmt: skip

    def _fault(self, scene: Scene, area: Rect, scale: float) -> tuple[Item, Rect]:
        """The line of trouble, and what it leaves: at the right of the foot, above a caption at the top."""
        size = FAULT_SIZE * scale
        height = round(size * LEADING)
        line = self._type.paragraph(scene.fault, size, area.w, 1)[0]
        if scene.caption is not None:
            top = Text(line, size, _left(line, area), area.y + round(size), FAULT_GREY)
            return top, _below(area, height + GAP)
        hint = next((one for one in scene.card.lines if one.style == "hint"), None) if scene.card else None
        taken = round(self._type.line(hint.text, SIZES["hint"] * scale).width) + 2 * GAP if hint else 0
        beside = hint is not None and taken + line.width <= area.w
        y = area.y + area.h - height + round(size * BASELINE)
        foot = Text(line, size, area.x + area.w - round(line.width), y, FAULT_GREY)
        return foot, area if beside else area._replace(h=max(1, area.h - height - GAP))

    def _card(self, card: Card, area: Rect, scale: float) -> list[Item]:
        """The card, a little smaller where it would not fit; what still does not leaves an ellipsis."""
        items: list[Item] = []
        for smaller in TO_FIT:
            items, whole = self._card_at(card, area, scale * smaller)
            if whole:
                break
        return items

    def _card_at(self, card: Card, area: Rect, scale: float) -> tuple[list[Item], bool]:
        """Icon, lines from the top, hint and progress at the foot; and whether every line had room."""
        items: list[Item] = []
        column, size = area, _icon_size(card.icon, scale)
        if card.icon and area.w - size - GAP >= NARROWEST:
            items.append(Shape("icon", card.icon, 0, size, area.x, area.y, 15))
            column = area._replace(x=area.x + size + GAP, w=area.w - size - GAP)
            items += _then(card.then, area, size)
        foot = list(self._foot(card, column, scale))
        items += foot
        bottom = min((_top(item) for item in foot), default=area.y + area.h)
        style = ""
        for line in card.lines:
            if line.style == "hint":
                continue
            column = _below(column, _space(style, line.style))
            placed, height = self._lines(line, column, scale, bottom)
            if not placed:
                return self._left_out(items, column), False
            items += placed
            style, column = line.style, _below(column, height)
        return items, True

    def _foot(self, card: Card, column: Rect, scale: float) -> Iterator[Item]:
        """The last hint, and above it a thin bar of progress."""
        bottom = column.y + column.h
        hint = next((line for line in reversed(card.lines) if line.style == "hint"), None)
        if hint is not None:
            height = round(SIZES["hint"] * scale * LEADING)
            if height <= column.h:
                bottom -= height
                yield from self._lines(hint, column._replace(y=bottom, h=height), scale, bottom + height)[0]
        if card.progress is not None:
            done = round(column.w * min(1.0, max(0.0, card.progress)))
            yield Bar(Rect(column.x, bottom - GAP, column.w, 1), TRACK_GREY)
            yield Bar(Rect(column.x, bottom - GAP - 1, max(1, done), 3), PROGRESS_GREY)

    def _lines(self, line: Line, column: Rect, scale: float, bottom: int) -> tuple[list[Item], int]:
        """One line of a card, wrapped, and its height; nothing when there is no room for it."""
        indent = GAP if line.style == "model" else 0
        inner = column._replace(x=column.x + indent, w=column.w - indent)
        size = self._size(line, inner, scale)
        step = round(size * LEADING)
        most = min(MOST_LINES[line.style], max(0, (bottom - column.y) // step))
        if most == 0:
            return [], 0
        grey = max(DIMMEST, GREYS[line.style] - DIMMER[line.certainty])
        items: list[Item] = []
        for number, text in enumerate(self._type.paragraph(line.text, size, inner.w, most)):
            y = column.y + number * step + round(size * BASELINE)
            items.append(Text(text, size, _left(text, inner), y, grey))
        height = len(items) * step
        if line.style == "model":  # a rule: these are the model's words, not the label's
            items.append(Bar(Rect(column.x, column.y + 4, 2, height - 8), RULE_GREY))
        return items, height

    def _size(self, line: Line, column: Rect, scale: float) -> float:
        """A value gets smaller rather than being cut: "¥12…" would be another price."""
        size = SIZES[line.style] * scale
        if line.style != "value":
            return size
        width = self._type.line(line.text, size).width
        if width > column.w:
            size = max(SIZES["body"] * scale, float(int(size * column.w / width)))
        return size

    def _left_out(self, items: list[Item], column: Rect) -> list[Item]:
        """The items with an ellipsis behind the last words, or in the place of their end: more would follow."""
        last = next((item for item in reversed(items) if isinstance(item, Text)), None)
        if last is None or last.line.text.endswith(ELLIPSIS):
            return items
        dots = self._type.line(ELLIPSIS, last.size)
        blank = round(last.size * 0.35)
        room = column.w - blank - round(dots.width)
        if last.line.width > room:
            shorter = self._type.paragraph(last.line.text, last.size, room, 1)[0]
            cut = last._replace(line=shorter, x=_left(shorter, column))
            return [cut if item is last else item for item in items]
        behind = last.x + round(last.line.width) + blank
        if last.line.right_to_left:
            behind = last.x - blank - round(dots.width)
        return [*items, Text(dots, last.size, behind, last.y, last.grey)]

    def _caption(self, caption: Caption, block: Rect, scale: float) -> Iterator[Text]:
        """The block of lines on the foot of the area; above it the source and the mark, small."""
        size, small = CAPTION_SIZE * scale, SOURCE_SIZE * scale
        step = round(size * LEADING)
        rows = self._block.rows(caption.committed, caption.tentative, size, block.w, block.h // step)
        for slot, parts in rows:
            y = block.y + slot * step + round(size * BASELINE)
            for line, tone in parts:
                x = block.x + (block.w if line.right_to_left else 0)
                yield Text(line, size, x, y, CAPTION_GREYS[tone])
        if rows or caption.source or caption.mark:
            yield from self._above(caption, block, small)

    def _above(self, caption: Caption, block: Rect, size: float) -> Iterator[Text]:
        """The newest line of the source, and the mark at its end or, where there is no room, above it."""
        y = block.y - round(size * 0.4)
        beside = block.w
        if caption.source:
            source = clean(caption.source).replace("\n", " ")
            line = self._type.set_span(source, self._type.flow(source, size, block.w)[-1], size)
            yield Text(line, size, _left(line, block), y, SOURCE_GREY)
            beside = 0 if line.right_to_left else block.w - round(line.width) - GAP
        if caption.mark:
            line = self._type.paragraph(caption.mark, size, block.w, 1)[0]
            y -= 0 if line.width <= beside else round(size * LEADING)
            yield Text(line, size, block.x + block.w - round(line.width), y, MARK_GREY)


def _caption_block(area: Rect, scale: float) -> Rect:
    """Where a caption's lines stand, as many as ever: the same whatever else is shown, so that nothing moves them."""
    step = round(CAPTION_SIZE * scale * LEADING)
    fewest, most = CAPTION_LINES
    lines = min(most, max(fewest, round(area.h * CAPTION_SHARE) // step))
    room = area.h - round(FAULT_SIZE * scale * LEADING) - GAP
    height = step * max(1, min(lines, room // step))
    return Rect(area.x, area.y + area.h - height, area.w, height)


def _left(line: TextLine, column: Rect) -> int:
    """Where a line begins: on the right side when it is read from there."""
    return column.x + (round(column.w - line.width) if line.right_to_left else 0)


def _top(item: Item) -> int:
    return (
        item.y - round(item.size)
        if isinstance(item, Text)
        else item.rect.y
        if isinstance(item, Bar)
        else item.y
    )


def _space(before: str, style: str) -> int:
    """Pixels between two lines: a little air where the kind of words changes."""
    return 0 if before in ("", style) else 6


def _arrow(degrees: float, area: Rect, scale: float) -> Shape:
    size = max(SMALLEST, min(round(ARROW * scale), area.w // 3, area.h // 2))
    return Shape("arrow", "", round(degrees) % 360, size, area.x + area.w - size, area.y, 15)


def _icon_size(name: str, scale: float) -> int:
    """What to do on the way is read at a glance: as tall as the distance beside it."""
    return max(SMALLEST, round((MANEUVER if name in MANEUVERS else ICON) * scale))


def _then(icon: str, area: Rect, above: int) -> list[Item]:
    """What comes next, small and dimmer under the icon, where there is room."""
    size = max(SMALLEST, above * 3 // 5)
    if not icon or area.h < above + GAP + size:
        return []
    return [Shape("icon", icon, 0, size, area.x + (above - size) // 2, area.y + above + GAP, THEN_GREY)]


def _below(area: Rect, height: int) -> Rect:
    return Rect(area.x, area.y + height, area.w, max(1, area.h - height))
