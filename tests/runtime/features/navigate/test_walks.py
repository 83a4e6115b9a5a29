"""The bars of following, on a few dozen walks; ``walks.py`` runs as many as one likes by hand."""

from __future__ import annotations

import pytest

from tests.runtime.features.navigate.made import KINDS, LOLLIPOP, OUT_AND_BACK, XY, named
from tests.runtime.features.navigate.walker import Sky
from tests.runtime.features.navigate.walks import FILTERED, SKIES, WHITE, faults, go, straying

GRID = named("grid", 2)


@pytest.mark.parametrize("speed", [1.4, 5.0])
@pytest.mark.parametrize("sky", SKIES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "seed", [11, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(12, 20))]
)
def test_a_plain_walk_has_each_cue_once_in_order_and_arrives(
    seed: int, kind: str, sky: str, speed: float
) -> None:
    corners = named(kind, seed)
    assert faults(go(corners, corners, speed, seed, SKIES[sky])) == []


@pytest.mark.parametrize("speed", [1.4, 5.0])
@pytest.mark.parametrize("seed", range(3))
def test_each_cue_leaves_time_after_its_prepare(seed: int, speed: float) -> None:
    for kind in ("grid", "crooked") if speed < 3 else ("grid",):  # on a bicycle 30 m are too few
        corners = named(kind, seed)
        done = go(corners, corners, speed, seed)
        told = {one.event.maneuver: one.t for one in done.kinds("prepare")}
        gaps = [one.t - told[one.event.maneuver] for one in done.kinds("cue") if one.event.maneuver in told]
        assert min(gaps) >= 2.0


@pytest.mark.parametrize("speed", [1.4, 5.0])
@pytest.mark.parametrize("seed", range(6))
def test_a_detour_is_noticed_and_so_is_coming_back(seed: int, speed: float) -> None:
    line, walked, left, back = straying(seed)
    done = go(line, walked, speed, seed, FILTERED, marks=(left, back))
    (off,), (again,) = done.kinds("off_route"), done.kinds("rejoined")
    assert 0 < off.t - done.passed[left] <= 12
    assert again.t - done.passed[back] <= 8
    assert [one.event.maneuver for one in done.kinds("cue")] == [0, 1, 2, 3]
    assert len(done.kinds("arrived")) == 1


@pytest.mark.parametrize("seed", range(4))
def test_with_a_bare_receiver_it_is_noticed_before_sixty_metres(seed: int) -> None:
    line, walked, left, _ = straying(seed)
    done = go(line, walked, 1.4, seed, WHITE, marks=(left, left + 60))
    (off,) = done.kinds("off_route")
    assert done.passed[left] < off.t < done.passed[left + 60]


@pytest.mark.parametrize("speed", [1.4, 5.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_missed_turn_is_noticed(seed: int, speed: float) -> None:
    line: list[XY] = [(0, 0), (0, 200), (250, 200)]
    done = go(line, [(0, 0), (0, 350)], speed, seed, marks=(200,), stand=1.0)
    assert 0 < done.kinds("off_route")[0].t - done.passed[200] <= 12


@pytest.mark.parametrize("speed", [1.4, 5.0])
@pytest.mark.parametrize("sky", SKIES)
def test_jumps_of_eighty_metres_raise_no_alarm(sky: str, speed: float) -> None:
    for seed in range(2):
        jumps = ((12.0 + seed, 15.0 + seed), (60.0, 63.0))
        kept = {name: getattr(SKIES[sky], name) for name in ("white", "drift")}
        assert faults(go(GRID, GRID, speed, seed, Sky(**kept, jumps=jumps))) == []


def test_a_silent_receiver_takes_the_cue_down_and_it_comes_back() -> None:
    sky = Sky(white=1.0, drift=2.0, outages=((40.0, 70.0),))
    done = go(GRID, GRID, 1.4, 1, sky)
    (withdrawn,) = done.kinds("withdrawn")
    assert 44 <= withdrawn.t <= 47
    assert not done.stale
    assert not done.kinds("off_route", "wrong_way")
    assert len(done.kinds("arrived")) == 1


def test_a_maneuver_passed_in_silence_is_never_cued() -> None:
    line: list[XY] = [(0, 0), (0, 150), (150, 150), (150, 400)]
    done = go(line, line, 1.4, 3, Sky(white=1.0, drift=2.0, outages=((60.0, 140.0),)))
    assert [one.event.maneuver for one in done.kinds("cue")] == [0, 2, 3]
    assert not done.kinds("off_route")


def test_indoors_nothing_is_said() -> None:
    sky = Sky(white=1.0, drift=2.0, poor=((60.0, 300.0),))
    done = go(GRID, GRID, 1.4, 1, sky, waits=((80.0, 260.0),))
    assert [one.event.kind for one in done.kinds("withdrawn", "off_route", "wrong_way")] == ["withdrawn"]
    assert [one.event.maneuver for one in done.kinds("cue")] == list(range(len(done.route.maneuvers)))


@pytest.mark.parametrize("seed", range(3))
def test_waiting_is_no_reason_for_anything(seed: int) -> None:
    assert faults(go(GRID, GRID, 1.4, seed, FILTERED, waits=((50.0, 120.0), (300.0, 240.0)))) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_loop_cut_short_is_rejoined_and_its_maneuvers_are_never_cued(seed: int) -> None:
    # (0, 100) is passed before the loop and after it; go straight back there.
    done = go(LOLLIPOP, [(0, 0), (0, 100), (40, 140), (0, 100), (0, 0)], 1.4, seed)
    cued = [one.event.maneuver for one in done.kinds("cue")]
    assert cued == sorted(set(cued))
    assert not {3, 4} & set(cued) or not {2} & set(cued)
    assert cued[-1] == 6
    assert len(done.kinds("arrived")) == 1


@pytest.mark.parametrize("seed", range(4))
def test_turning_back_early_rejoins_the_way_back(seed: int) -> None:
    done = go(OUT_AND_BACK, [(0, 0), (0, 120), (0, 0)], 1.4, seed)
    assert [one.event.maneuver for one in done.kinds("cue")] == [0, 4]
    assert not done.kinds("off_route")
    assert len(done.kinds("arrived")) == 1


@pytest.mark.parametrize("seed", range(4))
def test_walking_back_is_said_once_and_so_is_turning_round(seed: int) -> None:
    line: list[XY] = [(0, 0), (0, 200), (250, 200)]
    done = go(line, [(0, 0), (0, 150), (0, 60), (0, 200), (250, 200)], 1.4, seed, marks=(150, 240))
    (wrong,), (again,) = done.kinds("wrong_way"), done.kinds("rejoined")
    assert wrong.t - done.passed[150] <= 16
    assert again.t - done.passed[240] <= 8
    assert [one.event.maneuver for one in done.kinds("cue")] == [0, 1, 2]
