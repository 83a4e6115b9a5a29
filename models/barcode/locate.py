"""Where bars are: places whose gradients all point one way (structure tensor; Bigun and Granlund 1987)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from models.barcode.base import Floats

LEVELS = (480, 1100, 2400)  # the longer side while searching, pixels
WINDOWS = {480: (9, 21), 1100: (9, 21), 2400: (11,)}  # pixels over which gradients have to agree
LEAST = 150  # pixels of a patch, at the size it is searched
BINS = 12  # directions looked for apart from each other


class Region(msgspec.Struct, frozen=True):
    """A patch of bars in image pixels: its centre, the angle across the bars (radians), and its size.

    ``length`` goes across the bars (the way a scan line runs), ``height`` along them.
    """

    x: float
    y: float
    angle: float
    length: float
    height: float
    weight: float


def find_regions(gray: NDArray[np.uint8], work: int = LEVELS[0], most: int = 4) -> list[Region]:
    """Patches of bars in ``gray`` uint8[H, W], the strongest first, at most ``most``.

    The search runs on a copy whose longer side is ``work`` pixels, at most twice the picture's own.
    """
    scale = min(work / max(gray.shape), 2.0)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    small = cv2.resize(gray, size, interpolation=how).astype(np.float32)
    found = [region for window in WINDOWS[work] for region in _regions(small, window)]
    found.sort(key=lambda region: -region.weight)
    return [_scaled(region, 1.0 / scale) for region in _distinct(found)[:most]]


def levels(gray: NDArray[np.uint8]) -> list[int]:
    """The values of ``work`` that are worth a search, coarse first: a small code hides in a large photo."""
    return [LEVELS[0], *(level for level in LEVELS[1:] if max(gray.shape) > 0.6 * level)]


def _regions(gray: Floats, window: int) -> Iterator[Region]:
    gx = cv2.Scharr(gray, cv2.CV_32F, 1, 0)
    gy = cv2.Scharr(gray, cv2.CV_32F, 0, 1)
    box = (window, window)
    xx, yy, xy = (cv2.boxFilter(g, cv2.CV_32F, box) for g in (gx * gx, gy * gy, gx * gy))
    energy = xx + yy
    strength = np.hypot(xx - yy, 2 * xy)
    double = np.arctan2(2 * xy, xx - yy)  # twice the gradient's angle, -pi … pi
    # A dim photo has bars too, so the floor is relative; noise alone is not coherent.
    floor = max(float(np.percentile(energy, 98)) * 0.04, 300.0)
    bars = (strength > 0.6 * energy) & (energy > floor)
    for k in range(BINS):
        middle = -math.pi + 2 * math.pi * k / BINS
        near = np.cos(double - middle) > math.cos(1.5 * math.pi / BINS)
        mask = (bars & near).astype(np.uint8)
        if cv2.countNonZero(mask) < LEAST:
            continue
        yield from _components(mask, middle / 2, strength, double)


def _components(mask: NDArray[np.uint8], angle: float, strength: Floats, double: Floats) -> Iterator[Region]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    for index in np.argsort(-stats[1:, cv2.CC_STAT_AREA])[:3] + 1 if count > 1 else ():
        if stats[index, cv2.CC_STAT_AREA] < LEAST:
            continue
        ys, xs = np.nonzero(labels == index)
        weights = strength[ys, xs]
        turn = double[ys, xs]
        mean = math.atan2(float((weights * np.sin(turn)).sum()), float((weights * np.cos(turn)).sum())) / 2
        yield _fitted(xs.astype(np.float32), ys.astype(np.float32), mean, np.sqrt(weights))


def _fitted(xs: Floats, ys: Floats, angle: float, weights: Floats) -> Region:
    c, s = math.cos(angle), math.sin(angle)
    along, across = xs * c + ys * s, ys * c - xs * s
    a0, a1 = np.percentile(along, [1, 99])
    b0, b1 = np.percentile(across, [3, 97])
    u, v = float(a0 + a1) / 2, float(b0 + b1) / 2
    length, height = float(a1 - a0), float(b1 - b0)
    # A long thin patch across its own gradient is one edge, not a row of bars.
    weight = float(weights.sum()) * min(1.0, length / max(height, 1.0))
    return Region(u * c - v * s, u * s + v * c, angle, length, height, weight)


def _distinct(found: list[Region]) -> list[Region]:
    kept: list[Region] = []
    for region in found:
        if region.length < 24 or region.height < 3:
            continue
        if not any(same_region(region, other) for other in kept):
            kept.append(region)
    return kept


def same_region(a: Region, b: Region) -> bool:
    """Whether the two are one patch found twice: the same middle, direction and length, nearly."""
    turned = math.cos(2 * (a.angle - b.angle)) > 0.94  # within ten degrees
    near = math.hypot(a.x - b.x, a.y - b.y) < 0.3 * max(min(a.length, b.length), 1.0)
    alike = 0.75 < a.length / b.length < 1.33
    return turned and near and alike


def _scaled(region: Region, by: float) -> Region:
    return Region(
        (region.x + 0.5) * by - 0.5, (region.y + 0.5) * by - 0.5, region.angle,
        region.length * by, region.height * by, region.weight,
    )  # fmt: skip
