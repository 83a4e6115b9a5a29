"""A thousand walks from seeds, without screens: walker, receiver, filter, guide; what must not happen is counted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.gnss.ground import metres_per_degree
from drivers.sim.outing import Detour, Jump, Noise, Outage, noise_of
from drivers.sim.reception import receive
from drivers.sim.walker import Walker
from runtime.core.clock import NS
from runtime.features.navigate.cues.events import Event
from runtime.features.navigate.cues.guide import Guide
from runtime.features.navigate.cues.when import calm
from runtime.features.navigate.cues.words import Words
from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import Route
from runtime.sense.place.filter import PlaceFilter
from tools.bench.figures import Figure, median, percentile
from tools.bench.navigate_routes import KINDS, corners, osrm_answer

WALKS, DETOURS, JUMPS = 1000, 60, 40
STARTS_S, STAYS_S = 4.0, 40.0
SPEEDS = (1.0, 1.4, 5.0)
ARRIVED_M = 15.0
PASSED_M = 20.0  # of way behind a maneuver: more than fixes err by
LEFT_M, AWAY_M = 3.0, 25.0  # off the route: the walker leaves it; it is a detour


class Walked(msgspec.Struct):
    """A walk's events with the metres really walked, and what the panel did wrong."""

    route: Route
    events: list[tuple[Event, float]]
    walker: Walker
    passed: int = 0

    def kinds(self, *kinds: str) -> list[tuple[Event, float]]:
        """The events of these kinds."""
        return [one for one in self.events if one[0].kind in kinds]


def measure() -> Iterator[Figure]:
    """Clean and troubled walks, detours, jumps, and the cost of a fix."""
    yield from _many()
    yield from _detours()
    alarms = sum(bool(_jumping(seed).kinds("off_route", "wrong_way")) for seed in range(JUMPS))
    yield Figure(f"alarms in {JUMPS} walks whose fixes jump 80 m for 3 s", alarms, "", 0)
    yield Figure("a fix on a route of 10,000 points, median", median(_costs()), "ms", 0.2)


def _many() -> Iterator[Figure]:
    wrong = order = false = missed = passed = 0
    for seed in range(WALKS):
        walked = troubled(seed)
        wrong += not (once_in_order(walked) if _is_clean(seed) else in_order(walked))
        order += not prepared_first(walked)
        false += _is_clean(seed) and bool(walked.kinds("off_route", "wrong_way"))
        missed += not arrives(walked)
        passed += walked.passed
    yield Figure(f"walks of {WALKS} with a maneuver not cued once, or out of order", wrong, "", 0)
    yield Figure('… with a cue before its "prepare"', order, "", 0)
    yield Figure("… that nobody left, with an alarm", false, "", 0)
    yield Figure(f"… that do not arrive within {ARRIVED_M:g} m", missed, "", 0)
    yield Figure("moments with a cue for a maneuver already passed", passed, "", 0)


def _detours() -> Iterator[Figure]:
    left, back, told = zip(*(detour_times(seed) for seed in range(DETOURS)), strict=True)
    yield Figure(f"a detour of 60 m is told, p95 of {len(left)}", percentile(left, 95), "s", 12)
    yield Figure("… the worst", max(left), "s")
    yield Figure("… told more than once, or back more than once", sum(count > 2 for count in told), "", 0)
    yield Figure("back on the route, p95", percentile(back, 95), "s", 8)
    yield Figure("… the worst", max(back), "s")


def _is_clean(seed: int) -> bool:
    return seed % 3 == 0


def troubled(seed: int) -> Walked:
    """Every third walk has noise alone; the others outages, pauses and wandering fixes, too."""
    rng = Random(seed)
    route = load_route(osrm_answer(corners(KINDS[seed % len(KINDS)], seed)), f"made {seed}")
    speed = rng.choice(SPEEDS)
    noise = Noise(white_m=5.0, wander_m=0.0) if _is_clean(seed) else noise_of(rng.uniform(1, 5))
    if not _is_clean(seed):
        lasts = rng.uniform(5, 40)
        noise = msgspec.structs.replace(noise, outages=(Outage(rng.uniform(10, 100), lasts),))
    walker = Walker(route.line, speed, starts_s=STARTS_S)
    return follow(route, walker, noise, seed)


def follow(route: Route, walker: Walker, noise: Noise, seed: int) -> Walked:
    """Walk, and look at what is told and shown, once a second."""
    guide, places = Guide(route, Words("en")), PlaceFilter()
    walked = Walked(route, [], walker)
    fixes = {round(fix.t_ns / NS): fix for fix in receive(walker, noise, seed, after_s=STAYS_S)}
    for second in range(round(walker.ends_s + STAYS_S)):
        fix = fixes.get(second)
        place = places.hear(fix) if fix is not None else None
        events = guide.update(place) if place is not None else guide.tick(second * NS)
        at_m = walker.at(float(second)).walked_m
        walked.events += [(event, at_m) for event in events]
        _look(walked, guide, second, at_m)
    return walked


