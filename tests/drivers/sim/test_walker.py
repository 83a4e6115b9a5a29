from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from drivers.base import ConfigError
from drivers.gnss.ground import RADIUS_68, metres_per_degree
from drivers.sim.gait import felt
from drivers.sim.outing import Detour, Noise, Pause, noise_of
from drivers.sim.reception import Reception, receive
from drivers.sim.scenario import Scenario, load_scenario
from drivers.sim.walker import Spot, Walker
from drivers.sim.world import World
from runtime.core.clock import VirtualClock

CORNER = np.array([[31.23, 121.47], [31.232, 121.47], [31.232, 121.474]])
HEAD = 'name = "t"\nends_s = 5\n'


def metres(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """North and east of the corner path's start: [N, 2]."""
    return np.column_stack([latitude - 31.23, longitude - 121.47]) * metres_per_degree(31.231)


def test_a_degree_is_as_long_as_the_ellipsoid_says() -> None:
    assert metres_per_degree(0) == pytest.approx((110_574, 111_320), abs=1)
    assert metres_per_degree(45) == pytest.approx((111_132, 78_847), abs=2)
    assert metres_per_degree(90)[1] > 0


@given(st.floats(0.3, 8), st.lists(st.builds(Pause, st.floats(0, 700), st.floats(0, 30)), max_size=4))
def test_speed_is_the_change_of_place_and_the_end_is_reached(speed: float, pauses: list[Pause]) -> None:
    walker = Walker(CORNER, speed, pauses=pauses)
    t = np.linspace(-5, walker.ends_s + 5, 4000)
    truth = walker.truth(t)
    assert (np.diff(truth.walked_m) >= -1e-9).all()
    assert truth.walked_m[-1] == pytest.approx(walker.path.length_m)
    assert truth.speed_mps.max() <= speed + 1e-9
    moved = np.diff(truth.walked_m) / np.diff(t)
    assert np.abs(moved - (truth.speed_mps[1:] + truth.speed_mps[:-1]) / 2).max() < 0.5 * np.diff(t)[0] + 1e-6
    ends = metres(truth.latitude[[0, -1]], truth.longitude[[0, -1]])
    assert np.abs(ends - metres(*CORNER[[0, -1]].T)).max() < 0.01


def test_the_body_faces_the_path_and_turns_smoothly() -> None:
    walker = Walker(CORNER)
    t = np.arange(0, walker.ends_s, 0.02)
    truth = walker.truth(t)
    assert truth.course_deg[100] == pytest.approx(0, abs=0.01) and truth.course_deg[-100] == pytest.approx(90)
    assert np.abs(np.diff(truth.course_deg)).max() < 3
    half = walker.at(float(t[np.argmin(np.abs(truth.walked_m - 221.76))]))
    assert 30 < half.course_deg < 60


def test_a_detour_leaves_by_so_much_and_comes_back() -> None:
    walker = Walker(CORNER, detours=[Detour(50, 60), Detour(300, -30, 10)])
    t = np.arange(0, walker.ends_s, 0.1)
    truth = walker.truth(t)
    off = metres(truth.latitude, truth.longitude)
    assert off[truth.walked_m < 180][:, 1].max() == pytest.approx(60, abs=0.5)  # to the right of north: east
    assert off[truth.walked_m < 180][:, 0].max() > 70
    assert walker.path.length_m == pytest.approx(Walker(CORNER).path.length_m + 180, abs=0.5)
    assert np.abs(off[-1] - metres(*CORNER[-1:].T)[0]).max() < 0.3


def test_steps_come_as_people_step() -> None:
    walker = Walker(CORNER, pauses=[Pause(100, 20)])
    steps = walker.steps(0, walker.ends_s)
    assert 1.8 < len(steps) / (walker.path.length_m / 1.4) < 2.05
    stands = walker.truth(steps).speed_mps
    assert (stands > 0).all()
    assert len(Walker(CORNER, 5.0).steps(0, 60)) == 0, "a bicycle has none"


def test_what_the_head_feels_is_what_moves_it() -> None:
    """Integrated, the acceleration is the velocity, and the turning is the change of course."""
    walker = Walker(CORNER)
    t = np.arange(0, 200, 0.001)
    body, truth = felt(walker, t), walker.truth(t)
    velocity = np.cumsum(body.accel, axis=0) * 0.001
    at = (truth.walked_m > 235).argmax()
    assert velocity[at, 0] == pytest.approx(0, abs=0.35)
    assert -velocity[at, 1] == pytest.approx(1.4, abs=0.35)
    assert np.degrees(np.sum(body.yaw_rate[:at]) * 0.001) == pytest.approx(-90, abs=2)
    walking = body.accel[(truth.speed_mps > 1.3)][:, 2]
    assert 1.0 < walking.std() < 3.0
    spectrum = np.abs(np.fft.rfft(walking[:100_000]))
    assert np.fft.rfftfreq(100_000, 0.001)[spectrum[5:].argmax() + 5] == pytest.approx(1.92, abs=0.03)


def test_noise_is_as_large_and_as_slow_as_said() -> None:
    noise = Noise(white_m=1.0, wander_m=3.0, wander_s=20.0, speed_mps=0.2)
    reception, still = Reception(noise, 4), Spot(31.23, 121.47, 1.0, 90.0, 0.0)
    found = [reception.measure(still, float(t)) for t in range(20_000)]
    place = np.array([(m.latitude - 31.23, m.longitude - 121.47) for m in found if m]) * metres_per_degree(
        31.23
    )
    assert place.std(axis=0) == pytest.approx([10**0.5] * 2, rel=0.1)
    lag = np.mean(place[20:] * place[:-20], axis=0)
    assert lag == pytest.approx([9 / np.e] * 2, rel=0.35)
    speeds = np.array([(m.speed_mps) for m in found if m])
    assert speeds.std() == pytest.approx(0.2, rel=0.1)
    assert noise_of(5).sd_m == pytest.approx(5)


def test_the_same_seed_gives_the_same_fixes_and_the_stated_radius_holds_68_percent() -> None:
    walker = Walker(CORNER)
    assert list(receive(walker, Noise(), 3)) == list(receive(walker, Noise(), 3))
    assert list(receive(walker, Noise(), 3)) != list(receive(walker, Noise(), 4))
    inside = []
    for seed in range(40):
        for fix in receive(walker, Noise(wander_s=5), seed):
            spot = walker.at(fix.t_ns * 1e-9)
            off = np.array([fix.latitude - spot.latitude, fix.longitude - spot.longitude])
            inside.append(np.hypot(*(off * metres_per_degree(31.23))) < fix.accuracy_m)
    assert np.mean(inside) == pytest.approx(0.68, abs=0.03)
    assert pytest.approx(1.5096, abs=1e-3) == RADIUS_68


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([[1, 2]], "two points"),
        ([[1, 2], [1, 2]], "differ"),
        ([[1, 2], [91, 2]], "point 2 is nowhere"),
        ([[float("nan"), 2], [1, 2]], "point 1 is nowhere"),
        ([[1, 2, 3], [1, 2, 4]], "latitude and longitude"),
        ([], "two points"),
    ],
)
def test_a_path_that_is_none_is_refused(points: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Walker(np.array(points, np.float64))


def test_a_speed_nobody_has_and_a_detour_behind_the_end() -> None:
    with pytest.raises(ConfigError, match="0 m/s"):
        Walker(CORNER, 0.0)
    with pytest.raises(ConfigError, match="only 60"):
        Walker(CORNER, detours=[Detour(5000, 60)])


@given(
    st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=2, max_size=6),
    st.floats(-100, 5e5),
)
def test_any_path_gives_places_on_earth(points: list[tuple[float, float]], t_s: float) -> None:
    try:
        walker = Walker(np.array(points), detours=[Detour(1, 60)])
    except ConfigError:
        return
    spot = walker.at(t_s)
    assert all(map(np.isfinite, spot)) and -180 <= spot.longitude <= 180


