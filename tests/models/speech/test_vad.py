from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.backends.ort import Session
from models.manifest import list_manifests
from models.speech.vad import STEP, SileroVad, open_vad
from tests.models.conftest import ModelFiles

MANIFEST = list_manifests()["silero-vad"]
CLIPS = ("zh_aishell_BAC009S0724W0121.wav", "en_librispeech_1995-1837-0001.wav")


@pytest.fixture
def vad(model_files: ModelFiles) -> SileroVad:
    return open_vad(MANIFEST, model_files(MANIFEST.name))


def sound(path: Path) -> NDArray[np.float32]:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (16_000, 1)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / np.float32(32768)


def loud_steps(samples: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Steps whose level is well above the clip's quietest: a crude truth to check against."""
    whole = len(samples) // STEP
    level = np.sqrt((samples[: whole * STEP].reshape(whole, STEP) ** 2).mean(axis=1))
    loud: NDArray[np.bool_] = level > 0.3 * np.percentile(level, 90)
    return loud


@pytest.mark.parametrize("clip", CLIPS)
def test_speech_is_heard(vad: SileroVad, fixtures: Path, clip: str) -> None:
    samples = sound(fixtures / "speech" / clip)
    heard = vad.accept(samples)
    assert heard.shape == (len(samples) // STEP,)
    assert (heard[loud_steps(samples)] > 0.5).mean() > 0.95


@pytest.mark.parametrize("kind", ["silence", "hiss", "hum"])
def test_what_is_no_speech_is_not(vad: SileroVad, kind: str) -> None:
    t = np.arange(32_000) / 16_000
    noise = {
        "silence": np.zeros(32_000),
        "hiss": np.random.default_rng(1).normal(0, 0.05, 32_000),
        "hum": 0.2 * np.sin(2 * np.pi * 50 * t),
    }[kind].astype(np.float32)
    assert np.median(vad.accept(noise)) < 0.1
    assert (vad.accept(noise) < 0.5).mean() > 0.95


def test_silence_after_speech_is_silence(vad: SileroVad, fixtures: Path) -> None:
    vad.accept(sound(fixtures / "speech" / CLIPS[0]))
    assert vad.accept(np.zeros(16_000, np.float32))[10:].max() < 0.2


def test_however_the_sound_is_cut_up_the_answer_is_the_same(vad: SileroVad, fixtures: Path) -> None:
    samples = sound(fixtures / "speech" / CLIPS[1])[:48_000]
    at_once = vad.accept(samples)
    vad.reset()
    sizes = np.random.default_rng(0).integers(0, 1500, 200)
    cuts = np.split(samples, np.unique(np.clip(np.cumsum(sizes), 0, len(samples))))
    assert np.array_equal(np.concatenate([vad.accept(cut) for cut in cuts]), at_once)


def test_each_step_sees_the_end_of_the_one_before(
    vad: SileroVad, model_files: ModelFiles, fixtures: Path
) -> None:
    samples = sound(fixtures / "speech" / CLIPS[0])[: 60 * STEP]
    file = MANIFEST.file("vad")
    session = Session(model_files(MANIFEST.name)[file.name], file)
    padded = np.concatenate((np.zeros(64, np.float32), samples))
    state, expected = np.zeros((2, 1, 128), np.float32), []
    for k in range(60):
        heard = padded[None, k * STEP : (k + 1) * STEP + 64]
        probability, state = session.run({"input": heard, "state": state, "sr": np.array(16_000, np.int64)})
        expected.append(float(probability[0, 0]))
    assert np.array_equal(vad.accept(samples), np.array(expected, np.float32))


def test_two_streams_over_one_model_do_not_disturb_each_other(vad: SileroVad, fixtures: Path) -> None:
    samples = sound(fixtures / "speech" / CLIPS[0])[:16_000]
    alone = vad.accept(samples)
    vad.reset()
    other = vad.another()
    other.accept(np.ones(700, np.float32))
    assert np.array_equal(vad.accept(samples), alone)


def test_a_sliver_of_sound_waits_for_more(vad: SileroVad) -> None:
    assert vad.accept(np.zeros(511, np.float32)).shape == (0,)
    assert vad.accept(np.zeros(1, np.float32)).shape == (1,)
    assert vad.accept(np.zeros(0, np.float32)).shape == (0,)
