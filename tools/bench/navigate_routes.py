"""Made routes as OSRM answers them, from seeds: city grids, crooked streets, loops, ways out and back, short
steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Any

import msgspec

from drivers.gnss.ground import metres_per_degree, wrap_degrees

HOME = (31.2231, 121.4316)
EVERY_M = 15.0  # between two points of a street
KINDS = ("grid", "crooked", "short", "loop", "out and back", "eight")
XY = tuple[float, float]  # metres east and north


def corners(kind: str, seed: int) -> list[XY]:
    """Where a route turns; the first is its start, the last its end."""
    rng = Random(f"{kind} {seed}")
    match kind:
        case "grid":
            return _streets(
                rng, [(rng.choice((-90, 90)), rng.uniform(40, 160)) for _ in range(rng.randint(4, 9))]
            )
        case "crooked":
            turns = [rng.choice((-1, 1)) * rng.uniform(30, 110) for _ in range(rng.randint(6, 12))]
            return _streets(rng, [(turn, rng.uniform(30, 100)) for turn in turns])
        case "long":  # streets long enough to go astray beside one and nowhere else
            return _streets(rng, [(rng.choice((-90, 90, 60)), rng.uniform(350, 450)) for _ in range(3)])
        case "short":
            steps = [((-1) ** n * 90.0, rng.uniform(3, 10)) for n in range(4)]
            return _streets(rng, [(0.0, 120.0), *steps, (90.0, 110.0)])
        case "loop":
            side = rng.uniform(80, 160)
            return [(0, 0), (0, side), (side, side), (side, 0), (0, 0)]
        case "out and back":
            return [(0, 0), (0, 180), (rng.uniform(70, 120), 180), (0, 180), (0, 0)]
        case _:
            return [(0, 0), (0, 200), (100, 200), (100, 100), (-100, 100), (-100, 0)]


def osrm_answer(points: Sequence[XY]) -> bytes:
    """A response of OSRM's with a maneuver at each corner; the geometry is GeoJSON."""
    line = [point for start, end in pairwise(points) for point in _dense(start, end)] + [points[-1]]
    steps = [_step(points, number) for number in range(len(points))]
    geometry = {"type": "LineString", "coordinates": [_lonlat(point) for point in line]}
    length = sum(math.dist(a, b) for a, b in pairwise(points))
    route = {"distance": length, "geometry": geometry, "legs": [{"steps": steps}]}
    return msgspec.json.encode({"code": "Ok", "routes": [route], "waypoints": []})


def _streets(rng: Random, legs: Sequence[tuple[float, float]]) -> list[XY]:
    way, found = rng.uniform(0, 360), [(0.0, 0.0)]
    for turn, metres in legs:
        way += turn
        x, y = found[-1]
        found.append((x + metres * math.sin(math.radians(way)), y + metres * math.cos(math.radians(way))))
    return found


def _dense(start: XY, end: XY) -> list[XY]:
    pieces = max(1, round(math.dist(start, end) / EVERY_M))
    return [
        (start[0] + (end[0] - start[0]) * i / pieces, start[1] + (end[1] - start[1]) * i / pieces)
        for i in range(pieces)
    ]


def _step(points: Sequence[XY], number: int) -> dict[str, Any]:
    last = len(points) - 1
    kind, modifier, metres = "turn", "", 0.0
    if number < last:
        metres = math.dist(points[number], points[number + 1])
    if number in (0, last):
        kind = "depart" if number == 0 else "arrive"
    else:
        change = _way(points[number], points[number + 1]) - _way(points[number - 1], points[number])
        modifier = _modifier(wrap_degrees(change))
    maneuver = {"type": kind, "modifier": modifier, "location": _lonlat(points[number])}
    return {"maneuver": maneuver, "distance": metres, "name": f"Street {number}", "mode": "walking"}


def _way(start: XY, end: XY) -> float:
    return math.degrees(math.atan2(end[0] - start[0], end[1] - start[1]))


def _modifier(change: float) -> str:
    size, side = abs(change), "right" if change > 0 else "left"
    hard = "slight " if size < 45 else "sharp " if size > 135 else ""
    return "straight" if size < 15 else "uturn" if size > 170 else f"{hard}{side}"


def _lonlat(point: XY) -> list[float]:
    north, east = metres_per_degree(HOME[0])
    return [HOME[1] + point[0] / east, HOME[0] + point[1] / north]
