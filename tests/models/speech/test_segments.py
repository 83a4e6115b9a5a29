"""Stretches of speech from a stream of sound: where they begin and end, and that no sample is lost or doubled."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.speech.segments import RATE_HZ, STEP, Cutting, Segmenter, SpeechEvent

NS = 1_000_000_000
SHORT = Cutting(cut_from_s=1.5, cut_by_s=3.0)


class Scripted:
    """A voice activity that says what the test wrote: one probability a step, silence behind them."""

    def __init__(self, probabilities: Sequence[float]) -> None:
        self._said = iter(probabilities)
        self._carry = 0

    def accept(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        whole, self._carry = divmod(self._carry + len(samples), STEP)
        return np.array([next(self._said, 0.0) for _ in range(whole)], np.float32)

    def reset(self) -> None:
        self._carry = 0


class Stretch:
    """The events from "begin" to "end" put together."""

    def __init__(self, first: SpeechEvent) -> None:
        self.t_ns, self.samples, self.cut, self.ended = first.t_ns, first.samples, False, False

    def add(self, event: SpeechEvent) -> None:
        assert not self.ended
        assert event.t_ns == self.t_ns + len(self.samples) * NS // RATE_HZ
        self.samples = np.concatenate((self.samples, event.samples))
        self.cut, self.ended = event.cut, event.kind == "end"


def stretches(events: Sequence[SpeechEvent]) -> list[Stretch]:
    found: list[Stretch] = []
    for event in events:
        if event.kind == "begin":
            assert not found or found[-1].ended
            found.append(Stretch(event))
        else:
            found[-1].add(event)
    assert all(stretch.ended for stretch in found)
    return found


def uneven(n: int) -> NDArray[np.float32]:
    """float32[n], louder and quieter from step to step, no part of which is like another."""
    random = np.random.default_rng(n)
    loudness = np.repeat(random.uniform(0.01, 1, n // STEP + 1), STEP)[:n]
    return (random.normal(0, 0.1, n) * loudness).astype(np.float32)


def cut_up(
    sound: NDArray[np.float32], probabilities: Sequence[float], cutting: Cutting, sizes: Sequence[int] = ()
) -> list[Stretch]:
    segmenter = Segmenter(Scripted(probabilities), cutting)
    events, at = [], 0
    for size in (*sizes, len(sound)):
        part = sound[at : at + size]
        events += segmenter.accept(part, at * NS // RATE_HZ)
        at += len(part)
    return stretches(events + segmenter.finish())


def place(stretch: Stretch, sound: NDArray[np.float32]) -> tuple[int, int]:
    """First and last position of a stretch of ``sound``, which is checked to be just that."""
    first = stretch.t_ns * RATE_HZ // NS
    assert first * NS // RATE_HZ == stretch.t_ns
    assert np.array_equal(stretch.samples, sound[first : first + len(stretch.samples)])
    return first, first + len(stretch.samples)


def seconds(*parts: tuple[float, float]) -> list[float]:
    """(probability, seconds) … → one probability a step."""
    return [p for p, s in parts for _ in range(round(s * RATE_HZ / STEP))]


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.4, 0.45, 0.6, 1.0]), st.integers(1, 60)), max_size=12),
    st.one_of(st.lists(st.integers(0, 20_000), max_size=20), st.lists(st.integers(1, 700), max_size=500)),
    st.integers(0, STEP - 1),
    st.sampled_from([Cutting(), SHORT]),
)
def test_the_events_together_are_the_sound(
    runs: list[tuple[float, int]], sizes: list[int], rest: int, cutting: Cutting
) -> None:
    probabilities = [p for p, steps in runs for _ in range(steps)]
    sound = uneven(len(probabilities) * STEP + rest)
    found = cut_up(sound, probabilities, cutting, sizes)
    places = [place(stretch, sound) for stretch in found]
    assert places == [place(stretch, sound) for stretch in cut_up(sound, probabilities, cutting)]
    for (_, end), (begin, _) in pairwise(places):
        assert end <= begin
    for stretch, (begin, end) in zip(found, places, strict=True):
        assert end - begin <= cutting.cut_by_s * RATE_HZ + cutting.after_s * RATE_HZ
        assert not stretch.cut or end - begin >= cutting.cut_from_s * RATE_HZ - 2048
    heard = np.zeros(len(sound), bool)
    for begin, end in places:
        heard[begin:end] = True
    assert not missed(probabilities, heard, cutting)


def missed(probabilities: Sequence[float], heard: NDArray[np.bool_], cutting: Cutting) -> list[int]:
    """Steps of long, certain speech that no stretch holds."""
    need = round(cutting.speech_s * RATE_HZ / STEP)
    lost, run = [], 0
    for k, p in enumerate([*probabilities, 0.0]):
        if p >= cutting.start:
            run += 1
            continue
        if run >= need:
            lost += [j for j in range(k - run, k) if not heard[j * STEP : (j + 1) * STEP].all()]
        run = 0
    return lost


def test_a_word_comes_with_what_was_just_before_and_behind_it() -> None:
    sound = uneven(5 * RATE_HZ)
    (word,) = cut_up(sound, seconds((0.1, 1.0), (0.9, 1.0), (0.1, 3.0)), Cutting())
    begin, end = place(word, sound)
    assert begin == 31 * STEP - 4_000 and end == 62 * STEP + 4_000 and not word.cut


def test_a_click_is_no_speech_and_a_short_pause_no_end() -> None:
    click = seconds((0.1, 1.0), (0.9, 0.16), (0.1, 2.0))
    assert cut_up(uneven(4 * RATE_HZ), click, Cutting()) == []
    pause = seconds((0.1, 1.0), (0.9, 0.5), (0.1, 0.4), (0.9, 0.5), (0.1, 2.0))
    assert len(cut_up(uneven(5 * RATE_HZ), pause, Cutting())) == 1


def test_between_the_thresholds_speech_goes_on_but_does_not_begin() -> None:
    assert cut_up(uneven(4 * RATE_HZ), seconds((0.45, 3.0)), Cutting()) == []
    (word,) = cut_up(uneven(4 * RATE_HZ), seconds((0.6, 0.3), (0.45, 2.0), (0.0, 1.5)), Cutting())
    assert len(word.samples) > 2.3 * RATE_HZ


def test_speech_without_a_pause_is_cut_at_its_quietest_place() -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 40 * RATE_HZ).astype(np.float32)
    dip = slice(round(14.0 * RATE_HZ), round(14.2 * RATE_HZ))
    sound[dip] *= 0.05
    one, two, *_ = cut_up(sound, [0.9] * (40 * RATE_HZ // STEP), Cutting(), [800] * 500)
    assert one.cut and len(one.samples) / RATE_HZ == pytest.approx(14.1, abs=0.025)
    assert np.array_equal(
        np.concatenate((one.samples, two.samples)), sound[: len(one.samples) + len(two.samples)]
    )


def test_what_was_given_out_is_not_cut_off_again() -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 30 * RATE_HZ).astype(np.float32)
    sound[369 * STEP : 374 * STEP] = 0  # seen at 12 s to the sample, when a part of it is given out already
    found = cut_up(sound, [0.9] * (30 * RATE_HZ // STEP), Cutting(), [STEP] * 1_000)
    places = [place(stretch, sound) for stretch in found]
    assert all(end == begin for (_, end), (begin, _) in pairwise(places)) and len(found) > 1


def test_speech_as_loud_as_ever_is_cut_before_the_limit() -> None:
    found = cut_up(np.ones(60 * RATE_HZ, np.float32), [0.9] * (60 * RATE_HZ // STEP), Cutting())
    assert all(len(stretch.samples) <= 24 * RATE_HZ for stretch in found)
    assert sum(len(stretch.samples) for stretch in found) == 60 * RATE_HZ


def test_silence_behind_a_cut_is_no_stretch() -> None:
    sound = np.ones(20 * RATE_HZ, np.float32)
    sound[13 * RATE_HZ :] = 0
    (only,) = cut_up(sound, seconds((0.9, 13.0), (0.0, 6.0)), Cutting(), [800] * 300)
    assert only.cut and 13 * RATE_HZ <= len(only.samples) < 13.5 * RATE_HZ


@pytest.mark.parametrize("jump_s", [5.0, -5.0, 0.05, -0.05])
def test_a_jump_of_time_ends_the_stretch_and_time_never_goes_back(jump_s: float) -> None:
    segmenter = Segmenter(Scripted([0.9] * 1000))
    events = segmenter.accept(uneven(2 * RATE_HZ), 100 * NS)
    assert segmenter.speaking
    after_ns = 102 * NS + round(jump_s * NS)
    events += segmenter.accept(uneven(RATE_HZ), after_ns)
    events += segmenter.accept(uneven(RATE_HZ), after_ns + NS)
    one, two = stretches(events + segmenter.finish())
    assert place_of(one) == (100 * NS, 2 * RATE_HZ) and not one.cut
    assert place_of(two) == (max(after_ns, 102 * NS), 2 * RATE_HZ)
    times = [event.t_ns for event in events]
    assert times == sorted(times)


def place_of(stretch: Stretch) -> tuple[int, int]:
    return stretch.t_ns, len(stretch.samples)


def test_a_clock_that_is_a_little_off_is_followed() -> None:
    segmenter = Segmenter(Scripted([0.1] * 300 + [0.9] * 30))
    events = []
    for k in range(100):  # each 0.1 s comes 1 ms late: a card that is 1 % slow
        events += segmenter.accept(np.zeros(1_600, np.float32), k * 101_000_000)
    assert [event.kind for event in events][:1] == ["begin"]
    first = 300 * STEP - 4_000
    assert abs(events[0].t_ns - round(first / 1_600 * 101_000_000)) < 1_100_000


def test_the_end_of_a_file_ends_the_word() -> None:
    sound = uneven(RATE_HZ + 100)
    (word,) = cut_up(sound, [0.9] * 31, Cutting())
    assert place(word, sound) == (0, RATE_HZ + 100)


def test_a_pause_is_told_before_it_is_the_end() -> None:
    segmenter = Segmenter(Scripted([0.9] * 20 + [0.1] * 30))
    told = []
    for k in range(50):
        segmenter.accept(np.ones(STEP, np.float32), k * 32_000_000)
        told.append((segmenter.speaking, round(segmenter.pause_s * 1000)))
    assert told[19:24] == [(True, 0), (True, 32), (True, 64), (True, 96), (True, 128)]
    assert told[34:36] == [(True, 480), (False, 0)]


def test_nothing_is_hoarded() -> None:
    segmenter = Segmenter(Scripted([0.1] * 2_000 + [0.9] * 100_000))
    for k in range(1_200):
        segmenter.accept(np.ones(1_600, np.float32), k * 100_000_000)
        assert segmenter.held <= RATE_HZ
