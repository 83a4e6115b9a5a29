"""Where codes stand: quads from readings, regions from quads, and whether two are the same place."""

from __future__ import annotations

import math

import numpy as np

from models.barcode.bars import Reading
from models.barcode.base import Point, Quad
from models.barcode.locate import Region


def quad_of(reading: Reading, height: float) -> Quad:
    """The symbol's corners: where the lines say it starts and ends, as tall as its region."""
    starts, ends = float(np.median(reading.edges[:, 0])), float(np.median(reading.edges[:, -1]))
    frame = reading.frame
    return (
        frame.point(starts, 0.0),
        frame.point(ends, 0.0),
        frame.point(ends, height),
        frame.point(starts, height),
    )


def region_of(box: Quad) -> Region:
    """The region under a quad whose first side runs across the bars."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = box
    ux, uy = (x1 + x2 - x0 - x3) / 2, (y1 + y2 - y0 - y3) / 2
    height = math.hypot(x2 + x3 - x0 - x1, y2 + y3 - y0 - y1) / 2
    x, y = centre(box)
    return Region(x, y, math.atan2(uy, ux), max(math.hypot(ux, uy), 1.0), max(height, 4.0), 0.0)


def centre(box: Quad) -> Point:
    """The mean of the corners."""
    return sum(p[0] for p in box) / 4, sum(p[1] for p in box) / 4


def covers(region: Region, box: Quad) -> bool:
    """Whether the middle of ``box`` lies in ``region``, and ``box`` is no odd fraction of it."""
    x, y = centre(box)
    c, s = math.cos(region.angle), math.sin(region.angle)
    dx, dy = x - region.x, y - region.y
    inside = abs(dx * c + dy * s) < region.length / 2 and abs(dy * c - dx * s) < region.height / 2 + 4
    return inside and 0.5 < region_of(box).length / max(region.length, 1.0) < 1.5


def same_place(a: Quad, b: Quad) -> bool:
    """Whether the two stand on the same bars: the middle of one is within the other's half-length."""
    (ax, ay), (bx, by) = centre(a), centre(b)
    reach = max(region_of(a).length, region_of(b).length) / 2
    return math.hypot(ax - bx, ay - by) < reach


def scaled(box: Quad, by: float) -> Quad:
    """The quad in an image ``by`` times as large (pixel centres at whole numbers)."""
    a, b, c, d = (((x + 0.5) * by - 0.5, (y + 0.5) * by - 0.5) for x, y in box)
    return (a, b, c, d)
