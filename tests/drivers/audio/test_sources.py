"""The WAV file and the World's sound, paced by the clock."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from boards import spec
from drivers.audio.microphones import SimMicrophone, SoundMicrophone, WavMicrophone
from drivers.base import ConfigError, DeviceLostError
from drivers.factory import BuildContext
from drivers.sim.scenario import Scenario
from drivers.sim.world import World
from runtime.core.clock import VirtualClock, run_virtual

RATE = 16_000


def write_wav(
    path: Path, samples: NDArray[np.int16], rate: int = RATE, channels: int = 1, width: int = 2
) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def after(clock: VirtualClock, seconds: float) -> None:
    run_virtual(clock, clock.sleep(seconds))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    st.sampled_from([8_000, 16_000, 44_100, 48_000]), st.lists(st.floats(0, 0.05), min_size=1, max_size=30)
)
def test_a_file_is_heard_whole_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, rate: int, pauses: list[float]
) -> None:
    ramp = np.arange(-20_000, 20_000, dtype=np.int16)
    clock = VirtualClock()
    microphone = WavMicrophone(write_wav(tmp_path_factory.mktemp("wav") / "a.wav", ramp, rate), clock)
    after(clock, 0.123)
    microphone.open()
    heard = []
    for pause in pauses:
        after(clock, pause)
        chunk = microphone.read()
        assert chunk.rate_hz == rate and chunk.t_ns <= clock.now_ns()
        heard.append(chunk.samples)
    samples = np.concatenate(heard)
    assert np.array_equal(np.rint(samples * 32768).astype(np.int16), ramp[: samples.size])
    assert samples.size == (clock.now_ns() - 123_000_000) * rate // 1_000_000_000


def test_after_its_end_there_is_silence(tmp_path: Path) -> None:
    clock = VirtualClock()
    microphone = WavMicrophone(write_wav(tmp_path / "a.wav", np.full(160, 9_000, np.int16)), clock)
    microphone.open()
    after(clock, 0.02)
    samples = microphone.read().samples
    assert samples.size == 320 and samples[:160].min() > 0.2 and not samples[160:].any()
    microphone.close()
    microphone.open()
    after(clock, 0.005)
    assert microphone.read().samples.min() > 0.2  # from its beginning again


def test_two_channels_are_mixed(tmp_path: Path) -> None:
    clock = VirtualClock()
    stereo = np.tile(np.array([16384, 0], np.int16), 100)
    microphone = WavMicrophone(write_wav(tmp_path / "a.wav", stereo, channels=2), clock)
    microphone.open()
    after(clock, 0.001)
    assert set(microphone.read().samples.tolist()) == {0.25}


def test_a_file_that_was_cut_off_is_heard_to_its_last_whole_sample(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", np.full(100, 16384, np.int16))
    path.write_bytes(path.read_bytes()[:-3])
    clock = VirtualClock()
    microphone = WavMicrophone(path, clock)
    microphone.open()
    after(clock, 0.01)
    assert np.count_nonzero(microphone.read().samples) == 98


def test_what_is_no_wav_file_says_so(tmp_path: Path) -> None:
    bad = tmp_path / "a.wav"
    for data in (b"", b"RIFF", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0", b"not sound at all"):
        bad.write_bytes(data)
        with pytest.raises(ConfigError, match="no WAV file"):
            WavMicrophone(bad, VirtualClock())
    with pytest.raises(ConfigError, match="no WAV file"):
        WavMicrophone(tmp_path / "absent.wav", VirtualClock())
    with pytest.raises(ConfigError, match="16-bit"):
        WavMicrophone(write_wav(tmp_path / "b.wav", np.zeros(9, np.int16), width=1), VirtualClock())


def test_a_board_wants_its_own_rate(tmp_path: Path) -> None:
    context = BuildContext(spec.Board(name="t", summary="t"), VirtualClock())
    path = write_wav(tmp_path / "a.wav", np.zeros(9, np.int16), rate=44_100)
    part = spec.Microphone(compatible="browline,wav-microphone", device=str(path))
    with pytest.raises(ConfigError, match="-r 16000"):
        WavMicrophone.from_board(part, context)
    write_wav(path, np.zeros(9, np.int16))
    assert WavMicrophone.from_board(part, context).rate_hz == RATE


def test_the_source_is_asked_for_each_sample_once() -> None:
    asked: list[tuple[int, int]] = []

    def sound(first_ns: int, n: int, rate_hz: int) -> NDArray[np.float32]:
        asked.append((first_ns * rate_hz // 1_000_000_000, n))
        return np.zeros(n, np.float32)

    clock = VirtualClock()
    microphone = SoundMicrophone(sound, clock, 44_100)
    start = clock.now_ns() * 44_100 // 1_000_000_000
    for pause in (0.01, 0.0, 0.013, 0.0007):
        after(clock, pause)
        microphone.read()
    expected = start
    for first, n in asked:
        assert first - expected in (
            0,
            1,
        )  # the World's grid and the microphone's own start lie less than one apart
        expected += n


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> World:
    write_wav(tmp_path / "sound.wav", np.full(RATE, 16384, np.int16))
    scenario = Scenario(name="t", ends_s=1.0, sound="sound.wav", folder=tmp_path)
    return World(clock, scenario, lambda path: np.zeros((1, 1, 3), np.uint8))


def test_the_worlds_sound_is_heard(world: World, clock: VirtualClock) -> None:
    microphone = SimMicrophone(world, clock, RATE)
    microphone.open()
    after(clock, 0.032)
    assert microphone.read().samples.tolist() == [0.5] * 512


def test_an_overrun_loses_sound_and_says_so(world: World, clock: VirtualClock) -> None:
    microphone = SimMicrophone(world, clock, RATE)
    microphone.open()
    world.faults.set("microphone", "overrun")
    after(clock, 0.1)
    chunk = microphone.read()
    assert chunk.overruns == 1 and chunk.samples.size == 0
    world.faults.clear()
    after(clock, 0.01)
    chunk = microphone.read()
    assert chunk.overruns == 0 and chunk.samples.size == 160  # what was lost does not come later


def test_unplugged_it_is_lost_and_comes_back(world: World, clock: VirtualClock) -> None:
    microphone = SimMicrophone(world, clock, RATE)
    microphone.open()
    world.faults.set("microphone", "unplug")
    for act in (microphone.read, microphone.open):
        with pytest.raises(DeviceLostError, match="cable"):
            act()
    world.faults.clear("microphone")
    microphone.open()
    after(clock, 0.001)
    assert microphone.read().samples.size == 16
