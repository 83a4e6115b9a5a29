"""The filter is as near as it says, believes no jump, and survives any fix."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import Fix
from drivers.gnss.ground import metres_per_degree
from drivers.sim.outing import Jump, Noise, Pause, noise_of
from drivers.sim.reception import receive
from drivers.sim.walker import Walker
from runtime.core.clock import NS
from runtime.core.messages import Place
from runtime.sense.place.filter import PlaceFilter

HOME = (31.22, 121.43)
NORTH, EAST = metres_per_degree(HOME[0])


def line(*corners: tuple[float, float]) -> np.ndarray:
    """Metres north and east → a path."""
    return np.array([(HOME[0] + n / NORTH, HOME[1] + e / EAST) for n, e in corners])


BLOCKS = line((0, 0), (300, 0), (300, 200), (500, 200))


def walked(noise: Noise, seed: int, speed: float = 1.4, **how: object) -> list[tuple[float, Place]]:
    """Metres between the place and the truth, and the place, fix by fix."""
    walker, places, found = Walker(BLOCKS, speed, **how), PlaceFilter(), []  # type: ignore[arg-type]
    for fix in receive(walker, noise, seed):
        place = places.hear(fix)
        if place is not None:
            truth = walker.at(fix.t_ns / NS)
            apart = (place.latitude - truth.latitude) * NORTH, (place.longitude - truth.longitude) * EAST
            found.append((math.hypot(*apart), place))
    return found


def fix(seconds: float, north: float, east: float, accuracy: float = 4.0) -> Fix:
    return Fix(round(seconds * NS), HOME[0] + north / NORTH, HOME[1] + east / EAST, accuracy)


@pytest.mark.parametrize("sd", [1.0, 3.0, 5.0])
def test_it_is_as_near_as_it_says(sd: float) -> None:
    errors = [one for seed in range(20) for one in walked(noise_of(sd), seed)]
    inside = sum(error <= place.accuracy_m * math.sqrt(-2 * math.log(0.32)) for error, place in errors)
    assert 0.55 <= inside / len(errors) <= 0.9  # 68 of 100, were it exact
    assert np.median([place.accuracy_m for _, place in errors]) < 1.3 * sd + 1


def test_speed_and_course_are_those_of_the_walk() -> None:
    places = [place for _, place in walked(noise_of(3.0), 1) if 20 < place.t_ns / NS < 200]
    courses = [(place.course_deg + 180) % 360 - 180 for place in places if place.course_deg is not None]
    assert len(courses) > 0.95 * len(places)
    assert abs(float(np.median(courses))) < 3
    assert np.percentile(np.abs(courses), 95) < 12
    assert np.median([place.speed_mps for place in places]) == pytest.approx(1.4, abs=0.1)


def test_standing_has_no_course() -> None:
    places = [place for _, place in walked(noise_of(3.0), 2, pauses=(Pause(at_m=100.0, for_s=60.0),))]
    standing = [place for place in places if 85 < place.t_ns / NS < 125]
    assert sum(place.course_deg is None for place in standing) > 0.8 * len(standing)


def test_a_jump_of_80_m_for_3_s_is_not_believed() -> None:
    noise = msgspec.structs.replace(noise_of(2.0), jumps=(Jump(60.0, 80.0, 3.0),))
    assert max(error for error, _ in walked(noise, 3)) < 15


def test_what_stays_far_away_is_believed_in_the_end() -> None:
    places = PlaceFilter()
    for second in range(10):
        assert places.hear(fix(second, 0, 0)) is not None
    told = [places.hear(fix(second, 500, 0)) for second in range(10, 20)]
    assert told[0] is None
    last = told[-1]
    assert last is not None
    assert (last.latitude - HOME[0]) * NORTH == pytest.approx(500, abs=5)


def test_fixes_that_hop_about_are_never_believed() -> None:
    places = PlaceFilter()
    places.hear(fix(0, 0, 0))
    assert not any(places.hear(fix(second, 400 * (-1) ** second, 300 * second)) for second in range(1, 20))


def test_time_that_goes_back_changes_nothing() -> None:
    places = PlaceFilter()
    assert places.hear(fix(10, 0, 0)) is not None
    assert places.hear(fix(10, 1, 0)) is None
    assert places.hear(fix(4, 50, 0)) is None
    assert places.hear(fix(11, 1, 0)) is not None


def test_the_antimeridian_and_long_ways_are_no_barrier() -> None:
    places, last = PlaceFilter(), None
    for second in range(4000):  # 400 km east at 100 m/s
        last = places.hear(
            Fix(second * NS, 10.0, (179.0 + second * 0.0009 + 180) % 360 - 180, 4.0, 98.6, 90.0)
        )
    assert last is not None
    assert last.longitude == pytest.approx(179.0 + 3999 * 0.0009 - 360, abs=1e-3)


ODD = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 10**12), ODD, ODD, ODD, ODD | st.none(), ODD | st.none()), max_size=12)
)
def test_any_fix_is_survived(
    fixes: list[tuple[int, float, float, float, float | None, float | None]],
) -> None:
    places = PlaceFilter()
    for one in fixes:
        place = places.hear(Fix(*one))
        if place is not None:
            assert all(
                map(math.isfinite, (place.latitude, place.longitude, place.accuracy_m, place.speed_mps))
            )
            assert place.accuracy_m > 0
