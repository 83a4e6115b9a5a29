"""A geometry as a server writes it → a line: polylines of five or six digits, or GeoJSON, whichever it is.

How many digits a polyline has is written nowhere in it. Read with the wrong number it is ten times as long or as
short, and ten times as far from where it should begin: that tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runtime.features.navigate.routes.fields import Node
from runtime.features.navigate.routes.geometry import MOST_POINTS, Floats, along, decode_polyline, on_earth
from runtime.features.navigate.routes.route import RouteError, RouteFormatError

OFF = 0.25  # a line may be longer or shorter than it is said to be by this share
SHORT_M = 50.0  # of what is shorter than that, the length is no proof
Place = tuple[float, float]


def decode(geometry: Node, told_m: float | None, near: Place | None) -> Floats:
    """float64[N, 2]. ``told_m`` is how long it should be, ``near`` where it should begin. Raises RouteFormatError."""
    if isinstance(geometry.value, dict):
        lines = [_coordinates(geometry)]
    else:
        lines = [line for line in _readings(geometry) if on_earth(line)]
    if not lines:
        raise RouteFormatError(f"{geometry.place}: no place on Earth, with five digits or six")
    line = min(lines, key=lambda line: _misfit(line, told_m, near))
    if len(line) and told_m is not None and not fits(line, told_m):
        raise RouteFormatError(
            f"{geometry.place}: {along(line)[-1]:.0f} m long, but {told_m:.0f} m are said: it is cut off, "
            "or another route's"
        )
    return line


def fits(line: Floats, told_m: float) -> bool:
    """Whether the line is about as long as is said of it."""
    return told_m <= SHORT_M or _ratio(line, told_m) <= np.log(1 + OFF)


def _readings(geometry: Node) -> Sequence[Floats]:
    if not isinstance(geometry.value, str):
        raise RouteFormatError(f"{geometry.place}: an encoded polyline or GeoJSON is expected here")
    return [decode_polyline(geometry.value, precision, geometry.place) for precision in (6, 5)]


def _coordinates(geometry: Node) -> Floats:
    """[longitude, latitude, …] of GeoJSON's LineString; a million of them within a second."""
    where = geometry["coordinates"]
    if not isinstance(where.value, list):
        raise RouteFormatError(f"{where.place}: a list is expected here")
    if len(where.value) > MOST_POINTS:
        raise RouteError(f"{where.place}: {len(where.value)} points are more than {MOST_POINTS}: simplify it")
    flat = np.empty((len(where.value), 2))
    for i, pair in enumerate(where.value):
        if type(pair) is list and len(pair) >= 2 and type(pair[0]) is type(pair[1]) is float:
            flat[i] = pair[1], pair[0]
        else:  # not the usual: looked at closely
            flat[i] = Node(pair, f"{where.place}[{i}]").as_point()
    if not on_earth(flat):
        wrong = int(np.argmax((np.abs(flat) > (90.0, 360.0)).any(axis=1)))
        Node(where.value[wrong], f"{where.place}[{wrong}]").as_point()
    return flat


def _misfit(line: Floats, told_m: float | None, near: Place | None) -> float:
    """How far the line is from what is said: the log of the lengths' ratio, and degrees from where it begins."""
    off = 0.0
    if told_m is not None and told_m > 0:
        off += _ratio(line, told_m)
    if near is not None and len(line):
        off += min(float(np.abs(line[0] - near).max()), 10.0)
    return off


def _ratio(line: Floats, told_m: float) -> float:
    length = float(along(line)[-1]) if len(line) else 0.0
    return abs(float(np.log(max(length, 1e-3) / told_m)))
