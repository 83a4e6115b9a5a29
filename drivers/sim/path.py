"""A path on the ground by its distance from the start: where it is there, and which way a body faces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivers.base import ConfigError
from drivers.gnss.ground import metres_per_degree
from drivers.sim.outing import Detour

Floats = NDArray[np.float64]
TURN_M = 1.4  # a corner is turned within so many metres of way
MOST_CELLS = 400_000


class Path:
    """Points float64[N, 2] (degrees) joined by straight lines, without those that repeat the one before."""

    def __init__(self, points: Floats) -> None:
        """Raises ConfigError when all points are the same."""
        points = np.column_stack([points[:, 0], np.unwrap(points[:, 1], period=360.0)])
        steps = _steps(points)
        keep = np.r_[True, np.hypot(steps[:, 0], steps[:, 1]) > 1e-3]
        self._points = points[keep]
        if len(self._points) < 2:
            raise ConfigError("a walk goes somewhere: give two points that differ")
        steps = _steps(self._points)
        lengths = np.hypot(steps[:, 0], steps[:, 1])
        self._at = np.r_[0.0, np.cumsum(lengths)]
        self._face(np.arctan2(steps[:, 1], steps[:, 0]))

    @property
    def length_m(self) -> float:
        """From the first point to the last."""
        return float(self._at[-1])

    def position(self, distance_m: Floats) -> tuple[Floats, Floats]:
        """Latitude and longitude in degrees at each distance."""
        latitude = np.interp(distance_m, self._at, self._points[:, 0])
        longitude = np.interp(distance_m, self._at, self._points[:, 1])
        return latitude, (longitude + 180.0) % 360.0 - 180.0

    def facing(self, distance_m: Floats) -> tuple[Floats, Floats]:
        """Which way a body faces, clockwise from north in radians and unwrapped, and its change a metre."""
        cell = np.clip((distance_m / self._cell_m).astype(np.int64), 0, len(self._facing) - 2)
        change = (self._facing[cell + 1] - self._facing[cell]) / self._cell_m
        inside = (distance_m > 0) & (distance_m < self.length_m)
        share = np.clip(distance_m / self._cell_m - cell, 0.0, 1.0)
        return self._facing[cell] + change * self._cell_m * share, np.where(inside, change, 0.0)

    def stray(self, detour: Detour) -> Floats:
        """The points float64[M, 2] of this path with the detour in it. Raises ConfigError past the path's end."""
        end_m = min(detour.at_m + detour.along_m, self.length_m)
        if detour.at_m >= self.length_m:
            raise ConfigError(f"a detour at {detour.at_m:g} m: the path is only {self.length_m:.0f} m long")
        latitude, longitude = self.position(np.array([detour.at_m, end_m]))
        ends = np.column_stack([latitude, longitude])
        facing = float(self.facing(np.array([detour.at_m]))[0][0])
        north, east = metres_per_degree(float(latitude[0]))
        aside = detour.off_m * np.array([-np.sin(facing) / north, np.cos(facing) / east])
        before, after = self._points[self._at <= detour.at_m], self._points[self._at >= end_m]
        return np.concatenate([before, ends[:1], ends + aside, ends[1:], after])

    def _face(self, courses: Floats) -> None:
        """A table of directions, each the mean of those within half a turn's length, so that no corner is sharp."""
        cells = int(np.clip(self.length_m / 0.2, 8, MOST_CELLS))
        self._cell_m = self.length_m / cells
        middle = (np.arange(cells) + 0.5) * self._cell_m
        segment = np.clip(np.searchsorted(self._at, middle, side="right") - 1, 0, len(courses) - 1)
        raw = np.unwrap(courses)[segment]
        width = max(1, round(TURN_M / self._cell_m) // 2)
        sums = np.cumsum(np.r_[0.0, np.pad(raw, width, mode="edge")])
        smooth = (sums[2 * width :] - sums[: -2 * width]) / (2 * width)
        self._facing: Floats = smooth  # at the cells' edges


def _steps(points: Floats) -> Floats:
    """Metres north and east from each point to the next: float64[N − 1, 2]."""
    middles = (points[1:, 0] + points[:-1, 0]) / 2
    scale = np.array([metres_per_degree(float(latitude)) for latitude in middles]).reshape(-1, 2)
    metres: Floats = np.diff(points, axis=0) * scale
    return metres
