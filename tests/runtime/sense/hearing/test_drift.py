"""The time of each sample: a card whose clock is off, reads that come late, an hour of it."""

from __future__ import annotations

import random

import numpy as np
import pytest

from runtime.core.clock import VirtualClock
from runtime.sense.hearing.card_clock import CardClock
from tests.runtime.sense.hearing.rig import Bursts, Card, Rig

NS = 1_000_000_000
MS = 1_000_000


@pytest.mark.parametrize("ppm", [-100.0, 0.0, 100.0])
@pytest.mark.parametrize("late_s", [0.0, 0.02])
def test_after_an_hour_a_sample_has_its_true_time(ppm: float, late_s: float) -> None:
    chance, true_hz = random.Random(1), 48_000 * (1 - 1e-6 * ppm)
    clock, given, worst_ns = CardClock(48_000, 5 * NS), 0, 0
    for k in range(1, 3600 * 31):
        now_s = k / 31
        n = int(max(0.0, now_s - chance.uniform(0, late_s)) * true_hz) - given
        if n <= 0:
            continue
        assert clock.follows(n, 5 * NS + round(now_s * NS - n / 48_000 * NS))
        given += n
        if now_s > 60:
            worst_ns = max(worst_ns, abs(clock.time_ns(given) - 5 * NS - round(given / true_hz * NS)))
    assert worst_ns < (1 * MS if late_s else MS // 10)
    assert clock.drift * 1e6 == pytest.approx(ppm, abs=25 if late_s else 1)


def test_what_is_lost_and_a_clock_that_jumps_is_noticed_and_a_late_read_is_not() -> None:
    clock = CardClock(16_000, 0)
    now_ns = 0

    def read(n: int, late_ns: int = 0) -> bool:
        nonlocal now_ns
        now_ns += n * 62_500
        return clock.follows(n, now_ns + late_ns - n * 62_500)

    assert all(read(512) for _ in range(100))
    assert all(read(512, 400 * MS) for _ in range(12)) and all(read(512) for _ in range(100))
    late = [read(512, 40 * MS) for _ in range(80)]
    assert not all(late) and all(late[:20])
    assert not read(512, -2 * NS)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("rate_hz", "minutes"),
    [
        (44_100, 3),
        pytest.param(48_000, 60, marks=pytest.mark.slow),
        pytest.param(16_000, 60, marks=pytest.mark.slow),
    ],
)
def test_words_come_out_at_their_time_after_an_hour(rate_hz: int, minutes: int) -> None:
    every, chance = rate_hz * 60, random.Random(rate_hz)

    def card(clock: VirtualClock) -> Card:
        sound = Bursts(every, rate_hz // 2)
        return Card(clock, sound, rate_hz, ppm=100, late=lambda: chance.uniform(0, 0.02))

    rig = Rig(card)
    events = rig.run(lambda: rig.gather(60.0 * minutes + 2))
    begun = [event for event in events if event.kind == "begin"]
    assert len(begun) == minutes + 1
    assert isinstance(rig.microphone, Card)
    for k, event in enumerate(begun):
        onset = int(np.argmax(np.abs(event.samples) > 0.15))
        heard_ns = event.t_ns + onset * 62_500
        assert abs(heard_ns - rig.microphone.at_ns(k * every)) < (1 if k else 20) * MS
