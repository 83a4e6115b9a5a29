"""OSRM's route responses, and Valhalla's in the same form.

http://project-osrm.org/docs/v5.24.0/api/#result-objects; banners, exits and pronunciations as Mapbox added them
(docs.mapbox.com/api/navigation/directions). The first route is taken.
"""

from __future__ import annotations

import math
from typing import Any

from runtime.features.navigate.routes.build import bare_route, make_route
from runtime.features.navigate.routes.fields import Node
from runtime.features.navigate.routes.names import name_of
from runtime.features.navigate.routes.osrm_lines import read_lines
from runtime.features.navigate.routes.osrm_steps import read_step
from runtime.features.navigate.routes.putting import Found
from runtime.features.navigate.routes.route import (
    Kind,
    Mode,
    Name,
    NoRouteError,
    Route,
    RouteError,
    Side,
)

SERVICES = ("routes", "trips", "matchings")  # of OSRM's route, trip and match service
SIDES: dict[str, Side] = {"left": "left", "right": "right"}
MODES: dict[str, Mode] = {
    "walking": "walking",
    "pushing bike": "walking",
    "cycling": "cycling",
    "driving": "driving",
}


def is_osrm(value: dict[str, Any]) -> bool:
    """Whether a document is a response, or one route taken out of one, as Mapbox's kits keep it."""
    return any(key in value for key in (*SERVICES, "code", "legs"))


def read_osrm(document: Node) -> Route:
    """The first route of a response, or the route that the document is itself. Raises RouteError."""
    code = document.text("code")
    if code not in ("", "Ok"):
        raise NoRouteError(f"the server found no way: {document.text('message') or code}")
    route = _first(document)
    legs = route.items("legs")
    steps = [(number, step) for number, leg in enumerate(legs) for step in leg.items("steps")]
    waypoints, mode = _waypoints(document, route), _mode(steps, route)
    lines = read_lines(route, [step for _, step in steps], waypoints)
    if not steps:
        return bare_route(lines[0], _stops(legs, waypoints), mode)
    found, traffic = _found(legs), _traffic(steps)
    told = _told(legs) if 0.0 < _told(legs) < math.inf else None
    try:
        return make_route(lines[0], found, mode, told_m=told, traffic=traffic)
    except RouteError:
        if len(lines) < 2:
            raise
    return make_route(lines[1], found, mode, told_m=told, traffic=traffic)


def _first(document: Node) -> Node:
    service = next((key for key in SERVICES if document.get(key) is not None), None)
    if service is None:
        if document.get("legs") is None:
            raise NoRouteError("routes: there is none in it")
        return document
    routes = document.items(service)
    if not routes:
        raise NoRouteError(f"{service}: there is none in it")
    return routes[0]


def _waypoints(document: Node, route: Node) -> list[Node]:
    """The places asked for, in the order of the way; the trip service names them in the order of asking."""
    if route.get("waypoints") is not None:
        return route.items("waypoints")
    waypoints = [one for one in document.items("waypoints") if isinstance(one.value, dict)]
    if document.get("trips") is None:
        return waypoints
    orders = [one.value.get("waypoint_index") for one in waypoints]
    if not all(type(order) is int for order in orders):
        return []
    mine = [
        (order, one) for order, one in zip(orders, waypoints, strict=True) if not one.value.get("trips_index")
    ]
    mine.sort(key=lambda pair: pair[0])
    ordered = [one for _, one in mine]
    return [*ordered, ordered[0]] if len(ordered) == len(route.items("legs")) else ordered


def _mode(steps: list[tuple[int, Node]], route: Node) -> Mode:
    said = [step.text("mode") for _, step in steps] or [route.text("weight_name")]
    return next((MODES[one] for one in said if one in MODES), "walking")


def _traffic(steps: list[tuple[int, Node]]) -> Side:
    """The side on which one drives where the route begins."""
    said = (step.text("driving_side") for _, step in steps)
    return next((SIDES[side] for side in said if side in SIDES), "")


def _told(legs: list[Node]) -> float:
    """The line's length by its steps, and by its legs where one has none."""
    return sum(
        sum(max(0.0, step.maybe("distance") or 0.0) for step in steps)
        if (steps := leg.items("steps"))
        else max(0.0, leg.maybe("distance") or 0.0)
        for leg in legs
    )


def _stops(legs: list[Node], waypoints: list[Node]) -> list[Found]:
    """Without steps: the way points between the legs, and the end with its name."""
    named = waypoints if len(waypoints) == len(legs) + 1 else []
    found, about = list[Found](), 0.0
    for number, leg in enumerate(legs):
        about += max(0.0, leg.maybe("distance") or 0.0)
        place = named[number + 1].place if named else leg.place
        name = name_of(named[number + 1].text("name")) if named else Name("")
        last = number == len(legs) - 1
        point = None if last or not named else named[number + 1].point("location")
        kind: Kind = "arrive" if last else "via"
        found.append(Found(kind, point, float("inf") if last else about, place, name=name))
    return found


def _found(legs: list[Node]) -> list[Found]:
    found, about = list[Found](), 0.0
    for number, leg in enumerate(legs):
        last = number == len(legs) - 1
        steps = leg.items("steps")
        for step, before in zip(steps, [None, *steps], strict=False):
            one = read_step(step, before, about, last=last)
            if one.kind != "depart" or not found:  # a leg that begins where another ends is its via point
                found.append(one)
            about += max(0.0, step.maybe("distance") or 0.0)
        if not steps:
            about += max(0.0, leg.maybe("distance") or 0.0)
            found.append(Found("arrive" if last else "via", None, about, leg.place))
    return found
