from __future__ import annotations

import itertools
import math

import msgspec
import pytest

from runtime.core.messages import Place
from runtime.features.navigate.following.follower import SILENT_S, Follower
from runtime.features.navigate.following.line import turn
from runtime.features.navigate.following.state import FollowerState, Following, WrongRouteError
from tests.runtime.features.navigate.made import LOOP, OUT_AND_BACK, XY, latlon, route
from tests.runtime.features.navigate.walker import NS

ELL: list[XY] = [(0, 0), (0, 100), (100, 100)]


def place(
    xy: XY, t: float, *, accuracy: float = 3.0, speed: float = 1.4, course: float | None = 0.0
) -> Place:
    return Place(round(t * NS), *latlon(xy), accuracy, speed, course)


def north(follower: Follower, from_m: float, to_m: float, t: float = 0.0) -> tuple[Following, float]:
    """Walk north along x = 0; the last state, and the time after it."""
    state = follower.tick(round(t * NS))
    y = from_m
    while y <= to_m:
        state, t, y = follower.update(place((0, y), t)), t + 1, y + 1.4
    return state, t


def test_nothing_is_known_before_the_first_place() -> None:
    state = Follower(route(ELL)).tick(5 * NS)
    assert (state.status, state.sure, state.next) == ("waiting", False, 0)


def test_it_says_where_the_wearer_is_and_what_comes() -> None:
    state, _ = north(Follower(route(ELL)), 0, 60)
    assert state.status == "on"
    assert state.next == 1
    assert state.along_m == pytest.approx(60, abs=3)
    assert state.left_m == pytest.approx(140, abs=3)
    assert state.to_next_m == pytest.approx(40, abs=3)
    assert state.point == pytest.approx(latlon((0, state.along_m)), abs=1e-6)
    assert abs(turn(state.bearing, 0.0)) < 2


def test_the_arrow_turns_into_the_street_without_a_leap() -> None:
    follower, bearings = Follower(route(ELL)), []
    for number in range(80):
        s = 70 + number * 1.0
        xy, course = ((0.0, s), 0.0) if s <= 100 else ((s - 100, 100.0), 90.0)
        bearings.append(follower.update(place(xy, number, speed=1.0, course=course)).bearing)
    turns = [turn(a, b) for a, b in itertools.pairwise(bearings)]
    assert abs(turn(bearings[10], 0)) < 3
    assert abs(turn(bearings[-1], 90)) < 3
    assert max(map(abs, turns)) < 40
    assert min(turns) > -5


def test_silence_is_doubt_until_a_place_comes() -> None:
    follower = Follower(route(ELL))
    state, t = north(follower, 0, 50)
    assert state.sure
    assert follower.tick(round((t + SILENT_S - 1.5) * NS)).sure
    silent = follower.tick(round((t + SILENT_S + 1) * NS))
    assert (silent.doubt, silent.sure, silent.status) == ("silent", False, "on")
    assert north(follower, 60, 62, t + 20)[0].sure


def test_a_vague_place_is_doubt_until_it_is_good_again() -> None:
    follower = Follower(route(ELL))
    _, t = north(follower, 0, 50)
    for number in range(60):  # indoors: nowhere near, and no alarm
        state = follower.update(place((90, 20), t + number, accuracy=60.0))
        assert (state.status, state.reroute) == ("on", False)
    assert state.doubt == "poor"
    assert follower.update(place((0, 55), t + 60, accuracy=23.0)).doubt == "poor"  # no blinking in between
    assert north(follower, 56, 66, t + 61)[0].sure


def test_waiting_at_the_lights_is_nothing() -> None:
    follower = Follower(route(ELL))
    _, t = north(follower, 0, 90)
    for number in range(300):
        wobble = (4 * math.sin(number / 9), 90 + 4 * math.cos(number / 7))
        state = follower.update(place(wobble, t + number, accuracy=4.0, speed=0.0, course=None))
        assert (state.status, state.next, state.sure) == ("on", 1, True)


