"""Where a model should look in a camera's picture, and how closely: less to encode, more of it legible.

The picture's middle is where the wearer looks: a board file knows nothing of its camera's optics, so the optical
centre is taken to be there. What is meant is the text and the bar code nearest to it, with whatever stands close
to those, as the print of one label does; around it is left a margin for the thing they are printed on. Where no
print is near the middle, or it fills the picture, nothing is cut away.

How many pixels: as many as make the smallest print a patch of the encoder high, never more than the camera gave, nor
than ``budget``. A label that has more to say than the budget shows is kept whole: a price beside the small print
may be what is asked for. PP-OCRv6 read 98 % of the Latin and 99 % of the Chinese characters of the scenes and labels
in the tests shrunk to boxes of 16 pixels, 95 and 82 % at 8; no Qwen-VL was at hand to measure.

A question may be about what was cut away ("what is beside it?"), and a follow-up about either. So a model that is
asked freely gets the whole view too, small: 224 × 224 pixels, at which picture models have long been taught to name
what is in a scene, for about 50 features. Both together are never more than the whole picture would have been.
Finding the print takes the text detector 0.1 to 0.2 s, the encoder 0.7 to 2 s for 448 × 448 pixels of a 2B model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.base import Rect
from models.base import TextBox
from runtime.features.snap.result import Image

BUDGET = 448 * 448
OVERVIEW = 224 * 224
LEAST = 224 * 224  # the thing itself is to be seen, however large its print
LEGIBLE = 16.0  # pixels from ascender to descender: an x-height of 7 to 8
NEAR = 3.0  # lines closer than this times the larger one's height belong together
BARS = 4.0  # a bar code counts as print of its shorter side divided by this
TOGETHER = 0.1  # of the picture's shorter side: what is so little further from the middle is meant too
ASIDE = 0.3  # of the shorter side: print further from the middle is not what is looked at
MARGIN = 0.1  # of the print's longer side
SMALLEST = 1 / 3  # of the picture's shorter side: a thing is larger than the brand on it
WORTH_IT = 0.7  # of the picture: cutting away less than the rest saves nothing

Boxes = NDArray[np.float64]
Corners = Sequence[Sequence[float]]


class Look(msgspec.Struct, frozen=True):
    """``rect`` of a picture is looked at with at most ``pixels``; ``whole`` when nothing is cut away."""

    rect: Rect
    pixels: int
    whole: bool

    def cut(self, image: Image) -> Image:
        """The part of ``image`` uint8[H, W, 3] that is looked at, not copied."""
        x, y, w, h = self.rect
        return image[y : y + h, x : x + w]


def choose(
    image: Image, text: Sequence[TextBox] = (), codes: Sequence[Corners] = (), *, budget: int = BUDGET
) -> Look:
    """Where to look in ``image`` uint8[H, W, 3]; ``text`` and ``codes`` (corners) in its pixels.

    ``budget`` is the most pixels there are for it.
    """
    height, width = image.shape[:2]
    quads = [np.asarray(box.quad, np.float64) for box in text]
    sizes = [_size(quad) for quad in quads]
    bars = [np.asarray(code, np.float64) for code in codes]
    high = np.array([size[1] for size in sizes] + [_size(quad)[1] / BARS for quad in bars])
    boxes = np.array([_around(quad, width, height) for quad in (*quads, *bars)]).reshape(-1, 4)
    meant = _meant(boxes, high, width, height)
    if not meant.any():
        return _whole(width, height, budget, LEGIBLE)
    lines = [sizes[i] for i in np.flatnonzero(meant[: len(sizes)])]
    print_high = _smallest(lines)
    rect = _framed(boxes[meant], 2 * print_high, width, height)
    if rect.w * rect.h > WORTH_IT * width * height:
        return _whole(width, height, budget, print_high)
    return Look(rect, _pixels(rect, budget, print_high), whole=False)


def parts(image: Image, text: Sequence[TextBox] = (), codes: Sequence[Corners] = ()) -> list[dict[str, Any]]:
    """``image`` uint8[H, W, 3] BGR as a message's parts: what is meant, after the whole view where that is more."""
    look = choose(image, text, codes)
    if look.whole:
        return [_part(image, look.pixels)]
    look = choose(image, text, codes, budget=BUDGET - OVERVIEW)
    return [_part(image, OVERVIEW), _part(look.cut(image), look.pixels)]


