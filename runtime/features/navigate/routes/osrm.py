"""OSRM's route responses, and Valhalla's in the same form.

http://project-osrm.org/docs/v5.24.0/api/#result-objects; banners, exits and pronunciations as Mapbox added them
(docs.mapbox.com/api/navigation/directions). The first route is taken.
"""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from runtime.features.navigate.routes.build import Found, bare_route, make_route
from runtime.features.navigate.routes.fields import Node
from runtime.features.navigate.routes.geometry import Floats, along, decode_polyline, on_earth
from runtime.features.navigate.routes.names import name_of
from runtime.features.navigate.routes.route import (
    Kind,
    Lane,
    Mode,
    Modifier,
    NoRouteError,
    Route,
    RouteFormatError,
)

OFF = 0.25  # a line may be longer or shorter than it is said to be by this share
TURNS = {"turn", "end of road", "fork", "merge", "on ramp", "off ramp", "ramp"}
ROUND = {"roundabout", "rotary", "roundabout turn"}
LEAVE = {"exit roundabout", "exit rotary"}
MODES: dict[str, Mode] = {
    "walking": "walking",
    "pushing bike": "walking",
    "cycling": "cycling",
    "driving": "driving",
}
MODIFIERS = get_args(Modifier)


def read_osrm(document: Node, source: str) -> Route:
    """The first route of a response. Raises RouteError."""
    code = document.text("code")
    if code not in ("", "Ok"):
        raise NoRouteError(f"{source}: the server found no way: {document.text('message') or code}")
    routes = document.items("routes")
    if not routes:
        raise NoRouteError(f"{source}: routes: there is none in it")
    route = routes[0]
    legs = route.items("legs")
    points = _line(route, legs, document)
    steps = [(number, step) for number, leg in enumerate(legs) for step in leg.items("steps")]
    mode = _mode(steps, route)
    if not any(leg.items("steps") for leg in legs):
        return bare_route(points, _stops(document, legs, points), mode, source)
    told = sum(max(0.0, step.maybe("distance") or 0.0) for _, step in steps)
    return make_route(points, _found(steps, len(legs)), mode, source, told_m=told or None)


def _mode(steps: list[tuple[int, Node]], route: Node) -> Mode:
    said = [step.text("mode") for _, step in steps] or [route.text("weight_name")]
    return next((MODES[one] for one in said if one in MODES), "walking")


def _line(route: Node, legs: list[Node], document: Node) -> Floats:
    """The route's own geometry, else that of its steps, one after the other."""
    told, near = route.maybe("distance"), _first_waypoint(document)
    geometry = route.get("geometry")
    if geometry is not None:
        return decode(geometry, told, near)
    parts = [step.get("geometry") for leg in legs for step in leg.items("steps")]
    lines = [decode(part, None, near) for part in parts if part is not None and part.value not in ("", {})]
    if not lines:
        raise RouteFormatError(f"{route.place}.geometry: missing; ask the server for overview=full")
    return np.vstack(lines)


def _first_waypoint(document: Node) -> tuple[float, float] | None:
    waypoints = document.items("waypoints")
    return waypoints[0].point("location") if waypoints and waypoints[0].get("location") is not None else None


def decode(geometry: Node, told_m: float | None, near: tuple[float, float] | None) -> Floats:
    """Polyline of 5 or 6 digits, whichever fits what else is said, or GeoJSON → float64[N, 2]. Raises RouteError."""
    if isinstance(geometry.value, dict):
        places = geometry.items("coordinates")
        pairs = [Node({"at": place.value}, geometry.place).point("at") for place in places]
        return np.array(pairs, np.float64).reshape(-1, 2)
    if not isinstance(geometry.value, str):
        raise RouteFormatError(f"{geometry.place}: an encoded polyline or GeoJSON is expected here")
    lines = [decode_polyline(geometry.value, precision, geometry.place) for precision in (6, 5)]
    fits = [(_misfit(line, told_m, near), line) for line in lines if on_earth(line)]
    if not fits:
        raise RouteFormatError(f"{geometry.place}: no place on Earth, with five digits or six")
    misfit, line = min(fits, key=lambda fit: fit[0])
    if misfit > np.log(1 + OFF) and told_m and told_m > 50:
        raise RouteFormatError(
            f"{geometry.place}: {along(line)[-1]:.0f} m long, but {told_m:.0f} m are said: it is cut off"
        )
    return line


