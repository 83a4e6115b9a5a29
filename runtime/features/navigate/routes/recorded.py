"""A recorded track → the way that was walked: without the receiver's shaking, and without places where one stood.

White noise is averaged away over as many points as it needs, but never over more than ``ROUND_M`` of the way, so that
a corner stays one. Who stands for minutes leaves a cloud of points that wanders by some metres: wherever the next
``STAY_M`` of line stay within ``REACH_M``, they become one point.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from runtime.features.navigate.routes.geometry import Floats, along, points_at, steps

STEADY_M = 0.5  # deviation across the way that needs no smoothing
ROUND_M = 16.0
REACH_M = 12.0
STAY_M = 40.0  # more than there and back again within the reach
LOOKS = 8  # at how many places of those metres
CHUNK = 100_000


def steady(points: Floats) -> Floats:
    """float64[N, 2], no point twice in a row → the same with as many points, or fewer."""
    return _unclouded(_smoothed(points))


def shakes(points: Floats) -> bool:
    """Whether a line is too restless to have been planned."""
    return len(points) >= 5 and _shake(steps(points)) > 2 * STEADY_M


def _smoothed(points: Floats) -> Floats:
    if len(points) < 5:
        return points
    step = steps(points)
    spacing = float(np.median(np.hypot(step[:, 0], step[:, 1])))
    width = min((_shake(step) / STEADY_M) ** 2, ROUND_M / max(spacing, 0.01), 61.0)
    half = int(width) // 2
    if half < 1:
        return points
    padded = np.pad(points - points[0], ((half, half), (0, 0)), mode="edge")
    kernel = np.ones(2 * half + 1) / (2 * half + 1)
    smooth: Floats = (
        np.column_stack([np.convolve(padded[:, axis], kernel, "valid") for axis in (0, 1)]) + points[0]
    )
    smooth[0], smooth[-1] = points[0], points[-1]
    return smooth


def _shake(step: Floats) -> float:
    """The deviation of one point from the next two, across the way: metres. Turns are few and do not count."""
    chord = step[1:] + step[:-1]
    bend = step[1:] - step[:-1]
    length = np.maximum(np.hypot(chord[:, 0], chord[:, 1]), 1e-6)
    across = np.abs(bend[:, 0] * chord[:, 1] - bend[:, 1] * chord[:, 0]) / length
    middle = float(np.median(across))
    return middle / (0.6745 * math.sqrt(6.0))  # of white noise, whose second difference is √6 of it


def _unclouded(points: Floats) -> Floats:
    metres = along(points)
    stays = np.concatenate([_stays(points, metres, start) for start in range(0, len(points), CHUNK)])
    if not stays.any():
        return points
    ends = np.searchsorted(metres, metres[stays] + STAY_M, side="right")
    change = np.zeros(len(points) + 1, np.int64)
    np.add.at(change, np.flatnonzero(stays), 1)
    np.add.at(change, ends, -1)
    inside = np.cumsum(change[:-1]) > 0
    first = inside & ~np.r_[False, inside[:-1]]
    group = np.cumsum(~inside | first) - 1  # each point its own, but those of a cloud one together
    count = np.bincount(group)
    means = [
        np.bincount(group, points[:, axis] - points[0, axis]) / count + points[0, axis] for axis in (0, 1)
    ]
    result: Floats = np.column_stack(means)
    return result if len(result) > 1 else points[[0, -1]]


def _stays(points: Floats, metres: Floats, start: int) -> NDArray[np.bool_]:
    """For each point of a chunk whether the line stays beside it."""
    mine, at = points[start : start + CHUNK], metres[start : start + CHUNK]
    stays: NDArray[np.bool_] = at + STAY_M <= metres[-1]
    for share in np.linspace(1.0, 1.0 / LOOKS, LOOKS):
        where = np.flatnonzero(stays)
        if not len(where):
            break
        later = points_at(points, metres, at[where] + share * STAY_M)
        pairs = np.stack([mine[where], later], axis=1).reshape(-1, 2)
        away = steps(pairs)[::2]
        stays[where] = np.hypot(away[:, 0], away[:, 1]) <= REACH_M
    return stays
