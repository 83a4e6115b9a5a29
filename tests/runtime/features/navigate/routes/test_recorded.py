"""Tracks as receivers record them: turns where the walker turned, none where the receiver shook or one stood."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from runtime.features.navigate.routes.geometry import Floats
from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import Route
from tests.runtime.features.navigate.routes.samples import at, gpx
from tests.runtime.features.navigate.routes.test_load import check

PACE_M = 1.4  # a second
WAYS = {
    "straight": ([(0, 0), (500, 0)], []),
    "corner": ([(0, 0), (250, 0), (250, 250)], ["right"]),
    "four corners": (
        [(0, 0), (200, 0), (200, 150), (400, 150), (400, -100), (600, -100)],
        ["right", "left", "left", "right"],
    ),
}


def walk(corners: list[tuple[int, int]], stand_s: int = 0) -> Floats:
    """A place each second, metres north and east; after a minute one stands for ``stand_s``."""
    legs = []
    for start, end in pairwise(corners):
        count = int(np.hypot(*np.subtract(end, start)) / PACE_M)
        legs.append(np.array(start) + np.outer(np.arange(count) / count, np.subtract(end, start)))
    way = np.vstack([*legs, [corners[-1]]])
    return np.vstack([way[:60], np.repeat(way[60:61], stand_s, axis=0), way[60:]])


def wander(count: int, deviation_m: float, last_s: float, seed: int) -> Floats:
    """Noise of a receiver: it wanders about, and comes back within ``last_s`` (Ornstein-Uhlenbeck); white for 0."""
    rng = np.random.default_rng(seed)
    if last_s == 0:
        return rng.normal(0, deviation_m, (count, 2))
    keep = np.exp(-1 / last_s)
    noise = rng.normal(0, deviation_m, (count, 2))
    for i in range(1, count):
        noise[i] = keep * noise[i - 1] + noise[i] * np.sqrt(1 - keep**2)
    return noise


def load(metres: Floats, *, timed: bool = True) -> Route:
    route = load_route(gpx([at(*place) for place in metres], timed=timed), "recorded.gpx")
    check(route)
    return route


def turns(route: Route) -> list[str]:
    return [one.modifier.rpartition(" ")[2] for one in route.maneuvers[1:-1]]


@pytest.mark.parametrize("stand_s", [0, 300])
@pytest.mark.parametrize(("deviation_m", "last_s"), [(0.5, 0), (1.0, 0), (2.0, 0), (3.0, 30), (5.0, 90)])
@pytest.mark.parametrize("way", WAYS)
def test_turns_are_where_the_walker_turned(way: str, deviation_m: float, last_s: float, stand_s: int) -> None:
    """Every time where the noise is white; four times of six where the receiver wanders, and draws corners itself."""
    corners, expected = WAYS[way]
    clean = walk(corners, stand_s)
    right = sum(
        turns(load(clean + wander(len(clean), deviation_m, last_s, seed))) == expected for seed in range(6)
    )
    assert right >= (6 if last_s == 0 else 4)


def test_who_stands_still_makes_no_turn_and_walks_no_way() -> None:
    clean = walk([(0, 0), (200, 0)], stand_s=1200)
    noisy = clean + wander(len(clean), 3.0, 40, seed=3)
    route = load(noisy)
    assert turns(route) == []
    assert route.length_m < 280  # the cloud alone was some hundred metres long


def test_noise_does_not_lengthen_the_way() -> None:
    clean = walk([(0, 0), (500, 0)])
    route = load(clean + wander(len(clean), 2.0, 0, seed=1))
    assert route.length_m == pytest.approx(500, rel=0.1)


def test_a_turn_back_is_still_one() -> None:
    clean = walk([(0, 0), (200, 0), (0, 3)])
    assert turns(load(clean + wander(len(clean), 0.5, 0, seed=2))) == ["uturn"]


def test_a_track_whose_times_were_taken_out_is_still_a_recorded_one() -> None:
    clean = walk([(0, 0), (250, 0), (250, 250)])
    assert turns(load(clean + wander(len(clean), 2.0, 0, seed=4), timed=False)) == ["right"]


def test_a_track_of_nothing_but_a_cloud() -> None:
    """An hour on a bench: whatever is left of it, no turn is."""
    assert turns(load(wander(3600, 4.0, 60, seed=5))) == []


def test_a_planned_line_is_not_touched() -> None:
    line = [(0, 0), (60, 0), (60, 40), (120, 40), (120, 0), (180, 0)]
    route = load(np.array(line, np.float64), timed=False)
    assert len(route.line) == len(line)
    assert turns(route) == ["right", "left", "left", "right"]
