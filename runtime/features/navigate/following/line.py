"""The route's line as geometry: which of its points are near, and which way it runs there.

Points are chords in space (metres from the Earth's centre): poles and the antimeridian are nothing special there,
and the height of a long segment's arc over its chord is taken out again by looking at the plane of the horizon only.
A search in a window costs what the window holds. A search of the whole line looks at the spheres around every 64
segments first, and into the near ones only.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.gnss.ground import wrap_degrees
from runtime.features.navigate.routes.route import Route

EARTH_M = 6_371_008.8  # mean radius (IUGG)
CHUNK = 64
COURSE = 6.0  # half of what walking against a segment costs, in squared standard deviations
_TINY = 1e-9

Vector = NDArray[np.float64]


class Match(msgspec.Struct, frozen=True):
    """A point of the line: how far along, how far from the place, and which way the line runs."""

    along_m: float
    off_m: float
    bearing: float


class Line:
    """Geometry of a route; made once for each."""

    def __init__(self, route: Route) -> None:
        radians = np.radians(route.line)
        self._points = _vectors(radians)
        self._chords = np.diff(self._points, axis=0)
        self._square = np.maximum(np.einsum("ij,ij->i", self._chords, self._chords), _TINY)
        self.along_m = route.along_m
        self._lengths = np.diff(route.along_m)
        self._bearings = _bearings(radians, self._chords)
        self.length_m = route.length_m
        self._centres, self._radii = self._spheres()

    def _spheres(self) -> tuple[Vector, Vector]:
        starts = np.arange(0, len(self._chords), CHUNK)
        sizes = np.diff(np.append(starts, len(self._chords)))
        centres = np.add.reduceat(self._points[:-1], starts) / sizes[:, None]
        mine = np.repeat(centres, sizes, axis=0)
        ends = [np.linalg.norm(points - mine, axis=1) for points in (self._points[:-1], self._points[1:])]
        return centres, np.maximum.reduceat(np.maximum(*ends), starts)

    def window(self, from_m: float, to_m: float) -> slice:
        """The segments between two places along the line; at least one."""
        low, high = self.along_m.searchsorted((from_m, to_m))
        first = min(max(int(low) - 1, 0), len(self._chords) - 1)
        return slice(first, min(max(int(high), first + 1), len(self._chords)))

    def points(self, along_m: Vector) -> tuple[Vector, Vector]:
        """Places along the line → their points float64[N, 3] and the bearings of the line there, float64[N]."""
        segments = self.along_m[1:-1].searchsorted(along_m, side="right")
        t = (along_m - self.along_m[segments]) / np.maximum(self._lengths[segments], _TINY)
        points: Vector = self._points[segments] + t[:, None] * self._chords[segments]
        return points, self._bearings[segments]

    def off_square(self, points: Vector, at: Vector) -> Vector:
        """Squared distances of points from ``at``, in the plane of its horizon."""
        return _level_square(at - points, at)

    def match(self, along_m: float, at: Vector) -> Match:
        """The match at a place along the line that was chosen otherwise."""
        off = at - self.point(along_m)
        up = float(off @ at) / EARTH_M
        square = float(off @ off) - up * up
        return Match(along_m, math.sqrt(max(square, 0.0)), float(self._bearings[self._segment(along_m)]))

    def nearest(self, at: Vector, window: slice) -> Match:
        """The point of the window that is nearest to ``at``."""
        along, off = self._feet(at, window)
        return self._match(window, int(np.argmin(off)), along, off)

    def candidates(self, at: Vector, within_m: float, course: float | None) -> list[Match]:
        """Every pass of the whole line within ``within_m``: the best segment of each, in the order of the way."""
        gap = np.linalg.norm(self._centres - at, axis=1) - self._radii
        found: list[Match] = []
        for chunk in np.flatnonzero(gap <= within_m):
            window = slice(int(chunk) * CHUNK, min((int(chunk) + 1) * CHUNK, len(self._chords)))
            along, off = self._feet(at, window)
            near = np.flatnonzero(off <= within_m**2)
            cost = off / max(within_m, 1.0) ** 2 * 4 + self._against(window, course)
            for run in np.split(near, np.flatnonzero(np.diff(near) > 1) + 1):
                if len(run):
                    found.append(self._match(window, int(run[np.argmin(cost[run])]), along, off))
        return found

    def _feet(self, at: Vector, window: slice) -> tuple[Vector, Vector]:
        chords = self._chords[window]
        from_start = at - self._points[window]
        t = np.einsum("ij,ij->i", from_start, chords) / self._square[window]
        t = np.minimum(np.maximum(t, 0.0), 1.0)  # np.clip takes three times as long on a few
        off = _level_square(from_start - t[:, None] * chords, at)
        return self.along_m[window] + t * self._lengths[window], off

    def _against(self, window: slice, course: float | None) -> Vector | float:
        if course is None:
            return 0.0
        against: Vector = COURSE * (1.0 - np.cos(np.radians(self._bearings[window] - course)))
        return against

    def _match(self, window: slice, best: int, along: Vector, off: Vector) -> Match:
        bearing = float(self._bearings[window.start + best])
        return Match(float(along[best]), math.sqrt(max(float(off[best]), 0.0)), bearing)

    def point(self, along_m: float) -> Vector:
        """The place ``along_m`` along the line, as a vector; outside it the nearer end."""
        along_m = min(max(along_m, 0.0), self.length_m)
        segment = self._segment(along_m)
        length = float(self._lengths[segment])
        t = (along_m - float(self.along_m[segment])) / length if length > 0 else 0.0
        point: Vector = self._points[segment] + t * self._chords[segment]
        return point

    def _segment(self, along_m: float) -> int:
        return min(max(int(self.along_m.searchsorted(along_m, side="right")) - 1, 0), len(self._chords) - 1)

    def chord(self, from_m: float, to_m: float) -> float:
        """Bearing from one place along the line to another, degrees clockwise from north."""
        start, end = self.point(from_m), self.point(to_m)
        return bearing(start, end)


def vector(latitude: float, longitude: float) -> Vector:
    """Degrees → metres from the Earth's centre, float64[3]."""
    lat, lon = math.radians(latitude), math.radians(longitude)
    cos = math.cos(lat)
    return EARTH_M * np.array((cos * math.cos(lon), cos * math.sin(lon), math.sin(lat)))


