"""Lines on the ground: decoded from polylines, cleaned, measured. Latitude before longitude, degrees, WGS 84.

Lengths and bearings are taken in the plane that touches the ellipsoid half way of each piece, good to 0.1 % for
pieces of up to 50 km below 80° of latitude, and closer the shorter they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runtime.features.navigate.routes.route import RouteError, RouteFormatError

Floats = NDArray[np.float64]
EQUATOR_M, ECCENTRICITY_2 = 6_378_137.0, 6.69437999014e-3  # NIMA TR8350.2
MOST_POINTS = 2_000_000
NEAREST_M = 0.01  # points closer than that are one


def decode_polyline(text: str, precision: int, place: str) -> Floats:
    """Google's encoded polyline → float64[N, 2]. Raises RouteFormatError.

    https://developers.google.com/maps/documentation/utilities/polylinealgorithm; ``precision`` 5, or 6 as OSRM and
    Valhalla also write it.
    """
    try:
        raw = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - 63
    except UnicodeEncodeError as error:
        raise RouteFormatError(f"{place}: no encoded polyline: it holds a character that none has") from error
    if len(raw) == 0 or raw.min() < 0 or raw.max() > 63 or raw[-1] >= 32:
        raise RouteFormatError(f"{place}: no encoded polyline, or one that was cut off")
    ends = np.flatnonzero(raw < 32)
    starts = np.r_[0, ends[:-1] + 1]
    if (ends - starts).max() > 6 or len(ends) % 2 or len(ends) > 2 * MOST_POINTS:
        raise RouteFormatError(f"{place}: no encoded polyline: a number is too long, or one is missing")
    shift = 5 * (np.arange(len(raw)) - np.repeat(starts, ends - starts + 1))
    numbers = np.add.reduceat((raw & 31) << shift, starts)
    signed = np.where(numbers & 1, ~(numbers >> 1), numbers >> 1)
    points: Floats = np.cumsum(signed.reshape(-1, 2), axis=0) / 10.0**precision
    return points


def on_earth(points: Floats) -> bool:
    """Whether every point can be one."""
    return bool(np.isfinite(points).all() and (np.abs(points) <= (90.0, 360.0)).all())


def clean_line(points: Floats, place: str) -> Floats:
    """A line to follow: longitudes unwrapped, no point twice in a row. Raises RouteError."""
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2:
        raise RouteError(f"{place}: a route needs two points at least; this has {len(points)}")
    if len(points) > MOST_POINTS:
        raise RouteError(
            f"{place}: {len(points)} points are more than {MOST_POINTS}: simplify it, or cut it in two"
        )
    if not on_earth(points):
        at = int(np.argmin(np.isfinite(points).all(axis=1) & (np.abs(points) <= (90.0, 360.0)).all(axis=1)))
        raise RouteFormatError(
            f"{place}: point {at} is nowhere on Earth: {points[at, 0]:g}, {points[at, 1]:g}"
        )
    if (np.abs(points[:, 0]) > 89.9).any():
        raise RouteError(
            f"{place}: nobody can be guided within 11 km of a pole, where every way leads south or north"
        )
    points = np.column_stack([points[:, 0], np.unwrap(points[:, 1], period=360.0)])
    keep = np.r_[True, lengths(points) >= NEAREST_M]
    if not keep[1:].any():
        raise RouteError(f"{place}: every point is the same: there is nowhere to go")
    return points[keep]


def per_degree(latitude: Floats) -> tuple[Floats, Floats]:
    """Metres that a degree of latitude, and one of longitude, are long at each latitude."""
    radians = np.radians(latitude)
    bent = 1 - ECCENTRICITY_2 * np.sin(radians) ** 2
    north = np.radians(EQUATOR_M * (1 - ECCENTRICITY_2) / bent**1.5)
    east = np.radians(EQUATOR_M * np.cos(radians) / np.sqrt(bent))
    return north, east


def steps(points: Floats) -> Floats:
    """Metres north and east from each point to the next: float64[N − 1, 2]."""
    north, east = per_degree((points[1:, 0] + points[:-1, 0]) / 2)
    change = np.diff(points, axis=0)
    return np.column_stack([change[:, 0] * north, change[:, 1] * east])


def lengths(points: Floats) -> Floats:
    """Metres from each point to the next: float64[N − 1]."""
    step = steps(points)
    length: Floats = np.hypot(step[:, 0], step[:, 1])
    return length


def along(points: Floats) -> Floats:
    """Metres from the first point: float64[N]."""
    total: Floats = np.r_[0.0, np.cumsum(lengths(points))]
    return total


def points_at(line: Floats, along_m: Floats, at_m: Floats) -> Floats:
    """Places along the line → float64[N, 2]; costs what they are, not what the line is."""
    after = np.clip(np.searchsorted(along_m, at_m, side="right"), 1, len(along_m) - 1)
    start, length = along_m[after - 1], along_m[after] - along_m[after - 1]
    share = np.clip((at_m - start) / np.maximum(length, 1e-12), 0.0, 1.0)[:, None]
    points: Floats = line[after - 1] * (1.0 - share) + line[after] * share
    return points


def point_at(line: Floats, along_m: Floats, at_m: float) -> tuple[float, float]:
    """A place along the line → its latitude and longitude."""
    latitude, longitude = points_at(line, along_m, np.array([at_m]))[0]
    return float(latitude), float(longitude)


def bearing(line: Floats, along_m: Floats, from_m: float, to_m: float) -> float:
    """Clockwise from north, of the straight way between two places on the line; 0 where they are one."""
    return float(bearings(line, along_m, np.array([from_m]), np.array([to_m]))[0])


def bearings(line: Floats, along_m: Floats, from_m: Floats, to_m: Floats) -> Floats:
    """The same of many ways at once."""
    pairs = np.stack([points_at(line, along_m, from_m), points_at(line, along_m, to_m)], axis=1)
    ways = steps(pairs.reshape(-1, 2))[::2]
    angles: Floats = np.degrees(np.arctan2(ways[:, 1], ways[:, 0])) % 360.0
    return angles


def project(
    line: Floats,
    along_m: Floats,
    point: tuple[float, float],
    from_m: float,
    to_m: float,
    *,
    first_m: float = 0.0,
) -> tuple[float, float]:
    """The place on the line between two others that is nearest to ``point`` → metres along, and metres away.

    Where the line passes within ``first_m`` more than once, the nearest of its first pass.
    """
    first, last = between(along_m, from_m, to_m)
    part = line[first : last + 1]
    north, east = per_degree(np.array([point[0]]))
    turn = np.round((part[0, 1] - point[1]) / 360.0) * 360.0
    flat = (part - (point[0], point[1] + turn)) * (north[0], east[0])
    start, step = flat[:-1], np.diff(flat, axis=0)
    least, most = (
        np.zeros(len(step)),
        np.ones(len(step)),
    )  # only the first and last piece are not looked at whole
    size = np.maximum(np.diff(along_m[[first, first + 1, last - 1, last]])[::2], 1e-12)
    least[0] = min(max((from_m - along_m[first]) / size[0], 0.0), 1.0)
    most[-1] = min(max((to_m - along_m[last - 1]) / size[1], least[-1]), 1.0)
    share = np.clip(-(start * step).sum(axis=1) / np.maximum((step**2).sum(axis=1), 1e-12), least, most)
    away = np.hypot(*(start + share[:, None] * step).T)
    best = _first_pass(away, first_m)
    place = along_m[first + best] + share[best] * (along_m[first + best + 1] - along_m[first + best])
    return float(np.clip(place, from_m, to_m)), float(away[best])


def between(along_m: Floats, from_m: float, to_m: float) -> tuple[int, int]:
    """The points whose pieces hold all of the line between two places: the first and the last."""
    first = min(max(0, int(np.searchsorted(along_m, from_m, side="right")) - 1), len(along_m) - 2)
    return first, min(len(along_m) - 1, max(first + 1, int(np.searchsorted(along_m, to_m, side="left"))))


def _first_pass(away: Floats, within_m: float) -> int:
    """The nearest piece of the first run of pieces that are all within reach; of them all where none is."""
    reached = away <= within_m
    if not reached.any():
        return int(away.argmin())
    start = int(reached.argmax())
    left = np.flatnonzero(~reached[start:])
    end = start + int(left[0]) if len(left) else len(away)
    return start + int(away[start:end].argmin())
