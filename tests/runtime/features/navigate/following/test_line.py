from __future__ import annotations

import itertools

import numpy as np
import pytest

from runtime.features.navigate.following.line import Line, bearing, degrees, metres, turn, vector
from runtime.features.navigate.routes.route import Maneuver, Route
from tests.runtime.features.navigate.made import EIGHT, OUT_AND_BACK, XY, latlon, route


def bare(points: list[tuple[float, float]]) -> Route:
    """A route through the points, metres as the crow flies."""
    steps = [metres(vector(*a), vector(*b)) for a, b in itertools.pairwise(points)]
    along = np.concatenate(([0.0], np.cumsum(steps)))
    ends = [Maneuver("depart", 0.0, points[0], 0, 0), Maneuver("arrive", float(along[-1]), points[-1], 0, 0)]
    return Route(np.array(points), along, tuple(ends))


@pytest.mark.parametrize("home", [(0.0, 0.0), (31.2, 121.4), (-45.0, -170.0), (69.9, 20.0)])
@pytest.mark.parametrize(
    ("xy", "degree"), [((0, 100), 0), ((100, 0), 90), ((0, -100), 180), ((-70, 70), 315)]
)
def test_bearings_are_clockwise_from_north(home: tuple[float, float], xy: XY, degree: float) -> None:
    found = bearing(vector(*home), vector(*latlon(xy, home)))
    assert abs(turn(found, degree)) < 0.1
    line = Line(bare([home, latlon(xy, home)]))
    assert abs(turn(line.match(10.0, vector(*home)).bearing, degree)) < 0.1
    assert abs(turn(line.chord(0, 50), degree)) < 0.1


def test_a_place_comes_back_from_its_vector() -> None:
    assert degrees(vector(31.2, 121.4)) == pytest.approx((31.2, 121.4))


def test_a_line_across_the_antimeridian_has_no_seam() -> None:
    line = Line(bare([(0.0, 179.999), (0.0, 180.001)]))  # unwrapped, about 222 m
    match = line.nearest(vector(0.0001, -179.9995), slice(0, 1))
    assert match.off_m == pytest.approx(11.1, abs=0.1)
    assert match.along_m == pytest.approx(166.8, abs=0.5)
    assert match.bearing == pytest.approx(90)


def test_a_line_over_the_pole_is_a_line() -> None:
    line = Line(bare([(89.999, 0.0), (89.999, 180.0)]))
    match = line.nearest(vector(89.9999, 90.0), slice(0, 1))
    assert match.off_m == pytest.approx(11.1, abs=0.1)
    assert match.along_m == pytest.approx(111.2, abs=0.5)


def test_the_arc_of_a_long_segment_is_no_distance() -> None:
    line = Line(bare([(0.0, 0.0), (0.0, 0.4)]))  # 44 km: its chord runs 38 m below the ground
    assert line.nearest(vector(0.0, 0.2), slice(0, 1)).off_m == pytest.approx(0, abs=0.1)
    assert [match.off_m for match in line.candidates(vector(0.0, 0.2), 15.0, None)] == pytest.approx(
        [0], abs=0.1
    )


def test_every_pass_of_the_line_is_a_candidate() -> None:
    line = Line(route(OUT_AND_BACK))
    found = line.candidates(vector(*latlon((4, 90))), 15.0, None)
    assert [round(match.along_m) for match in found] == [90, 450]
    assert [round(match.off_m) for match in found] == [4, 4]
    assert line.candidates(vector(*latlon((400, 400))), 15.0, None) == []


def test_candidates_are_those_of_a_search_of_everything() -> None:
    made = route([(0, 0), *(((i % 2) * 80.0, i * 40.0) for i in range(1, 60))], every=3.0)
    line, random = Line(made), np.random.default_rng(1)
    for _ in range(200):
        at = vector(*latlon((float(random.uniform(-50, 130)), float(random.uniform(-50, 2400)))))
        nearest = line.nearest(at, slice(0, len(made.line) - 1))
        found = line.candidates(at, 20.0, None)
        assert bool(found) == (nearest.off_m <= 20.0)
        if found:
            assert min(match.off_m for match in found) == pytest.approx(nearest.off_m)


def test_a_window_is_never_empty() -> None:
    line = Line(route(EIGHT))
    for start, end in ((-100, -50), (0, 0), (line.length_m, line.length_m + 50), (1e6, 1e7), (95.9, 96.1)):
        window = line.window(start, end)
        assert 0 <= window.start < window.stop < len(line.along_m)