def _look(walked: Walked, guide: Guide, second: int, at_m: float) -> None:
    panel = guide.shown()
    if panel is None:
        return
    if panel.until_ns < second * NS:  # what the feature takes down
        return
    if panel.phase in ("prepare", "now") and walked.walker.path.length_m == walked.route.length_m:
        walked.passed += at_m > walked.route.maneuvers[panel.maneuver].at_m + PASSED_M


def once_in_order(walked: Walked) -> bool:
    """Each maneuver was cued exactly once, in the route's order."""
    told = [event.maneuver for event, _ in walked.kinds("cue")]
    return told == list(range(len(walked.route.maneuvers)))


def in_order(walked: Walked) -> bool:
    """No maneuver was cued twice, or behind a later one; those that an outage swallowed were not cued at all."""
    told = [event.maneuver for event, _ in walked.kinds("cue")]
    return told == sorted(set(told))


def prepared_first(walked: Walked) -> bool:
    """No "prepare" comes after its cue, and none is missing."""
    order = [(event.kind, event.maneuver) for event, _ in walked.kinds("prepare", "cue")]
    busy = [i for i, one in enumerate(walked.route.maneuvers) if not calm(one) and ("cue", i) in order]
    return all(("prepare", i) in order[: order.index(("cue", i))] for i in busy)


def arrives(walked: Walked) -> bool:
    """It is told once, near the end."""
    told = walked.kinds("arrived")
    return len(told) == 1 and walked.walker.path.length_m - told[0][1] <= ARRIVED_M


def detour_times(seed: int) -> tuple[float, float, int]:
    """Seconds from leaving the route until that is told, and from being back on it; how often either was told."""
    route, rng = load_route(osrm_answer(corners("long", seed)), "detour"), Random(seed)
    detour = Detour(at_m=rng.uniform(90, 200), off_m=rng.choice((-60, 60)), along_m=60.0)
    walker = Walker(route.line, 1.4, starts_s=STARTS_S, detours=(detour,))
    walked = follow(route, walker, noise_of(3.0), seed)
    off = _off_route(route, walker)
    gone = np.flatnonzero(off > AWAY_M)
    told, rejoined = walked.kinds("off_route"), walked.kinds("rejoined")
    if not told or not rejoined:
        return 99.0, 99.0, 0
    left = gone[0] - int(np.argmax(off[gone[0] :: -1] < LEFT_M))
    on_again = gone[-1] + int(np.argmax(off[gone[-1] :] < LEFT_M))
    seconds = told[0][0].t_ns / NS - float(left), rejoined[-1][0].t_ns / NS - float(on_again)
    return *seconds, len(walked.kinds("off_route", "wrong_way", "rejoined"))


def _off_route(route: Route, walker: Walker) -> NDArray[np.float64]:
    """Metres between the walker and the route, second by second."""
    truth = walker.truth(np.arange(0.0, walker.ends_s + STAYS_S))
    north, east = metres_per_degree(float(route.line[0, 0]))
    at = np.arange(0.0, route.length_m, 2.0)
    line = np.column_stack([np.interp(at, route.along_m, route.line[:, axis]) for axis in (0, 1)])
    there = np.column_stack([truth.latitude, truth.longitude])
    apart = (there[:, None, :] - line[None]) * (north, east)
    nearest: NDArray[np.float64] = np.hypot(apart[..., 0], apart[..., 1]).min(axis=1)
    return nearest


def _jumping(seed: int) -> Walked:
    route = load_route(osrm_answer(corners("grid", seed + 9000)), "jumps")
    walker = Walker(route.line, 1.4, starts_s=STARTS_S)
    at_s = Random(seed).uniform(20, max(30.0, walker.ends_s - 20))
    noise = msgspec.structs.replace(noise_of(2.0), jumps=(Jump(at_s, 80.0, 3.0),))
    return follow(route, walker, noise, seed)


def _costs() -> list[float]:
    """Milliseconds of one fix, filter and guide together."""
    rng = Random(1)
    legs = [(rng.uniform(-40, 40), 150.0) for _ in range(1000)]
    points, way = [(0.0, 0.0)], 0.0
    for turn, metres in legs:
        way += turn
        x, y = points[-1]
        points.append((x + metres * np.sin(np.radians(way)), y + metres * np.cos(np.radians(way))))
    route = load_route(osrm_answer([(float(x), float(y)) for x, y in points]), "long")
    assert len(route.line) >= 10_000
    walker = Walker(route.line, 1.4)
    guide, places, costs = Guide(route, Words("en")), PlaceFilter(), []
    for number, fix in enumerate(receive(walker, noise_of(3.0), 1)):
        if number == 2000:
            break
        start = time.perf_counter()
        place = places.hear(fix)
        if place is not None:
            guide.update(place)
        costs.append(1000 * (time.perf_counter() - start))
    return costs