def degrees(point: Vector) -> tuple[float, float]:
    """A vector's latitude and longitude in degrees, −180…180."""
    x, y, z = point.tolist()
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


def bearing(start: Vector, end: Vector) -> float:
    """Which way ``end`` lies from ``start``, degrees clockwise from north, 0…360."""
    x, y, z = start.tolist()
    dx, dy, dz = (end - start).tolist()
    flat, whole = math.hypot(x, y) or _TINY, math.hypot(x, y, z)
    east = (x * dy - y * dx) / flat
    north = (flat * flat * dz - z * (x * dx + y * dy)) / (flat * whole)
    return math.degrees(math.atan2(east, north)) % 360.0


def metres(one: Vector, other: Vector) -> float:
    """Straight distance between two places."""
    return math.dist(one, other)


def turn(from_deg: float, to_deg: float) -> float:
    """The turn from one bearing to another, −180…180, positive to the right."""
    return wrap_degrees(to_deg - from_deg)


def _vectors(radians: Vector) -> Vector:
    lat, lon = radians[:, 0], radians[:, 1]
    vectors: Vector = EARTH_M * np.stack(
        (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)), 1
    )
    return vectors


def _bearings(radians: Vector, chords: Vector) -> Vector:
    lat, lon = radians[:-1, 0], radians[:-1, 1]
    east = -np.sin(lon) * chords[:, 0] + np.cos(lon) * chords[:, 1]
    north = np.cos(lat) * chords[:, 2] - np.sin(lat) * (
        np.cos(lon) * chords[:, 0] + np.sin(lon) * chords[:, 1]
    )
    bearings: Vector = np.degrees(np.arctan2(east, north)) % 360.0
    return bearings


def _level_square(off: Vector, at: Vector) -> Vector:
    """Squared length of each row of ``off`` in the plane of the horizon at ``at``."""
    up = off @ (at / EARTH_M)
    square: Vector = np.einsum("ij,ij->i", off, off) - up * up
    return square
