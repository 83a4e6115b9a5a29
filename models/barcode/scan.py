"""Scan lines: the image sampled across the bars, a few rows averaged into each line."""

from __future__ import annotations

import itertools
import math

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from models.barcode.base import Floats, Point
from models.barcode.locate import Region

MODULE = 4.04  # samples a module, when the region is just as long as the symbol
MARGIN = 24  # modules added on either side: a region may have lost bars to glare


class Frame(msgspec.Struct, frozen=True):
    """A rectangle laid over the image: position (u, v) in samples → image pixels."""

    x: float
    y: float
    ux: float
    uy: float
    vx: float
    vy: float

    def point(self, u: float, v: float) -> Point:
        """The image pixel at sample ``u`` of row ``v``."""
        return (self.x + u * self.ux + v * self.vx, self.y + u * self.uy + v * self.vy)

    def matrix(self) -> NDArray[np.float64]:
        """The 2×3 matrix that takes (u, v) to image pixels."""
        return np.array([[self.ux, self.vx, self.x], [self.uy, self.vy, self.y]])


def frame_for(region: Region, modules: int, *, flip: bool = False) -> Frame:
    """The frame for a symbol of ``modules`` modules, row 0 the region's first.

    ``flip`` reads the region from its other end.
    """
    angle = region.angle + (math.pi if flip else 0.0)
    step = region.length / (modules * MODULE)
    c, s = math.cos(angle), math.sin(angle)
    ux, uy = c * step, s * step
    left = region.length / 2 + MARGIN * MODULE * step
    x = region.x - c * left + s * region.height / 2
    y = region.y - s * left - c * region.height / 2
    return Frame(x, y, ux, uy, -s, c)


def rows_of(gray: NDArray[np.uint8], region: Region, frame: Frame, modules: int) -> Floats:
    """The region resampled: float32[rows, samples], one row a pixel of height."""
    rows = max(1, round(region.height))
    samples = round((modules + 2 * MARGIN) * MODULE)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    source = gray
    # Cubic sampling of a big symbol would skip pixels: blur what one sample stands for.
    if (step := math.hypot(frame.ux, frame.uy)) > 1.5:
        source = np.asarray(cv2.GaussianBlur(gray, (0, 0), step / 2.5), np.uint8)
    warped = cv2.warpAffine(
        source, frame.matrix(), (samples, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.float32)


def bands_of(rows: Floats, count: int, tall: float) -> tuple[Floats, list[float]]:
    """``count`` lines float32[count, samples], each the mean of ``tall`` rows around its middle; the middles."""
    n = rows.shape[0]
    count = max(1, min(count, n))
    cuts = np.linspace(0, n, count + 1).round().astype(int)
    half = max(1, min(n // count, round(tall)))
    lines, middles = [], []
    for a, b in itertools.pairwise(cuts):
        middle = (a + b) // 2
        lo, hi = max(0, middle - half // 2), min(n, middle - half // 2 + half)
        lines.append(rows[lo:hi].mean(axis=0))
        middles.append((lo + hi - 1) / 2)
    return np.asarray(lines, np.float32), middles