def world(scenario: Scenario) -> tuple[World, VirtualClock]:
    nothing: Any = None
    clock = VirtualClock()
    return World(clock, scenario, nothing), clock


def test_a_scenario_walks_and_the_head_looks_about(tmp_path: Path) -> None:
    (tmp_path / "way.txt").write_text("# north\n31.23, 121.47\n31.24 121.47  # the end\n", encoding="utf-8")
    path = tmp_path / "s.toml"
    path.write_text(HEAD + '[walk]\nroute = "way.txt"\nspeed_mps = 1.2\nstarts_s = 2\n', encoding="utf-8")
    here, clock = world(load_scenario(path))
    assert here.changes == 0
    clock.advance(30)
    spot = here.place(clock.now_ns())
    assert (
        spot is not None
        and spot.speed_mps == pytest.approx(1.2)
        and spot.walked_m == pytest.approx(32.9, abs=0.1)
    )
    assert here.heading(clock.now_ns()) == pytest.approx(0, abs=0.2) or here.heading(clock.now_ns()) > 359  # type: ignore[operator]
    here.look(30, 0)
    clock.advance(1)
    assert here.heading(clock.now_ns()) == pytest.approx(330, abs=0.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[walk]\n", "either points or route"),
        ('[walk]\nroute = "gone.txt"\n', r"gone\.txt"),
        ('[walk]\nroute = "s.toml"\n', r"s\.toml:1: write latitude and longitude"),
        ("[walk]\npoints = [[1, 2], [3, 200]]\n", "point 2"),
        ("[walk]\npoints = [[1, 2], [3, 4]]\nspeed = 3\n", "speed"),
        ("[walk]\npoints = [[1, 2], [3, 4]]\nspeed_mps = 0\n", "speed_mps"),
    ],
)
def test_a_broken_walk_names_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        world(load_scenario(path))


def test_nobody_walks_unless_asked_and_a_still_head_feels_only_gravity() -> None:
    here, clock = world(Scenario(name="t", ends_s=0))
    assert here.place(0) is None and here.heading(0) is None and here.satellites(0) is None
    clock.advance(1)
    here.walk(Walker(CORNER, starts_s=10), Noise())
    t = np.arange(1_000_000_000, 3_000_000_000, 2_000_000)
    assert np.linalg.norm(here.head(t).accel, axis=1) == pytest.approx(np.full(len(t), 9.80665))
    assert here.head(t + 20_000_000_000).accel.std(axis=0)[2] > 1
