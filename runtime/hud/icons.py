"""Icons as outlines on a grid of 24, stroke 1.7: on additive optics an outline reads better than a fill."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

GRID = 24.0
STROKE = 1.7
SMALLEST = 32  # px: below, a sharp left looks like a left

Point = tuple[float, float]
Path = tuple[Point, ...]


def circle(x: float, y: float, r: float, steps: int = 24) -> Path:
    """A closed circle as a polyline."""
    turns = (2 * math.pi * i / steps for i in range(steps + 1))
    return tuple((x + r * math.cos(a), y + r * math.sin(a)) for a in turns)


ICONS: dict[str, tuple[Path, ...]] = {
    "barcode": tuple(((x, 5.0), (x, 19.0)) for x in (4.0, 7.5, 10.0, 14.0, 17.0, 20.0)),
    "camera": (
        ((3, 8), (7, 8), (9, 5), (15, 5), (17, 8), (21, 8), (21, 19), (3, 19), (3, 8)),
        circle(12, 13, 3.6),
    ),
    "warning": (((12, 4), (21.5, 20), (2.5, 20), (12, 4)), ((12, 10), (12, 14.5)), ((12, 17), (12, 17.2))),
    "question": (
        circle(12, 12, 9),
        ((9.2, 9.6), (10, 7.8), (12, 7), (14, 7.8), (14.8, 9.6), (13.8, 11.4), (12, 12.6), (12, 14)),
        ((12, 16.8), (12, 17)),
    ),
    "check": (((4, 12.5), (10, 18.5), (20.5, 6)),),
    "cross": (((5, 5), (19, 19)), ((19, 5), (5, 19))),
    "leaf": (
        ((5, 19), (5, 12), (8, 7), (13, 4.5), (19.5, 4.5), (19.5, 11), (17, 16), (12, 19), (5, 19), (14, 10)),
    ),
    "clock": (circle(12, 12, 9), ((12, 6.5), (12, 12), (16, 14.5))),
    "battery": (((3, 8), (19, 8), (19, 16), (3, 16), (3, 8)), ((21.5, 10.5), (21.5, 13.5))),
    "light": (
        circle(12, 12, 4),
        *(
            (
                (12 + 6.5 * math.cos(a), 12 + 6.5 * math.sin(a)),
                (12 + 9.5 * math.cos(a), 12 + 9.5 * math.sin(a)),
            )
            for a in (math.pi / 4 * i for i in range(8))
        ),
    ),
    "message": (((3, 5), (21, 5), (21, 16), (11, 16), (6, 20), (6, 16), (3, 16), (3, 5)),),
    "microphone": (
        (
            (9, 6),
            (10, 4),
            (12, 3.2),
            (14, 4),
            (15, 6),
            (15, 11),
            (14, 13),
            (12, 13.8),
            (10, 13),
            (9, 11),
            (9, 6),
        ),
        ((5.5, 11), (7, 15), (12, 17), (17, 15), (18.5, 11)),
        ((12, 17), (12, 21)),
    ),
}
ARROW: tuple[Path, ...] = (((12, 21), (12, 4)), ((5.5, 10.5), (12, 4), (18.5, 10.5)))


@lru_cache(maxsize=64)
def icon(name: str, size: int) -> NDArray[np.uint8]:
    """Coverage uint8[size, size] of an icon; one that does not exist is drawn as "question"."""
    return strokes(ICONS.get(name, ICONS["question"]), max(size, SMALLEST))


@lru_cache(maxsize=128)
def arrow(degrees: int, size: int) -> NDArray[np.uint8]:
    """Coverage uint8[size, size] of an arrow that points ``degrees`` to the left of up."""
    sin, cos = math.sin(math.radians(-degrees)), math.cos(math.radians(-degrees))

    def turned(x: float, y: float) -> Point:
        dx, dy = x - 12, y - 12
        return 12 + dx * cos - dy * sin, 12 + dx * sin + dy * cos

    return strokes(tuple(tuple(turned(*point) for point in path) for path in ARROW), size)


def strokes(paths: tuple[Path, ...], size: int) -> NDArray[np.uint8]:
    """Polylines on the grid of 24 → antialiased coverage uint8[size, size], round caps and joins."""
    scale = size / GRID
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) + np.float32(0.5)
    nearest = np.full((size, size), np.inf, np.float32)
    for path in paths:
        for (x0, y0), (x1, y1) in pairwise(path):
            ax, ay, bx, by = x0 * scale, y0 * scale, x1 * scale, y1 * scale
            length2 = max((bx - ax) ** 2 + (by - ay) ** 2, 1e-6)
            t = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length2, 0, 1)
            np.minimum(nearest, np.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)), out=nearest)
    coverage = np.clip(STROKE * scale / 2 + 0.5 - nearest, 0, 1)
    drawn: NDArray[np.uint8] = np.rint(255 * coverage).astype(np.uint8)
    return drawn
