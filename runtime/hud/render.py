"""Items → a canvas of 16 greys, redrawn only where it changed.

Additive optics: black is transparent, and where two things meet the brighter one is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from drivers.base import Rect
from runtime.hud.glyphs import Bitmap, GlyphCache
from runtime.hud.icons import arrow, icon
from runtime.hud.layout import Bar, Item, Layout, Shape, Text
from runtime.hud.scene import Scene
from runtime.hud.text import Typesetter

# Coverage 0…255 at grey g → level 0…g.
LEVELS = np.array([[(c * g + 127) // 255 for c in range(256)] for g in range(16)], np.uint8)
MARGIN = 2  # px, the longest shift
Point = tuple[int, int]
Placed = tuple[Bitmap, int, int, int]


class Hud:
    """Draws scenes for one panel; ``canvas`` is uint8[height, width] of 0…15."""

    def __init__(self, width: int, height: int, safe_area: Rect | None = None) -> None:
        typesetter = Typesetter()
        self.canvas = np.zeros((height, width), np.uint8)
        self._layout = Layout(typesetter, _inside(safe_area or Rect(0, 0, width, height), width, height))
        self._glyphs = GlyphCache(typesetter.chain)
        self._scene: tuple[Scene, Point] | None = None
        self._items: frozenset[tuple[Item, int, int, int]] = frozenset()
        self._lost = False
        self.draws = 0

    def draw(self, scene: Scene, shift: Point = (0, 0)) -> list[Rect]:
        """Bring the canvas to ``scene``, moved by ``shift`` pixels → the rectangles that changed."""
        if (scene, shift) == self._scene:
            return []
        self._scene = (scene, shift)
        level = scene.settings.brightness
        items = frozenset(
            (item, *shift, max(1, round(item.grey * level))) for item in self._layout.place(scene)
        )
        changed = items ^ self._items
        self._items = items
        if not changed and not self._lost:
            return []
        self.draws += 1
        rects = [self._whole] if self._lost else self._clip(merge(self._rect(*item) for item in changed))
        self._lost = False
        for rect in rects:
            self._redraw(rect)
        return rects

    def forget(self) -> None:
        """Nobody knows what the panel holds: the next draw sends every pixel."""
        self._scene, self._lost = None, True

    @property
    def words(self) -> list[str]:
        """The lines of text that are shown, from top to bottom."""
        texts = [item for item, *_ in self._items if isinstance(item, Text)]
        lines = {(item.y, item.line.text): item.x for item in texts}  # parts of a line hold all of its text
        return [text for (_, text), _ in sorted(lines.items(), key=lambda line: (line[0][0], line[1]))]

    @property
    def _whole(self) -> Rect:
        height, width = self.canvas.shape
        return Rect(0, 0, width, height)

    def _redraw(self, rect: Rect) -> None:
        self.canvas[rect.y : rect.y + rect.h, rect.x : rect.x + rect.w] = 0
        for item in self._items:
            if _meet(self._rect(*item), rect):
                self._blit(item, rect)

    def _blit(self, item: tuple[Item, int, int, int], within: Rect) -> None:
        bitmap, x, y, grey = self._placed(*item)
        h, w = bitmap.pixels.shape
        x0, y0 = max(x, within.x), max(y, within.y)
        x1, y1 = min(x + w, within.x + within.w), min(y + h, within.y + within.h)
        if x0 < x1 and y0 < y1:
            part = self.canvas[y0:y1, x0:x1]
            levels = LEVELS[grey][bitmap.pixels[y0 - y : y1 - y, x0 - x : x1 - x]]
            np.maximum(part, levels, out=part)

    def _rect(self, item: Item, dx: int, dy: int, grey: int) -> Rect:
        bitmap, x, y, _ = self._placed(item, dx, dy, grey)
        h, w = bitmap.pixels.shape
        return Rect(x, y, w, h)

    def _placed(self, item: Item, dx: int, dy: int, grey: int) -> Placed:
        """The item's picture and its top left corner on the canvas."""
        match item:
            case Text(line, size, x, y):
                bitmap = self._glyphs.line(line, size)
                return bitmap, x + bitmap.left + dx, y - bitmap.top + dy, grey
            case Shape("arrow", _, degrees, size, x, y):
                return Bitmap(arrow(degrees, size), 0, 0), x + dx, y + dy, grey
            case Shape(_, name, _, size, x, y):
                return Bitmap(icon(name, size), 0, 0), x + dx, y + dy, grey
            case Bar(rect):
                return Bitmap(np.full((rect.h, rect.w), 255, np.uint8), 0, 0), rect.x + dx, rect.y + dy, grey

    def _clip(self, rects: Sequence[Rect]) -> list[Rect]:
        height, width = self.canvas.shape
        found: list[Rect] = []
        for x, y, w, h in rects:
            x0, y0, x1, y1 = max(0, x), max(0, y), min(width, x + w), min(height, y + h)
            x0, x1 = x0 & ~1, min(width, (x1 + 1) & ~1)  # two pixels a byte on the wire
            if x0 < x1 and y0 < y1:
                found.append(Rect(x0, y0, x1 - x0, y1 - y0))
        return found


def merge(rects: Iterable[Rect]) -> list[Rect]:
    """Rectangles that meet become one, so that no pixel is drawn or sent twice."""
    found: list[Rect] = []
    for rect in rects:
        if rect.w == 0 or rect.h == 0:
            continue
        while other := next((r for r in found if _meet(_grown(r), rect)), None):
            found.remove(other)
            rect = _union(other, rect)
        found.append(rect)
    return sorted(found, key=lambda rect: (rect.y, rect.x))


def _inside(area: Rect, width: int, height: int) -> Rect:
    """The area less what a shift against burn-in would push over the panel's edge."""
    left, top = max(area.x, MARGIN), max(area.y, MARGIN)
    right, bottom = min(area.x + area.w, width - MARGIN), min(area.y + area.h, height - MARGIN)
    return Rect(left, top, right - left, bottom - top)


def _meet(a: Rect, b: Rect) -> bool:
    return a.x < b.x + b.w and b.x < a.x + a.w and a.y < b.y + b.h and b.y < a.y + a.h


def _grown(rect: Rect) -> Rect:
    return Rect(rect.x - 2, rect.y - 2, rect.w + 4, rect.h + 4)


def _union(a: Rect, b: Rect) -> Rect:
    x, y = min(a.x, b.x), min(a.y, b.y)
    return Rect(x, y, max(a.x + a.w, b.x + b.w) - x, max(a.y + a.h, b.y + b.h) - y)
