"""Polylines on a grid of 24 → antialiased coverage: what icons and maneuvers are drawn from."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

GRID = 24.0
STROKE = 1.7

Point = tuple[float, float]
Path = tuple[Point, ...]


def circle(x: float, y: float, r: float, steps: int = 24) -> Path:
    """A closed circle as a polyline."""
    turns = (2 * math.pi * i / steps for i in range(steps + 1))
    return tuple((x + r * math.cos(a), y + r * math.sin(a)) for a in turns)


def arc(x: float, y: float, r: float, start: float, end: float, steps: int = 10) -> Path:
    """A part of a circle as a polyline; degrees from the right, clockwise as it is seen."""
    turns = (math.radians(start + (end - start) * i / steps) for i in range(steps + 1))
    return tuple((x + r * math.cos(a), y + r * math.sin(a)) for a in turns)


def curve(start: Point, control: Point, end: Point, steps: int = 10) -> Path:
    """A quadratic Bézier curve as a polyline."""
    found = []
    for i in range(steps + 1):
        t = i / steps
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
        x, y = (a * s + b * m + c * e for s, m, e in zip(start, control, end, strict=True))
        found.append((x, y))
    return tuple(found)


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