def test_no_place_on_earth_changes_nothing() -> None:
    follower = Follower(route(ELL))
    state, t = north(follower, 0, 50)
    for bad in (
        Place(round(t * NS), math.nan, 0.0, 3.0),
        Place(round(t * NS), 91.0, 0.0, 3.0),
        Place(round(t * NS), 31.0, 121.0, math.inf),
        Place(round(t * NS), 31.0, 121.0, -1.0),
        Place(round(t * NS), 31.0, 121.0, 3.0, math.nan),
    ):
        assert msgspec.structs.replace(follower.update(bad), t_ns=state.t_ns) == state


def test_time_that_goes_backwards_changes_nothing() -> None:
    follower = Follower(route(ELL))
    state, _ = north(follower, 0, 50)
    again = follower.update(place((0, 0), 3.0))
    assert (again.along_m, again.t_ns) == (state.along_m, state.t_ns)


def test_arriving_is_being_there_or_standing_close_by() -> None:
    follower = Follower(route([(0, 0), (0, 100)]))
    assert north(follower, 0, 92)[0].status == "on"
    assert north(follower, 93, 110, 70.0)[0].status == "arrived"
    other = Follower(route([(0, 0), (0, 100)]))
    _, t = north(other, 0, 91)
    states = [other.update(place((0, 91), t + i, speed=0.0, course=None)).status for i in range(12)]
    assert states[0] == "on"
    assert states[-1] == "arrived"


def test_a_loop_is_not_over_where_it_begins() -> None:
    state, _ = north(Follower(route(LOOP)), 0, 20)
    assert (state.status, round(state.left_m / 10)) == ("on", 52)


def test_turning_back_early_is_a_short_cut_to_the_way_back() -> None:
    follower = Follower(route(OUT_AND_BACK))
    _, t = north(follower, 0, 120)
    for number in range(40):
        state = follower.update(place((0, 120 - 1.4 * number), t + number, course=180.0))
        assert state.status in ("on", "wrong way")
    assert state.status == "on"
    assert state.along_m == pytest.approx(540 - 120 + 1.4 * 39, abs=6)


def test_walking_back_is_the_wrong_way_and_turning_round_ends_it() -> None:
    follower = Follower(route(ELL))
    _, t = north(follower, 0, 80)
    for number in range(20):
        state = follower.update(place((0, 80 - 1.4 * number), t + number, course=180.0))
    assert (state.status, state.reroute) == ("wrong way", False)
    assert north(follower, 52, 66, t + 20)[0].status == "on"


def test_a_route_is_asked_for_while_off_and_nothing_stands_still() -> None:
    follower = Follower(route(ELL))
    _, t = north(follower, 0, 50)
    states = [follower.update(place((-1.4 * number, 50), t + number, course=270.0)) for number in range(90)]
    asked = [number for number, state in enumerate(states) if state.reroute]
    assert asked[0] <= 12
    assert [b - a for a, b in itertools.pairwise(asked)] == [5, 10, 20, 40][: len(asked) - 1]
    assert len(asked) >= 4


def test_progress_survives_the_end_of_the_process() -> None:
    made = route(OUT_AND_BACK)
    follower = Follower(made)
    north(follower, 0, 100)
    for number in range(60):
        follower.update(place((0, 100.0), 200.0 + number, speed=0.0, course=None))
    kept = msgspec.json.decode(msgspec.json.encode(follower.state()), type=FollowerState)
    again = Follower(made, kept)
    state = again.update(place((2, 101), 1.0, speed=0.0, course=None))  # a new boot counts from 0
    assert (state.status, state.next) == ("on", 1)
    assert state.along_m == pytest.approx(101, abs=6)


def test_another_routes_progress_is_refused() -> None:
    kept = Follower(route(ELL)).state()
    with pytest.raises(WrongRouteError, match="start it anew"):
        Follower(route(LOOP), kept)


def test_a_skipped_maneuver_counts_as_passed() -> None:
    follower = Follower(route(ELL))
    north(follower, 0, 50)
    follower.skip()
    assert north(follower, 51, 53, 60.0)[0].next == 2
    follower.skip()
    assert north(follower, 54, 56, 70.0)[0].next == 2  # arriving can't be skipped