def _misfit(line: Floats, told_m: float | None, near: tuple[float, float] | None) -> float:
    """How far the line is from what is said of it: the log of the lengths' ratio, or degrees from where it begins."""
    if told_m is not None and told_m > 0:
        return abs(float(np.log(max(along(line)[-1], 1e-3) / told_m)))
    if near is not None:
        return float(np.abs(line[0] - near).max())
    return 0.0


def _stops(document: Node, legs: list[Node], points: Floats) -> list[Found]:
    """Without steps: the way points between the legs, and the end with its name."""
    waypoints = document.items("waypoints")
    if len(waypoints) != len(legs) + 1:
        return []
    found, about = [], 0.0
    for number, (leg, waypoint) in enumerate(zip(legs, waypoints[1:], strict=True)):
        about += max(0.0, leg.maybe("distance") or 0.0)
        kind: Kind = "arrive" if number == len(legs) - 1 else "via"
        at = (float(points[-1, 0]), float(points[-1, 1])) if kind == "arrive" else waypoint.point("location")
        name = name_of(waypoint.text("name"))
        found.append(Found(kind, at, about if kind == "via" else float("inf"), waypoint.place, name=name))
    return found


def _found(steps: list[tuple[int, Node]], legs: int) -> list[Found]:
    found, about = list[Found](), 0.0
    for leg, step in steps:
        one = _step(step, about, last=leg == legs - 1)
        if one.kind != "depart" or not found:  # a leg that begins where another ends is its via point
            found.append(one)
        about += max(0.0, step.maybe("distance") or 0.0)
    return found


def _step(step: Node, about_m: float, *, last: bool) -> Found:
    maneuver = step["maneuver"]
    modifier = maneuver.text("modifier")
    kind = _kind(maneuver.text("type"), modifier, step.text("mode"), last=last)
    return Found(
        kind,
        maneuver.point("location"),
        about_m,
        maneuver.place,
        modifier if modifier in MODIFIERS else "",  # type: ignore[arg-type]
        name_of(step.text("name") or step.text("ref"), step.text("pronunciation")),
        step.text("destinations"),
        _exit(maneuver),
        _lanes(step),
    )


def _kind(kind: str, modifier: str, mode: str, *, last: bool) -> Kind:
    if kind == "depart":
        return "depart"
    if kind == "arrive":
        return "arrive" if last else "via"
    if mode == "ferry":
        return "ferry"
    if kind in ROUND:
        return "roundabout"
    if kind in LEAVE:
        return "exit roundabout"
    if modifier == "uturn":
        return "u-turn"
    if kind in TURNS and modifier not in ("", "straight"):
        return "turn"
    straight = modifier in ("", "straight") or kind in ("new name", "notification", "use lane")
    return "continue" if straight else "turn"


def _exit(maneuver: Node) -> int:
    count = maneuver.get("exit")
    return count.value if count is not None and type(count.value) is int and 0 < count.value < 100 else 0


def _lanes(step: Node) -> tuple[Lane, ...]:
    """Those before the maneuver's own crossing."""
    crossings = step.items("intersections")
    lanes = crossings[0].items("lanes") if crossings else []
    return tuple(
        Lane(tuple(_words(lane)), lane.value.get("valid") is True) for lane in lanes if _is_lane(lane)
    )


def _is_lane(lane: Node) -> bool:
    return isinstance(lane.value, dict)


def _words(lane: Node) -> list[str]:
    said: Any = lane.value.get("indications")
    return [word for word in said if isinstance(word, str)] if isinstance(said, list) else []
