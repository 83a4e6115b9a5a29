"""The panel of a moment: icon, distance, what to do and onto which street."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.features.navigate.cues.events import Panel
from runtime.features.navigate.cues.when import distances
from runtime.features.navigate.routes.route import Maneuver

if TYPE_CHECKING:
    from runtime.features.navigate.cues.guide import Guide

_KINDS = {"ferry": "ferry", "via": "via", "depart": "straight"}


def icon_name(maneuver: Maneuver) -> str:
    """The maneuver's icon in ``runtime.hud.icons``."""
    match maneuver.kind:
        case "arrive":
            return f"arrive-{maneuver.side}" if maneuver.side else "arrive"
        case "u-turn":
            return "u-turn"
        case "roundabout":
            return f"roundabout-{_way_out(maneuver)}"
        case "exit roundabout":  # on the right, but where one drives on the left
            return f"exit-roundabout-{maneuver.side or 'right'}"
        case "fork" if side := maneuver.side:
            return f"keep-{side}"
        case "turn" | "continue" | "fork":
            return _turn(maneuver.modifier)
    return _KINDS[maneuver.kind]


def _turn(modifier: str) -> str:
    if modifier == "uturn":
        return "u-turn"
    if modifier in ("", "straight"):
        return "straight"
    hardness, _, side = modifier.rpartition(" ")
    return f"{hardness or 'turn'}-{side}"


def _way_out(maneuver: Maneuver) -> str:
    """Where a roundabout is left, seen from where it is entered: one of eight directions."""
    modifier = maneuver.modifier or "straight"
    return "back" if modifier == "uturn" else modifier.replace(" ", "-")


def panel(guide: Guide, index: int, until_ns: int) -> Panel:
    """What the guide shows now of maneuver ``index``."""
    now, words, maneuver = guide.following, guide.words, guide.route.maneuvers[index]
    bearing = now.bearing
    match now.status:
        case "off":
            return Panel(-1, "off", "off-route", words.off_route(), until_ns)
        case "wrong way":
            return Panel(-1, "wrong way", "u-turn", words.wrong_way(), until_ns, bearing=bearing)
        case "arrived":
            return Panel(index, "arrived", icon_name(maneuver), words.arrived(maneuver), until_ns)
    then = guide.follows_closely(index)
    name, local = words.names(maneuver.name)
    at_it = now.to_next_m <= distances(guide.route.mode, now.speed_mps, 0.0, 1e9).now_m
    return Panel(
        maneuver=index,
        phase="now" if at_it else "prepare",
        icon=icon_name(maneuver),
        text=words.short(maneuver),
        until_ns=until_ns,
        distance="" if now.to_next_m < 5 else words.distance(now.to_next_m),
        name=words.signed(name, maneuver),
        local=local,
        lanes=words.lanes(maneuver.lanes),
        doubtful=words.towards(maneuver),
        then=icon_name(then) if then else "",
        bearing=bearing,
    )
