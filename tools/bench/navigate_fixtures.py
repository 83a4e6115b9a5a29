"""Real routes, walked at 1.4 m/s and ridden at 5 with fixes that err by 5 m: many times without a screen, and with
the glasses whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from drivers.sim.outing import Noise
from drivers.sim.walker import Walker
from runtime.features.navigate.cues.when import calm
from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import Route
from tools.bench.figures import Figure, fixtures
from tools.bench.navigate_walks import (
    ARRIVED_M,
    STARTS_S,
    Walked,
    arrives,
    follow,
    once_in_order,
    prepared_first,
)
from tools.walking import Wish, walk

SPEEDS, SEEDS = (1.4, 5.0), 10
NOISE_M = 5.0


def measure() -> Iterator[Figure]:
    """Every JSON and GPX file among the fixtures."""
    routes = [load_route(path.read_bytes(), path.name) for path in _files()]
    runs = [_bare(route, speed, seed) for route in routes for speed in SPEEDS for seed in range(SEEDS)]
    count = f"of {len(runs)} walks of {len(routes)} real routes"
    yield Figure(
        f"a maneuver not cued exactly once in order, {count}", sum(not once_in_order(r) for r in runs), "", 0
    )
    yield Figure('… a cue without its "prepare" before', sum(not prepared_first(r) for r in runs), "", 0)
    yield Figure("… a false alarm", sum(bool(r.kinds("off_route", "wrong_way")) for r in runs), "", 0)
    yield Figure(f"… no arrival within {ARRIVED_M:g} m", sum(not arrives(r) for r in runs), "", 0)
    wrong = sum(_whole(route, speed) for route in routes for speed in SPEEDS)
    yield Figure("the same in glasses whole: walks with a fault", wrong, "", 0)


def _files() -> list[Path]:
    folder = fixtures() / "routes"
    return sorted(path for path in folder.glob("*") if path.suffix in (".json", ".gpx"))


def _bare(route: Route, speed: float, seed: int) -> Walked:
    walker = Walker(route.line, speed, starts_s=STARTS_S)
    return follow(route, walker, Noise(white_m=NOISE_M, wander_m=0.0), seed)


def _whole(route: Route, speed: float) -> bool:
    """Whether something went wrong."""
    told = walk(route, Wish(speed_mps=speed, noise_m=NOISE_M)).told
    cues = [one.maneuver for one in told if one.event == "cue"]
    order = [(one.event, one.maneuver) for one in told]
    busy = [i for i, one in enumerate(route.maneuvers) if not calm(one)]
    prepared = all(("prepare", i) in order[: order.index(("cue", i))] for i in busy if ("cue", i) in order)
    alarms = any(one.event in ("off_route", "wrong_way") for one in told)
    ends = order[-1:] == [("arrived", len(route.maneuvers) - 1)]
    return cues != list(range(len(route.maneuvers))) or not prepared or alarms or not ends
