from __future__ import annotations

import pytest

from runtime.features.navigate.cues.when import calm, distances, together
from runtime.features.navigate.routes.route import Kind, Maneuver, Mode, Modifier


def test_a_pedestrian_hears_of_a_turn_sixty_metres_before() -> None:
    found = distances("walking", 1.4, 3.0, 200.0)
    assert found.prepare_m == 60
    assert 8 <= found.now_m <= 15


def test_in_a_short_step_it_is_half_of_it() -> None:
    assert distances("walking", 1.4, 3.0, 80.0).prepare_m == 40


def test_who_is_faster_hears_sooner() -> None:
    slow, fast = (distances("cycling", speed, 3.0, 500.0) for speed in (3.0, 8.0))
    assert fast.prepare_m > slow.prepare_m > 60
    assert fast.now_m > slow.now_m


@pytest.mark.parametrize(
    ("mode", "speed"), [("walking", 1.4), ("walking", 3.0), ("cycling", 5.0), ("cycling", 8.0)]
)
@pytest.mark.parametrize("step", [20.0, 60.0, 300.0])
def test_there_are_three_seconds_between_the_two(mode: Mode, speed: float, step: float) -> None:
    found = distances(mode, speed, 3.0, step)
    assert (found.prepare_m - found.now_m) / speed >= 3.0


@pytest.mark.parametrize("speed", [0.0, 0.5, 1.4, 3.0, 8.0])
@pytest.mark.parametrize("step", [1.0, 5.0, 20.0, 80.0, 5000.0])
def test_prepare_is_always_before_now(speed: float, step: float) -> None:
    for mode in ("walking", "cycling", "driving"):
        found = distances(mode, speed, 3.0, step)
        assert found.prepare_m > found.now_m > 0


@pytest.mark.parametrize(
    ("kind", "modifier", "quiet"),
    [("depart", "", True), ("continue", "straight", True), ("continue", "", True), ("turn", "straight", True),
     ("turn", "slight left", False), ("u-turn", "uturn", False), ("via", "", False), ("ferry", "straight", False),
     ("roundabout", "straight", False), ("exit roundabout", "right", False), ("arrive", "", False)],
)  # fmt: skip
def test_going_on_is_no_reason_to_interrupt(kind: Kind, modifier: Modifier, quiet: bool) -> None:
    assert calm(Maneuver(kind, 0, (0, 0), 0, 0, modifier)) is quiet


def test_a_continue_that_turns_is_a_turn() -> None:
    """OSRM's "continue" keeps the street's name, be it round a corner."""
    assert not calm(Maneuver("continue", 0, (0, 0), 0, 90, "right"))


def test_steps_of_a_few_metres_are_said_together() -> None:
    assert together("walking", 1.4, 8.0)
    assert not together("walking", 1.4, 30.0)
    assert together("cycling", 5.0, 30.0)
