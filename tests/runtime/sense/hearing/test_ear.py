"""The ear alone: whatever a card does, what it gives out is whole and in order."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import AudioChunk
from models.speech.segments import SpeechEvent
from runtime.sense.hearing.ear import Ear
from tests.runtime.sense.hearing.rig import Bursts, Loudness

NS = 1_000_000_000
Step = tuple[str, int]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("sound"), st.integers(0, 20_000)),
        st.tuples(st.just("overrun"), st.integers(0, 3_000)),
        st.tuples(st.just("lost"), st.integers(1, 40_000)),
        st.tuples(st.just("jump"), st.integers(-5_000, 5_000)),
        st.tuples(st.just("rate"), st.sampled_from([8_000, 16_000, 44_100])),
    ),
    max_size=40,
)


@settings(max_examples=120)
@given(steps, st.integers(1, 40_000), st.integers(100, 40_000))
def test_stretches_are_whole_and_in_order(happens: list[Step], length: int, pause: int) -> None:
    ear, sound = Ear(Loudness()), Bursts(length + pause, length)
    now_ns, at, rate, overruns, given_s = 10 * NS, 0, 16_000, 0, 0.0
    events: list[SpeechEvent] = []
    for what, much in happens:
        if what == "rate":
            rate = much
        elif what == "jump":
            now_ns += much * 1_000_000
        elif what == "lost":
            at, now_ns = at + much, now_ns + much * NS // rate
        else:
            overruns += what == "overrun"
            chunk = AudioChunk(now_ns, sound(at, much), rate, int(what == "overrun"))
            events += ear.accept(chunk)
            at, now_ns, given_s = at + much, now_ns + much * NS // rate, given_s + much / rate
    events += ear.cut()
    assert ear.heard.overruns == overruns
    assert sum(len(event.samples) for event in events) <= given_s * 16_000 + len(happens)
    assert [event.kind for event in events if event.kind != "more"] == ["begin", "end"] * (
        sum(event.kind == "begin" for event in events)
    )
    assert [event.t_ns for event in events] == sorted(event.t_ns for event in events)
    assert all(
        np.isfinite(event.samples).all() and np.abs(event.samples).max(initial=0) <= 1 for event in events
    )


def test_the_floor_is_the_least_level_of_the_last_while() -> None:
    ear, hiss = Ear(Loudness()), np.random.default_rng(0).normal(0, 1e-3, 160_000).astype(np.float32)
    sound = hiss + Bursts(32_000, 16_000)(16_000, 160_000)
    for at in range(0, len(sound), 512):
        ear.accept(AudioChunk(at * 62_500, sound[at : at + 512], 16_000))
    heard = ear.heard
    assert -61 < heard.floor_db < -55 and heard.level_db < 0
