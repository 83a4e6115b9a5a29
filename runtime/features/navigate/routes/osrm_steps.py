"""A step of OSRM's form → a maneuver: http://project-osrm.org/docs/v5.24.0/api/#routestep-object.

A step's own fields tell of the maneuver that begins it; its banners (Mapbox's bannerInstructions) tell of the one
that ends it, which is the next step's.
"""

from __future__ import annotations

from typing import Any, get_args

from runtime.features.navigate.routes.fields import Node
from runtime.features.navigate.routes.names import name_of
from runtime.features.navigate.routes.putting import Found
from runtime.features.navigate.routes.route import Kind, Lane, Modifier
from runtime.features.navigate.routes.shape import modifier_of

TURNS = {"turn", "end of road", "merge", "on ramp", "off ramp", "ramp"}
ROUND = {"roundabout", "rotary", "roundabout turn"}
LEAVE = {"exit roundabout", "exit rotary"}
STRAIGHT_ON = ("new name", "notification", "use lane")
MODIFIERS = get_args(Modifier)


def read_step(step: Node, before: Node | None, about_m: float, *, last: bool) -> Found:
    """``before`` is the step that leads there; ``last``: in the route's last leg. Raises RouteFormatError."""
    maneuver = step["maneuver"]
    said, name, ref = maneuver.text("modifier"), step.text("name"), step.text("ref")
    modifier: Modifier = said if said in MODIFIERS else ""  # type: ignore[assignment]
    kind = _kind(maneuver.text("type"), modifier, step.text("mode"), last=last)
    banner = _banner(before)
    if kind == "roundabout" and maneuver.text("type") != "roundabout turn":
        modifier = _way_out(banner)
    return Found(
        kind,
        maneuver.point("location"),
        about_m,
        maneuver.place,
        modifier,
        name_of(name or ref, step.text("pronunciation")),
        step.text("destinations"),
        _exit(maneuver),
        _lanes(step) or _banner_lanes(banner),
        ref if name else "",
        step.text("exits"),
        step.text("rotary_name") or step.text("junction_name"),
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
    if kind == "fork" and modifier.endswith(("left", "right")):
        return "fork"
    if kind in TURNS and modifier not in ("", "straight"):
        return "turn"
    return "continue" if modifier in ("", "straight") or kind in STRAIGHT_ON else "turn"


def _exit(maneuver: Node) -> int:
    count = maneuver.get("exit")
    return count.value if count is not None and type(count.value) is int and 0 < count.value < 100 else 0


def _lanes(step: Node) -> tuple[Lane, ...]:
    """Those before the maneuver's own crossing."""
    crossings = step.items("intersections")
    lanes = crossings[0].items("lanes") if crossings else []
    return tuple(
        Lane(tuple(_words(lane, "indications")), lane.value.get("valid") is True)
        for lane in lanes
        if isinstance(lane.value, dict)
    )


def _banner(step: Node | None) -> list[dict[str, Any]]:
    """The banners of a step, the last first; what is none is left out, for nobody is lost without it."""
    node = None if step is None else step.get("bannerInstructions")
    said = node.value if node is not None and isinstance(node.value, list) else []
    return [one for one in reversed(said) if isinstance(one, dict)]


def _banner_lanes(banners: list[dict[str, Any]]) -> tuple[Lane, ...]:
    for banner in banners:
        sub = banner.get("sub")
        parts = sub.get("components") if isinstance(sub, dict) else None
        lanes = [
            Lane(tuple(_words(Node(part), "directions")), part.get("active") is True)
            for part in (parts if isinstance(parts, list) else [])
            if isinstance(part, dict) and part.get("type") == "lane"
        ]
        if lanes:
            return tuple(lanes)
    return ()


def _way_out(banners: list[dict[str, Any]]) -> Modifier:
    """By the degrees of a banner: 180 is straight over, 90 to the right where one drives on the right."""
    for banner in banners:
        primary = banner.get("primary")
        if isinstance(primary, dict) and primary.get("type") in ROUND:
            degrees = primary.get("degrees")
            if isinstance(degrees, int | float) and not isinstance(degrees, bool) and 0 < degrees <= 360:
                change = 180.0 - degrees
                return modifier_of(-change if primary.get("driving_side") == "left" else change)
    return ""


def _words(lane: Node, key: str) -> list[str]:
    said: Any = lane.value.get(key)
    return [word for word in said if isinstance(word, str)] if isinstance(said, list) else []
