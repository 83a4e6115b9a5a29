from __future__ import annotations

from runtime.features.navigate.following.deviation import Backoff, Backwards, Deviation, Return


def seconds_until(
    deviation: Deviation, offs: list[float], accuracy: float, away: float, speed: float = 1.4
) -> int | None:
    for second, off in enumerate(offs):
        if deviation.hear(1.0, off, accuracy, away, speed):
            return second
    return None


def test_walking_away_is_noticed_within_twelve_seconds() -> None:
    assert (seconds_until(Deviation(), [1.4 * t for t in range(20)], 2.5, 1.4) or 99) <= 12


def test_far_is_far_without_a_course() -> None:
    assert (seconds_until(Deviation(), [40.0] * 20, 3.0, 0.0) or 99) <= 6


def test_walking_beside_the_line_is_not_leaving_it() -> None:
    assert seconds_until(Deviation(), [14.0] * 600, 3.0, 0.1) is None


def test_a_vague_place_has_to_be_further_away() -> None:
    assert seconds_until(Deviation(), [30.0] * 60, 12.0, 0.0) is None
    assert seconds_until(Deviation(), [80.0] * 60, 12.0, 0.0) is not None


def test_indoors_nothing_is_said() -> None:
    assert seconds_until(Deviation(), [150.0] * 600, 45.0, 1.4) is None


def test_three_seconds_far_away_are_nothing() -> None:
    assert seconds_until(Deviation(), [2.0, 80, 80, 80, 80, 2, 2, 2] * 20, 5.0, 0.0) is None


def test_silence_is_no_evidence() -> None:
    deviation = Deviation()
    assert not deviation.hear(300.0, 40.0, 3.0, 0.0, 0.0)


def test_going_back_takes_a_dozen_metres() -> None:
    backwards = Backwards()
    backwards.reset(100.0)
    noticed = [backwards.hear(1.0, 100.0 - 1.4 * t, -1.4, 3.0) for t in range(15)]
    assert 7 <= noticed.index(True) <= 12


def test_stepping_back_a_little_is_not_going_back() -> None:
    backwards = Backwards()
    backwards.reset(100.0)
    for _ in range(20):
        assert not any(backwards.hear(1.0, 100.0 - t, -1.0, 3.0) for t in range(7))
        assert not any(backwards.hear(1.0, 94.0 + t, 1.0, 3.0) for t in range(8))


def test_going_forwards_again_ends_the_wrong_way() -> None:
    backwards = Backwards()
    backwards.reset(100.0)
    assert not any(backwards.turned(1.0, -1.4) for _ in range(20))
    assert [backwards.turned(1.0, 1.4) for _ in range(6)].index(True) <= 5


def test_crossing_the_line_is_not_being_back() -> None:
    back = Return()
    assert not any(back.hear(1.0, 50.0, False, 10.0) for _ in range(9))


def test_walking_along_the_line_is() -> None:
    back = Return()
    assert [back.hear(1.0, 50.0 + 1.4 * t, True, 10.0) for t in range(8)].index(True) <= 3


def test_a_match_that_leaps_is_another_one() -> None:
    back = Return()
    assert not any(back.hear(1.0, 50.0 if t % 2 else 400.0, True, 10.0) for t in range(40))


def test_routes_are_asked_for_ever_less_often() -> None:
    backoff = Backoff()
    asked = [t for t in range(600) if backoff.off(t)]
    assert asked[:6] == [0, 5, 15, 35, 75, 155]
    assert asked[6] - asked[5] == 120


def test_a_calm_minute_makes_the_waits_short_again() -> None:
    backoff = Backoff()
    assert [t for t in range(30) if backoff.off(t)] == [0, 5, 15]
    for t in range(30, 40):
        backoff.on(t)
    assert not backoff.off(40)  # flapping asks no server to death
    for t in range(41, 120):
        backoff.on(t)
    assert backoff.off(120)
