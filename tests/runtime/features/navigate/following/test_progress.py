from __future__ import annotations

from statistics import median

import pytest

from runtime.core.clock import RealClock
from runtime.core.messages import Place
from runtime.features.navigate.following.follower import Follower
from runtime.features.navigate.following.line import Line, vector
from runtime.features.navigate.following.progress import MOST_BINS, Progress
from runtime.features.navigate.routes.route import Route
from tests.runtime.features.navigate.made import EIGHT, KINDS, LOOP, OUT_AND_BACK, XY, latlon, named, route
from tests.runtime.features.navigate.walker import NS, Sky, walk

EXACT = Sky(white=0.0, drift=0.0, course_sd=0.0)


def place(
    xy: XY, t: float, *, accuracy: float = 3.0, speed: float = 0.0, course: float | None = None
) -> Place:
    return Place(round(t * NS), *latlon(xy), accuracy, speed, course)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("speed", [1.4, 5.0])
def test_exact_places_give_exact_progress(kind: str, speed: float) -> None:
    corners = named(kind, 3)
    follower = Follower(route(corners, "walking" if speed < 3 else "cycling"))
    worst = max(
        abs(follower.update(one.place).along_m - one.along)
        for one in walk(corners, speed, 1, EXACT)
        if one.place
    )
    assert worst < 8.0


@pytest.mark.parametrize("kind", KINDS)
def test_noise_of_five_metres_never_takes_it_to_another_pass(kind: str) -> None:
    corners = named(kind, 5)
    follower = Follower(route(corners))
    wrong = [
        abs(follower.update(one.place).along_m - one.along)
        for one in walk(corners, 1.4, 2, Sky(white=5.0, drift=0.0))
        if one.place
    ]
    assert max(wrong[5:]) < 25.0
    assert median(wrong) < 5.0


def test_places_without_speed_and_course_will_do() -> None:
    corners = named("grid", 4)
    follower = Follower(route(corners))
    wrong = [
        abs(follower.update(one.place).along_m - one.along)
        for one in walk(corners, 1.4, 2, Sky(white=3.0, drift=0.0, moves=False))
        if one.place
    ]
    assert max(wrong) < 25.0


def test_a_loop_begins_at_its_beginning() -> None:
    line = Line(route(LOOP))
    for xy in ((0.0, 0.0), (8.0, 2.0), (-5.0, -5.0), (14.0, 0.0)):
        assert Progress(line).begin(place(xy, 0.0), None).along_m < 15.0


def test_a_course_tells_the_way_out_from_the_way_back() -> None:
    line = Line(route(OUT_AND_BACK))
    out = Progress(line).begin(place((0, 100), 0.0, speed=1.4, course=0.0), None)
    back = Progress(line).begin(place((0, 100), 0.0, speed=1.4, course=180.0), None)
    assert (round(out.along_m), round(back.along_m)) == (100, 440)


def test_a_saved_progress_is_found_again_on_the_same_pass() -> None:
    line = Line(route(OUT_AND_BACK))
    assert round(Progress(line).begin(place((0, 100), 0.0), 430.0).along_m) == 440
    assert round(Progress(line).begin(place((0, 100), 0.0), 90.0).along_m) == 100


def test_a_crossing_with_itself_is_crossed_straight() -> None:
    follower = Follower(route(EIGHT))
    for number in range(200):
        y = number * 1.4
        if y > 140:
            break
        state = follower.update(place((0, y), number, speed=1.4, course=0.0))
        assert state.along_m == pytest.approx(y, abs=6)


def test_a_minute_without_places_is_bridged() -> None:
    line = Line(route([(0, 0), (0, 2000)]))
    progress = Progress(line)
    progress.begin(place((0, 0), 0.0, speed=1.4, course=0.0), None)
    match, _ = progress.step(place((2, 84), 60.0, speed=1.4, course=0.0), vector(*latlon((2, 84))))
    assert match.along_m == pytest.approx(84, abs=8)


def test_the_belief_stays_bounded_through_a_night_without_places() -> None:
    line = Line(route([(0, 0), (0, 50_000)], every=100.0))
    progress = Progress(line)
    progress.begin(place((0, 0), 0.0), None)
    for number in range(1, 20):
        there = place((0, 100.0 * number), 3600.0 * number, accuracy=500.0)
        progress.step(there, vector(there.latitude, there.longitude))
        assert len(progress._belief) <= MOST_BINS


def test_a_fix_costs_the_same_on_a_long_route() -> None:
    """Side by side, and the fastest of many: that is what the code costs, the rest is the machine's."""
    clock = RealClock()
    followers = {points: Follower(_winding(points)) for points in (100, 10_000)}
    spent: dict[int, list[int]] = {points: [] for points in followers}
    for number in range(200):
        there = place((3, (number % 60) * 1.4), number, speed=1.4, course=0.0)
        for points, follower in followers.items():
            start = clock.now_ns()
            follower.update(there)
            spent[points].append(clock.now_ns() - start)
    assert min(spent[10_000]) <= 2 * min(spent[100])


def _winding(points: int) -> Route:
    corners: list[XY] = [(0, 0)]
    for number in range(points // 50):
        dx, dy = ((0, 100), (100, 0), (0, 100), (-100, 0))[number % 4]
        corners.append((corners[-1][0] + dx, corners[-1][1] + dy))
    made = route(corners, every=2.0)
    assert abs(len(made.line) - points) <= 1
    return made
