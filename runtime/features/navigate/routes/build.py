"""From what a reader found to a ``Route``: maneuvers put onto the line, in their order, with their bearings."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from runtime.features.navigate.routes.geometry import Floats, along, bearing, clean_line, point_at
from runtime.features.navigate.routes.putting import MOST_MANEUVERS, Found, OffLineError, Putting
from runtime.features.navigate.routes.roundabouts import way_out
from runtime.features.navigate.routes.route import Maneuver, Mode, Route, RouteError, Side
from runtime.features.navigate.routes.shape import corners, modifier_of, turn_between

AHEAD_M = 12.0  # of the line, before and behind a place, that give its bearings
END_M = 1.0
APART_M = 30.0  # a corner closer to a turn that is told is the same


def make_route(
    points: Floats, found: Sequence[Found], mode: Mode, *, told_m: float | None, traffic: Side = ""
) -> Route:
    """``points`` float64[N, 2] and its maneuvers. ``told_m`` is the line's length as the source has it.

    Raises RouteError, which names the maneuver.
    """
    line = clean_line(points, "geometry")
    along_m = along(line)
    if len(found) > MOST_MANEUVERS:
        raise RouteError(f"{len(found)} maneuvers are more than {MOST_MANEUVERS}: cut the route in two")
    scale = float(along_m[-1]) / told_m if told_m else 1.0
    put = Putting(line, along_m, scale)
    placed = [_maneuver(line, along_m, one, put(one)) for one in found]
    return Route(line, along_m, tuple(_whole(line, along_m, placed, traffic)), mode, traffic=traffic)


def bare_route(points: Floats, stops: Sequence[Found], mode: Mode, *, shaky: bool = False) -> Route:
    """A line without instructions: its corners, and the places on the way. Raises RouteError."""
    line = clean_line(points, "geometry")
    along_m = along(line)
    placed = corners(line, along_m, shaky=shaky)
    put = Putting(line, along_m)
    placed += [_maneuver(line, along_m, one, put(one)) for one in stops]
    placed.sort(key=lambda maneuver: maneuver.at_m)
    return Route(line, along_m, tuple(_whole(line, along_m, placed)), mode)


def hinted_route(
    points: Floats, hints: Sequence[Found], mode: Mode, *, loose: bool = False, shaky: bool = False
) -> Route:
    """A line with turns written beside it; where they are few for its corners, with those corners between them.

    ``loose``: a hint that is not on the line is left out. Raises RouteError.
    """
    line = clean_line(points, "geometry")
    along_m = along(line)
    if len(hints) > MOST_MANEUVERS:
        raise RouteError(f"more than {MOST_MANEUVERS} turns are written in it: cut the route in two")
    put, placed = Putting(line, along_m), list[Maneuver]()
    for one in hints:
        try:
            at_m = put(one)
        except OffLineError:
            if not loose:
                raise
            continue
        if at_m > END_M or one.kind not in ("via", "turn", "u-turn"):  # nothing is to be done at the start
            one.kind = "depart" if at_m <= END_M and not placed else one.kind
            placed.append(_maneuver(line, along_m, one, at_m))
    placed = [one for one in placed if one.kind != "via" or one.at_m < along_m[-1] - END_M]
    shaped = corners(line, along_m, shaky=shaky)
    if 2 * len(placed) < len(shaped):
        told = np.array([one.at_m for one in placed])
        placed += [one for one in shaped if not len(told) or np.abs(told - one.at_m).min() > APART_M]
        placed.sort(key=lambda maneuver: maneuver.at_m)
    return Route(line, along_m, tuple(_whole(line, along_m, placed)), mode)


def _maneuver(line: Floats, along_m: Floats, one: Found, at_m: float) -> Maneuver:
    length = float(along_m[-1])
    before = bearing(line, along_m, max(0.0, at_m - AHEAD_M), at_m) if at_m > 0 else 0.0
    after = bearing(line, along_m, at_m, min(length, at_m + AHEAD_M)) if at_m < length else before
    if at_m <= 0:
        before = after
    return Maneuver(
        one.kind,
        at_m,
        point_at(line, along_m, at_m),
        before,
        after,
        one.modifier,
        one.name,
        one.towards,
        one.exit,
        one.lanes,
        one.ref,
        one.sign_exit,
        one.junction,
    )


def _whole(line: Floats, along_m: Floats, placed: list[Maneuver], traffic: Side = "") -> list[Maneuver]:
    """With a departure and an arrival at the ends, and each roundabout's way out."""
    length = float(along_m[-1])
    if not placed or placed[0].kind != "depart":
        start = Found("depart", (float(line[0, 0]), float(line[0, 1])), 0.0, "")
        placed.insert(0, _maneuver(line, along_m, start, 0.0))
    placed[0] = msgspec.structs.replace(placed[0], at_m=0.0)
    if placed[-1].kind != "arrive":
        end = Found("arrive", (float(line[-1, 0]), float(line[-1, 1])), length, "")
        placed.append(_maneuver(line, along_m, end, length))
    placed[-1] = msgspec.structs.replace(placed[-1], at_m=length)
    for i, one in enumerate(placed[:-1]):
        if one.kind == "roundabout":
            then = placed[i + 1]
            if then.kind == "exit roundabout":
                way = modifier_of(turn_between(one.before, then.after))
            else:
                way = one.modifier or way_out(line, along_m, one, then.at_m, traffic)
            placed[i] = msgspec.structs.replace(one, modifier=way)
    return placed
