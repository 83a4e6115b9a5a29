"""Icons as outlines on a grid of 24, stroke 1.7: on additive optics an outline reads better than a fill."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from runtime.hud.maneuvers import MANEUVERS
from runtime.hud.strokes import Path, Point, circle, curve, strokes

SMALLEST = 32  # px: below, a sharp left looks like a left


def _rays(inner: float, outer: float) -> tuple[Path, ...]:
    turns = [(math.cos(math.pi / 4 * i), math.sin(math.pi / 4 * i)) for i in range(8)]
    return tuple(((12 + inner * x, 12 + inner * y), (12 + outer * x, 12 + outer * y)) for x, y in turns)


ARROW: tuple[Path, ...] = (((12, 21), (12, 4)), ((5.5, 10.5), (12, 4), (18.5, 10.5)))
ICONS: dict[str, tuple[Path, ...]] = {
    "arrow": ARROW,
    "barcode": tuple(((x, 5.0), (x, 19.0)) for x in (4.0, 7.5, 10.0, 14.0, 17.0, 20.0)),
    "battery": (((3, 8), (19, 8), (19, 16), (3, 16), (3, 8)), ((21.5, 10.5), (21.5, 13.5))),
    "camera": (
        ((3, 8), (7, 8), (9, 5), (15, 5), (17, 8), (21, 8), (21, 19), (3, 19), (3, 8)),
        circle(12, 13, 3.6),
    ),
    "check": (((4, 12.5), (10, 18.5), (20.5, 6)),),
    "clock": (circle(12, 12, 9), ((12, 6.5), (12, 12), (16, 14.5))),
    "cross": (((5, 5), (19, 19)), ((19, 5), (5, 19))),
    "leaf": (
        curve((5.5, 18.5), (2.5, 5), (20.5, 3.5)) + curve((20.5, 3.5), (20.5, 20.5), (5.5, 18.5)),
        ((3, 21), (13, 11)),
    ),
    "light": (circle(12, 12, 4), *_rays(6.5, 9.5)),
    "message": (((3, 5), (21, 5), (21, 16), (11, 16), (6, 20), (6, 16), (3, 16), (3, 5)),),
    "microphone": (
        (
            *curve((9, 6), (9, 3), (12, 3)), *curve((12, 3), (15, 3), (15, 6)),
            *curve((15, 11), (15, 14), (12, 14)), *curve((12, 14), (9, 14), (9, 11)), (9, 6),
        ),
        curve((5.5, 11), (5.5, 17.3), (12, 17.3)) + curve((12, 17.3), (18.5, 17.3), (18.5, 11)),
        ((12, 17.3), (12, 21)),
    ),
    "question": (
        circle(12, 12, 9),
        (
            *curve((9, 9.6), (9.2, 7), (12, 7)), *curve((12, 7), (14.9, 7), (14.9, 9.4)),
            *curve((14.9, 9.4), (14.7, 11.6), (12, 12.4)), (12, 14),
        ),
        ((12, 16.8), (12, 17)),
    ),
    "warning": (((12, 4), (21.5, 20), (2.5, 20), (12, 4)), ((12, 10), (12, 14.5)), ((12, 17), (12, 17.2))),
    **MANEUVERS,
}  # fmt: skip


@lru_cache(maxsize=64)
def icon(name: str, size: int) -> NDArray[np.uint8]:
    """Coverage uint8[size, size] of an icon; one that does not exist is drawn as "question"."""
    return strokes(ICONS.get(name, ICONS["question"]), max(size, SMALLEST))


@lru_cache(maxsize=360)  # every degree: a head comes back to where it was
def arrow(degrees: int, size: int) -> NDArray[np.uint8]:
    """Coverage uint8[size, size] of an arrow that points ``degrees`` to the left of up."""
    sin, cos = math.sin(math.radians(-degrees)), math.cos(math.radians(-degrees))

    def turned(x: float, y: float) -> Point:
        dx, dy = x - 12, y - 12
        return 12 + dx * cos - dy * sin, 12 + dx * sin + dy * cos

    return strokes(tuple(tuple(turned(*point) for point in path) for path in ARROW), size)
