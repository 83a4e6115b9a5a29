"""The arrow against the truth: glasses whole on virtual time, a consumer's IMU and magnetometer, streets with iron.

The true arrow is the way that the route goes where the walker truly is, seen from where the head truly points. At a
corner that way swings by 90° within some metres, and a fix that errs by three of them is told as it is: apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import msgspec

from drivers.gnss.ground import wrap_degrees
from drivers.sim.outing import Iron
from runtime.app import Glasses
from runtime.core.clock import NS
from runtime.core.messages import Arrow, Heading
from runtime.core.topics import ARROW, HEADING, POSE
from runtime.features.navigate.following.ahead import way
from runtime.features.navigate.following.line import Line
from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import Route
from tools.bench.figures import Figure, median, percentile
from tools.bench.navigate_routes import corners, osrm_answer
from tools.walking import STARTS_S, Wish, walk

SEEDS = 4
CORNER_M = 15.0  # before and behind a turn
BEGUN_S = 20.0  # of walking: what a heading is told from
IRON_M, IRON_AM2 = (
    60.0,
    2000.0,
)  # a lorry or a steel post so often: some 20 µT beside it, as much as the earth's


class Seen(msgspec.Struct):
    """Errors in degrees of the arrow on straight ways and at corners, and of the heading; whether the stated
    deviation covered the latter.
    """

    arrow: list[float] = msgspec.field(default_factory=list)
    corner: list[float] = msgspec.field(default_factory=list)
    heading: list[float] = msgspec.field(default_factory=list)
    once: list[bool] = msgspec.field(default_factory=list)
    twice: list[bool] = msgspec.field(default_factory=list)
    noticed: int = 0


def measure() -> Iterator[Figure]:
    """Usual streets, without a magnetometer, and past iron."""
    yield from _arrows("arrow", seen(irons=False, compass=True), bars=True)
    yield from _arrows("arrow, no magnetometer", seen(irons=False, compass=False), bars=True)
    iron = seen(irons=True, compass=True)
    yield from _arrows("arrow, iron", iron, bars=False)
    yield Figure("  heading's deviation covers its error, iron", 100 * _share(iron.once), "%", 90, "more")
    yield Figure("  … twice the deviation", 100 * _share(iron.twice), "%")
    yield Figure("  iron is noticed", 100 * iron.noticed / len(iron.once), "%")


def _arrows(name: str, found: Seen, *, bars: bool) -> Iterator[Figure]:
    middle, most = (5.0, 15.0) if bars else (None, None)
    yield Figure(f"{name}: error, median", median(found.arrow), "°", middle)
    yield Figure(f"{name}: error, p95", percentile(found.arrow, 95), "°", most)
    yield Figure("  at corners, median", median(found.corner), "°")
    yield Figure("  heading's error, median", median(found.heading), "°")
    yield Figure("  heading's error, p95", percentile(found.heading, 95), "°")


def seen(*, irons: bool, compass: bool) -> Seen:
    """``SEEDS`` walks through made streets."""
    found = Seen()
    for seed in range(SEEDS):
        kind = ("grid", "crooked")[seed % 2]
        route = load_route(osrm_answer(corners(kind, 40 + seed)), f"{kind} {seed}")
        wish = Wish(seed=seed, irons=_irons(route) if irons else ())
        walk(route, wish, watch=partial(_watch, route, found), compass=compass)
    return found


def _irons(route: Route) -> tuple[Iron, ...]:
    moment = (IRON_AM2, -IRON_AM2 / 2, IRON_AM2 / 2)
    count = int(route.length_m / IRON_M)
    return tuple(Iron(at_m=IRON_M * (i + 0.5), left_m=2.0, moment_am2=moment) for i in range(count))


def _watch(route: Route, found: Seen, glasses: Glasses) -> None:
    world, bus, line = glasses.world, glasses.bus, Line(route)
    assert world is not None
    turns = [maneuver.at_m for maneuver in route.maneuvers[1:-1]]
    begun_ns = world.start_ns + round((STARTS_S + BEGUN_S) * NS)

    def on_arrow(arrow: Arrow) -> None:
        pose = bus.latest(POSE)
        if arrow.degrees is None or pose is None or pose.t_ns < begun_ns:
            return
        spot, heading = world.place(pose.t_ns), world.heading(pose.t_ns)
        assert spot is not None
        assert heading is not None
        if spot.walked_m < route.length_m - 1.0:  # at the end it points nowhere
            ahead = [at_m for at_m in turns if at_m > spot.walked_m]
            truth = heading - way(line, ahead, spot.walked_m, spot.speed_mps)
            near = min(abs(at_m - spot.walked_m) for at_m in turns) < CORNER_M
            (found.corner if near else found.arrow).append(abs(wrap_degrees(arrow.degrees - truth)))

    def on_heading(told: Heading) -> None:
        truth = world.heading(told.t_ns)
        if truth is not None and told.t_ns >= begun_ns:
            error = abs(wrap_degrees(told.degrees - truth))
            found.heading.append(error)
            found.once.append(error <= told.sd_deg)
            found.twice.append(error <= 2 * told.sd_deg)
            found.noticed += told.disturbed

    bus.tap(ARROW, on_arrow)
    bus.tap(HEADING, on_heading)


def _share(hits: list[bool]) -> float:
    return sum(hits) / max(1, len(hits))
