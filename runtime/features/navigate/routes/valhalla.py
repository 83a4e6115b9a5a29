"""Valhalla's own route responses: https://valhalla.github.io/valhalla/api/turn-by-turn/api-reference/#outputs-of-a-route."""

from __future__ import annotations

import numpy as np

from runtime.features.navigate.routes.build import bare_route, make_route
from runtime.features.navigate.routes.decoding import decode
from runtime.features.navigate.routes.fields import Node
from runtime.features.navigate.routes.geometry import Floats, along
from runtime.features.navigate.routes.names import name_of
from runtime.features.navigate.routes.putting import Found
from runtime.features.navigate.routes.route import (
    Kind,
    Lane,
    Mode,
    Modifier,
    NoRouteError,
    Route,
    RouteFormatError,
)

# Type → what to do (api-reference, "maneuver types").
TYPES: dict[int, tuple[Kind, Modifier]] = {
    1: ("depart", ""), 2: ("depart", "right"), 3: ("depart", "left"),
    4: ("arrive", ""), 5: ("arrive", "right"), 6: ("arrive", "left"),
    9: ("turn", "slight right"), 10: ("turn", "right"), 11: ("turn", "sharp right"),
    12: ("u-turn", "uturn"), 13: ("u-turn", "uturn"),
    14: ("turn", "sharp left"), 15: ("turn", "left"), 16: ("turn", "slight left"),
    18: ("turn", "slight right"), 19: ("turn", "slight left"), 20: ("turn", "slight right"),
    21: ("turn", "slight left"), 23: ("fork", "slight right"), 24: ("fork", "slight left"),
    26: ("roundabout", ""), 27: ("exit roundabout", ""), 28: ("ferry", ""),
    37: ("turn", "slight right"), 38: ("turn", "slight left"),
}  # fmt: skip
STRAIGHT: tuple[Kind, Modifier] = ("continue", "straight")
MODES: dict[str, Mode] = {"pedestrian": "walking", "bicycle": "cycling", "drive": "driving"}
MILE_M = 1609.344
# Bits of a lane's directions, from the lowest (api-reference, "lanes").
DIRECTIONS = (
    "none", "straight", "sharp left", "left", "slight left", "slight right", "right", "sharp right", "uturn",
)  # fmt: skip


def read_valhalla(document: Node) -> Route:
    """The trip of a response. Raises RouteError."""
    if document.get("error_code") is not None or document.get("error") is not None:
        said = document.text("error") or f"error {document.value.get('error_code')}"
        raise NoRouteError(f"the server found no way: {said}")
    trip = document["trip"]
    if trip.maybe("status"):
        raise NoRouteError(f"the server found no way: {trip.text('status_message')}")
    legs = trip.items("legs")
    if not legs:
        raise NoRouteError("trip.legs: there is none in it")
    lines, found, before_m = [], list[Found](), 0.0
    for number, leg in enumerate(legs):
        line = _shape(leg, trip)
        metres, last = along(line), number == len(legs) - 1
        if leg.items("maneuvers"):
            found += _found(leg, line, metres, before_m, first=number == 0, last=last)
        elif not last:  # asked for without its directions
            found.append(Found("via", _point(line, -1), before_m + float(metres[-1]), leg.place))
        lines.append(line)
        before_m += float(metres[-1])
    whole = np.vstack(lines)
    if not any(leg.items("maneuvers") for leg in legs):
        return bare_route(whole, found, _mode(legs))
    return make_route(whole, found, _mode(legs), told_m=None)


def _mode(legs: list[Node]) -> Mode:
    said = [maneuver.text("travel_mode") for leg in legs for maneuver in leg.items("maneuvers")]
    return next((MODES[one] for one in said if one in MODES), "walking")


def _shape(leg: Node, trip: Node) -> Floats:
    """The leg's line, in whichever ``shape_format`` was asked for."""
    summary, metres = leg.get("summary"), MILE_M if trip.text("units") == "miles" else 1000.0
    length = summary.maybe("length") if summary is not None and isinstance(summary.value, dict) else None
    line = decode(leg["shape"], None if length is None else length * metres, _start(leg, trip))
    if len(line) == 0:
        raise RouteFormatError(f"{leg.place}.shape: there is no point in it")
    return line


def _start(leg: Node, trip: Node) -> tuple[float, float] | None:
    """Where the trip begins, for its first leg; there only five digits are told from six by it."""
    locations = trip.items("locations")
    if not locations or not leg.place.endswith("[0]"):
        return None
    try:
        return locations[0].number("lat"), locations[0].number("lon")
    except RouteFormatError:
        return None


def _point(line: Floats, index: int) -> tuple[float, float]:
    return float(line[index, 0]), float(line[index, 1])


def _found(
    leg: Node, line: Floats, metres: Floats, before_m: float, *, first: bool, last: bool
) -> list[Found]:
    found = []
    for node in leg.items("maneuvers"):
        one = _maneuver(node, line, metres, before_m)
        if one.kind == "arrive" and not last:
            one.kind = "via"
        if one.kind != "depart" or first:
            found.append(one)
    return found


def _maneuver(node: Node, line: Floats, metres: Floats, before_m: float) -> Found:
    index = node["begin_shape_index"]
    if type(index.value) is not int or not 0 <= index.value < len(line):
        raise RouteFormatError(f"{index.place}: {index.value!r} is no point of the leg's {len(line)}")
    kind_number = node.get("type")
    kind, modifier = TYPES.get(
        kind_number.value if kind_number and type(kind_number.value) is int else 0, STRAIGHT
    )
    exits = node.get("roundabout_exit_count")
    return Found(
        kind,
        _point(line, index.value),
        before_m + float(metres[index.value]),
        node.place,
        modifier,
        name_of("; ".join(_names(node))),
        _towards(node),
        exits.value if exits is not None and type(exits.value) is int and 0 < exits.value < 100 else 0,
        _lanes(node),
    )


def _names(node: Node) -> list[str]:
    """Of the way as it is called where it begins, else everywhere."""
    for key in ("begin_street_names", "street_names"):
        names = [one.value for one in node.items(key) if isinstance(one.value, str)]
        if names:
            return names
    return []


def _towards(node: Node) -> str:
    sign = node.get("sign")
    if sign is None or not isinstance(sign.value, dict):
        return ""
    texts = [one.text("text") for one in sign.items("exit_toward_elements") if isinstance(one.value, dict)]
    return ", ".join(text for text in texts if text)


def _lanes(node: Node) -> tuple[Lane, ...]:
    return tuple(_lane(lane) for lane in node.items("lanes") if isinstance(lane.value, dict))


def _lane(lane: Node) -> Lane:
    bits = lane.value.get("directions")
    words = [word for i, word in enumerate(DIRECTIONS) if type(bits) is int and bits >> i & 1 and i]
    return Lane(tuple(words), bool(lane.value.get("valid") or lane.value.get("active")))
