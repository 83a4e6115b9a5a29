from __future__ import annotations

import numpy as np
import pytest

from models.speech.mel import WINDOW_FRAMES, LogMel, mel_filters
from tests.models.speech.make_reference import BANDS, MEL, SECONDS, looked_at
from tests.models.speech.sounds import warble


@pytest.mark.parametrize("bands", BANDS)
@pytest.mark.parametrize("seconds", SECONDS)
def test_it_is_the_reference_within_a_ten_thousandth(bands: int, seconds: float) -> None:
    sound = warble(seconds)
    mel = LogMel(bands)
    mel.accept(sound)
    ours = mel.frames(WINDOW_FRAMES)
    assert ours.shape == (bands, WINDOW_FRAMES)
    assert ours.dtype == np.float32
    with np.load(MEL) as reference:
        theirs = reference[f"{bands}/{len(sound)}"]
    assert np.abs(ours[:, looked_at(len(sound))] - theirs).max() < 1e-4


@pytest.mark.parametrize("seconds", [0.0, 0.7, 30.0])
def test_a_sound_that_grows_ends_as_the_sound_at_once(seconds: float) -> None:
    sound = warble(seconds, seed=2)
    at_once, grown = LogMel(80), LogMel(80)
    at_once.accept(sound)
    for cut in np.array_split(sound, 23):
        grown.accept(cut)
        grown.frames(40)
    assert np.array_equal(grown.frames(WINDOW_FRAMES), at_once.frames(WINDOW_FRAMES))


def test_the_floor_follows_the_loudest_sound_of_the_window() -> None:
    quiet, loud = LogMel(80), LogMel(80)
    quiet.accept(1e-6 * warble(1.0))
    loud.accept(warble(1.0))
    assert loud.frames(300)[:, 250].min() == pytest.approx((loud.frames(300).max() * 4 - 8) / 4)
    assert quiet.frames(300)[:, 250].max() == pytest.approx(-1.5)  # (−10 + 4) / 4: less than any sound


def test_fewer_frames_are_the_first_of_the_window() -> None:
    mel = LogMel(128)
    mel.accept(warble(3.0))
    assert np.array_equal(mel.frames(200), mel.frames(WINDOW_FRAMES)[:, :200])


def test_what_is_behind_thirty_seconds_is_left_out() -> None:
    mel = LogMel(80)
    mel.accept(warble(29.0))
    mel.accept(warble(9.0))
    assert mel.samples == 480_000
    assert mel.frames(WINDOW_FRAMES).shape == (80, WINDOW_FRAMES)


@pytest.mark.parametrize("bands", BANDS)
def test_each_filter_is_a_triangle_over_its_own_bins(bands: int) -> None:
    filters = mel_filters(bands)
    assert filters.shape == (bands, 201)
    assert (filters.max(axis=1) > 0).all()
    assert (np.diff(filters.argmax(axis=1)) >= 0).all()
