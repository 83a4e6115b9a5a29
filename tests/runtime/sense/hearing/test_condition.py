"""The high-pass, the gain, the resampler, the ring: sound as a model wants it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from runtime.sense.hearing.condition import MOST_DB, PEAK, RATE_HZ, Gain, HighPass, Resampler
from runtime.sense.hearing.ring import Ring


def tone(hz: float, seconds: float, amplitude: float = 0.1, rate: int = RATE_HZ) -> NDArray[np.float32]:
    t = np.arange(round(rate * seconds)) / rate
    return (amplitude * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def rms(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt((samples.astype(float) ** 2).mean()))


def test_an_offset_goes_and_speech_stays() -> None:
    heard = HighPass().accept(tone(300, 2.0) + np.float32(0.4))
    assert abs(heard[RATE_HZ:].mean()) < 1e-3
    assert rms(heard[RATE_HZ:]) == pytest.approx(rms(tone(300, 1.0)), rel=0.01)
    assert rms(HighPass().accept(tone(2, 4.0))[RATE_HZ:]) < 0.15 * rms(tone(2, 3.0))


@settings(max_examples=30)
@given(st.lists(st.integers(0, 5_000), max_size=30))
def test_however_it_is_cut_up_the_high_pass_is_the_same(sizes: list[int]) -> None:
    sound = np.random.default_rng(0).normal(0.2, 0.1, 20_000).astype(np.float32)
    high_pass = HighPass()
    cuts = np.split(sound, np.unique(np.clip(np.cumsum(sizes), 0, len(sound)).astype(int)))
    together = np.concatenate([high_pass.accept(cut) for cut in cuts])
    assert np.abs(together - HighPass().accept(sound)).max() < 1e-6


def raised(gain: Gain, sound: NDArray[np.float32], *, speech: bool) -> NDArray[np.float32]:
    return np.concatenate(
        [gain.accept(sound[at : at + 512], speech=speech) for at in range(0, len(sound), 512)]
    )


def test_quiet_speech_is_raised_slowly_and_not_without_end() -> None:
    gain = Gain()
    heard = raised(gain, tone(300, 10.0, 0.02), speech=True)
    assert rms(heard[:8_000]) < 1.5 * rms(tone(300, 0.5, 0.02))
    assert 20 * np.log10(rms(heard[-16_000:])) == pytest.approx(-23, abs=0.5)
    raised(gain, tone(300, 20.0, 1e-4), speech=True)
    assert gain.db <= MOST_DB


def test_silence_is_never_raised_and_takes_the_gain_away() -> None:
    gain, hiss = Gain(), np.random.default_rng(0).normal(0, 1e-3, 60 * RATE_HZ).astype(np.float32)
    assert np.array_equal(raised(gain, hiss, speech=False), hiss)
    raised(gain, tone(300, 10.0, 0.01), speech=True)
    assert gain.db > 15
    assert np.array_equal(raised(gain, hiss, speech=False)[-RATE_HZ:], hiss[-RATE_HZ:])


def test_loud_speech_is_left_alone_and_a_shout_is_not_clipped() -> None:
    gain = Gain()
    loud = tone(300, 3.0, 0.9)
    assert np.array_equal(raised(gain, loud, speech=True), loud)
    raised(gain, tone(300, 10.0, 0.01), speech=True)
    assert np.abs(raised(gain, tone(300, 1.0, 0.9), speech=True)).max() <= PEAK + 1e-6


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_the_resampler_keeps_the_place_of_a_sound(rate: int) -> None:
    resampler, middle = Resampler(rate), 1.0
    t = np.arange(2 * rate) / rate
    click = np.exp(-(((t - middle) / 0.002) ** 2)).astype(np.float32)
    parts = [resampler.accept(click[at : at + 777]) for at in range(0, len(click), 777)]
    heard = np.concatenate([*parts, resampler.accept(click[:0], last=True)])
    assert len(heard) == 2 * RATE_HZ
    place = float((heard * np.arange(len(heard))).sum() / heard.sum()) / RATE_HZ
    assert place == pytest.approx(middle, abs=1e-5)


def test_the_ring_keeps_the_last_and_forgets_it_all() -> None:
    ring = Ring(100, 2.0)
    sound = np.arange(1, 1_001, dtype=np.float32)
    for at in range(0, 1_000, 70):
        part = sound[at : at + 70]
        ring.append(part, (at + len(part)) * 10_000_000)
    t_ns, last = ring.last(30)
    assert np.array_equal(last, sound[-200:]) and t_ns == 8_000_000_000
    assert np.array_equal(ring.last(0.5)[1], sound[-50:])
    held = ring.memory()
    ring.wipe()
    assert not held.any() and ring.last(30)[1].size == 0


@settings(max_examples=50)
@given(st.lists(st.integers(0, 400), max_size=20))
def test_the_ring_holds_the_newest_whatever_comes_at_once(sizes: list[int]) -> None:
    ring, sound = Ring(100, 1.5), np.arange(sum(sizes), dtype=np.float32)
    at = 0
    for size in sizes:
        ring.append(sound[at : at + size], at + size)
        at += size
    assert np.array_equal(ring.last(9)[1], sound[-150:])