def _part(image: Image, pixels: int) -> dict[str, Any]:
    return {"type": "image", "image": np.ascontiguousarray(image[..., ::-1]), "pixels": pixels}


def _whole(width: int, height: int, budget: int, print_high: float) -> Look:
    rect = Rect(0, 0, width, height)
    return Look(rect, _pixels(rect, budget, print_high), whole=True)


def _pixels(rect: Rect, budget: int, print_high: float) -> int:
    """So many that the smallest print is legible."""
    there = rect.w * rect.h
    wanted = there * (LEGIBLE / print_high) ** 2
    return int(min(max(wanted, LEAST), budget, there))


def _size(quad: Boxes) -> tuple[float, float]:
    """The longer and the shorter side of four corners."""
    along, across = (float(np.linalg.norm(quad[i] - quad[0])) for i in (1, 3))
    return max(along, across), max(1.0, min(along, across))


def _smallest(lines: Sequence[tuple[float, float]]) -> float:
    """The height of the smallest line; a single letter may be a speck. LEGIBLE where there is no line."""
    words = [high for long, high in lines if long >= 2 * high]
    return min(words or [high for _, high in lines], default=LEGIBLE)


def _around(quad: Boxes, width: int, height: int) -> Boxes:
    """left, top, right, bottom, within the picture."""
    most = np.array((width, height), np.float64)
    return np.concatenate([np.clip(quad.min(axis=0), 0, most), np.clip(quad.max(axis=0), 0, most)])


def _meant(boxes: Boxes, high: NDArray[np.float64], width: int, height: int) -> NDArray[np.bool_]:
    """Which of the boxes belong to what stands in the middle: bool[n]."""
    if not len(boxes):
        return np.zeros(0, bool)
    shorter = min(width, height)
    away = _gaps(boxes, np.array([[width, height, width, height]]) / 2.0)[:, 0]
    meant: NDArray[np.bool_] = away <= min(float(away.min()) + TOGETHER * shorter, ASIDE * shorter)
    near = _gaps(boxes, boxes) <= NEAR * np.maximum(high[:, None], high)
    while not np.array_equal(more := near @ meant, meant):  # each box is near itself
        meant = more
    return meant


def _gaps(first: Boxes, second: Boxes) -> NDArray[np.float64]:
    """Between each of the first and each of the second, float64[n, m]; 0 where they overlap."""
    a, b = first[:, None], second[None]
    apart = np.maximum(a[..., :2] - b[..., 2:], b[..., :2] - a[..., 2:])
    gaps: NDArray[np.float64] = np.hypot(*np.moveaxis(np.maximum(apart, 0), -1, 0))
    return gaps


def _framed(boxes: Boxes, least_margin: float, width: int, height: int) -> Rect:
    """All of the boxes, a margin around them, not too small, within the picture."""
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = boxes[:, 2:].max(axis=0)
    margin = max(MARGIN * max(right - left, bottom - top), least_margin)
    least = SMALLEST * min(width, height)
    x, w = _span(left - margin, right + margin, least, width)
    y, h = _span(top - margin, bottom + margin, least, height)
    return Rect(x, y, w, h)


def _span(start: float, stop: float, least: float, limit: int) -> tuple[int, int]:
    """Where it begins and how long it is, grown about its middle to ``least``, within 0…``limit``."""
    more = max(0.0, least - (stop - start)) / 2
    first, last = max(0, int(np.floor(start - more))), min(limit, int(np.ceil(stop + more)))
    return first, last - first
