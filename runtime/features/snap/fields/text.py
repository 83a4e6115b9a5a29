"""Lines as the field readers see them: normalised text beside the raw, with a rectangle and a height."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

import msgspec

from drivers.base import Rect
from models.base import TextLine
from runtime.core.messages import Certainty
from runtime.features.snap.result import Field

SURE = 0.85
"""Mean character probability from which a reading is taken as sure (PP-OCR's own keep level is 0.5)."""

NOISE = 0.5
"""Lines below this are noise."""


class Seen(msgspec.Struct, frozen=True):
    """A line: ``text`` normalised (NFKC, tidy spaces), ``raw`` as read, its bounds, the letters' height.

    ``start`` is the row of its left edge's middle: on a tilted label it, not the bounds, orders a column.
    """

    text: str
    raw: str
    confidence: float
    rect: Rect
    height: float
    start: float

    @property
    def right(self) -> int:
        """The column after the last."""
        return self.rect.x + self.rect.w

    @property
    def bottom(self) -> int:
        """The row after the last."""
        return self.rect.y + self.rect.h

    @property
    def wordy(self) -> int:
        """How many letters it holds."""
        return sum(c.isalpha() for c in self.text)


def normalise(text: str) -> str:
    """Full-width forms, odd dashes and quotes made plain; runs of white space made one blank."""
    text = unicodedata.normalize("NFKC", text.replace("℮", " e "))
    text = re.sub(r"[‐‑‒–—−]", "-", text).replace("’", "'")
    return re.sub(r"\s+", " ", text).strip()


def see(lines: Iterable[TextLine], noise: float = NOISE) -> list[Seen]:
    """Lines worth reading, from the top down."""
    seen = [_see(line) for line in lines if line.confidence >= noise and line.text.strip()]
    return sorted(seen, key=lambda one: (one.start, one.rect.x))


def _see(line: TextLine) -> Seen:
    quad = line.box.quad
    xs, ys = [x for x, _ in quad], [y for _, y in quad]
    left, top = max(0, math.floor(min(xs))), max(0, math.floor(min(ys)))
    rect = Rect(left, top, max(1, math.ceil(max(xs)) - left), max(1, math.ceil(max(ys)) - top))
    height, start = max(1.0, math.dist(quad[0], quad[3])), (quad[0][1] + quad[3][1]) / 2
    return Seen(normalise(line.text), line.text, line.confidence, rect, height, start)


def union(rects: Sequence[Rect]) -> Rect:
    """The smallest rectangle that holds them all (at least one)."""
    left, top = min(r.x for r in rects), min(r.y for r in rects)
    right, bottom = max(r.x + r.w for r in rects), max(r.y + r.h for r in rects)
    return Rect(left, top, right - left, bottom - top)


def gap(a: Rect, b: Rect) -> tuple[int, int]:
    """How far apart two rectangles are along x and y, in pixels; negative where they overlap."""
    across = max(a.x, b.x) - min(a.x + a.w, b.x + b.w)
    down = max(a.y, b.y) - min(a.y + a.h, b.y + b.h)
    return across, down


def belongs(cue: Seen, to: Seen, reach: float = 2.0) -> float | None:
    """How far a cue stands from the text it labels, or None where it labels something else.

    A cue stands to the left on the same row, above, or inside; ``reach`` counts the larger one's heights.
    """
    across, down = gap(cue.rect, to.rect)
    size = max(cue.height, to.height)
    if down < 0 and cue.rect.x <= to.rect.x and across < reach * size:
        return max(0.0, across)
    if across < 0 and cue.rect.y <= to.rect.y and down < 0.6 * reach * min(cue.height * 2, size):
        return max(0.0, down)
    return None


def certainty_of(confidence: float, doubt: bool = False) -> Certainty:
    """Sure when the reader was, and nothing else gives reason to doubt."""
    return "sure" if confidence >= SURE and not doubt else "probable"


def field(
    value: str | float, lines: Sequence[Seen], *, doubt: bool = False, text: str = "", unit: str = ""
) -> Field:
    """A field read from ``lines``: the crop holds them all, the weakest one's confidence counts."""
    confidence = min(line.confidence for line in lines)
    return Field(
        value=value,
        text=text or " ".join(line.raw for line in lines),
        certainty=certainty_of(confidence, doubt),
        crop=union([line.rect for line in lines]),
        confidence=round(confidence, 3),
        unit=unit,
    )
