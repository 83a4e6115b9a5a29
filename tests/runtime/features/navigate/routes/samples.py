"""Small routes written as servers and recorders write them, round a crossing in Shanghai."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

Point = tuple[float, float]
START = (31.2200, 121.4300)
NORTH, EAST = 1 / 110_857.0, 1 / 95_282.0  # degrees a metre there


def at(north_m: float, east_m: float) -> Point:
    """A place so many metres from the start."""
    return START[0] + north_m * NORTH, START[1] + east_m * EAST


CORNER = (at(0, 0), at(200, 0), at(200, 150))  # 200 m north, then 150 m east


def encode(points: Sequence[Point], precision: int) -> str:
    """Google's encoded polyline, written from its description."""
    text, before = "", (0, 0)
    for point in points:
        now = (round(point[0] * 10**precision), round(point[1] * 10**precision))
        for new, old in zip(now, before, strict=True):
            number = (new - old) << 1
            number = ~number if new < old else number
            while number >= 0x20:
                text += chr((0x20 | number & 0x1F) + 63)
                number >>= 5
            text += chr(number + 63)
        before = now
    return text


def step(kind: str, where: Point, metres: float, **more: Any) -> dict[str, Any]:
    """A step of OSRM's; ``modifier`` and ``exit`` go to its maneuver."""
    about: dict[str, Any] = {key: more.pop(key) for key in ("modifier", "exit") if key in more}
    maneuver: dict[str, Any] = {"type": kind, "location": [where[1], where[0]], **about}
    return {"maneuver": maneuver, "distance": metres, "mode": "walking", "name": "", **more}


def osrm(
    points: Sequence[Point], legs: Sequence[Sequence[dict[str, Any]]], metres: float, **route: Any
) -> bytes:
    """A response with one route."""
    whole: dict[str, Any] = {"distance": metres, "geometry": encode(points, 6), **route}
    return msgspec.json.encode(
        {"code": "Ok", "routes": [{**whole, "legs": [{"steps": list(leg)} for leg in legs]}], "waypoints": []}
    )


def corner(**route: Any) -> bytes:
    """North, right at a corner onto Yuyuan Road, arrive on the left."""
    steps = [
        step("depart", CORNER[0], 200.0, modifier="straight", name="江苏路"),
        step(
            "turn", CORNER[1], 150.0, modifier="right", name="愚园路 / Yuyuan Rd.", pronunciation="ˈjuːjuɛn"
        ),
        step("arrive", CORNER[2], 0.0, modifier="left"),
    ]
    return osrm(CORNER, [steps], 350.0, **route)


def gpx(points: Sequence[Point], *, kind: str = "trk", timed: bool = False) -> bytes:
    """A track or a route of GPX 1.1."""
    tag = {"trk": "trkpt", "rte": "rtept"}[kind]
    time = "<time>2026-01-01T00:00:00Z</time>" if timed else ""
    inside = "".join(f'<{tag} lat="{lat:.7f}" lon="{lon:.7f}">{time}</{tag}>' for lat, lon in points)
    if kind == "trk":
        inside = f"<trkseg>{inside}</trkseg>"
    head = '<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">'
    return f"{head}<{kind}>{inside}</{kind}></gpx>".encode()
