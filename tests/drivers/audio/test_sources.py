"""The WAV file and the World's sound, paced by the clock."""

from __future__ import annotations

import tracemalloc
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from boards import spec
from drivers.audio.microphones import SimMicrophone, SoundMicrophone, WavMicrophone
from drivers.base import ConfigError, DeviceLostError
from drivers.factory import BuildContext
from drivers.sim.scenario import Scenario, Step
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
        with pytest.raises(ConfigError, match="no sound file"):
            WavMicrophone(bad, VirtualClock())
    with pytest.raises(ConfigError, match="no sound file"):
        WavMicrophone(tmp_path / "absent.wav", VirtualClock())


def tone(rate: int, seconds: float = 1.0) -> NDArray[np.float64]:
    t = np.arange(round(rate * seconds)) / rate
    return 0.5 * np.sin(2 * np.pi * 440 * t)


def heard_from(microphone: WavMicrophone, clock: VirtualClock, seconds: float) -> NDArray[np.float32]:
    microphone.open()
    parts = []
    for _ in range(round(seconds / 0.02)):
        after(clock, 0.02)
        parts.append(microphone.read().samples)
    return np.concatenate(parts)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 96_000])
def test_any_width_and_rate_is_heard_at_the_boards_rate(tmp_path: Path, subtype: str, rate: int) -> None:
    path, clock = tmp_path / "a.wav", VirtualClock()
    soundfile.write(path, tone(rate), rate, subtype)
    part = spec.Microphone(compatible="browline,wav-microphone", device=str(path))
    microphone = WavMicrophone.from_board(part, BuildContext(spec.Board(name="t", summary="t"), clock))
    heard = heard_from(microphone, clock, 1.2)
    assert len(heard) == 19_200
    assert np.abs(heard - np.append(tone(RATE), np.zeros(3_200)))[200:15_800].max() < 0.02
    assert not heard[16_200:].any()


def test_a_file_of_six_channels_gives_the_one_asked_for(tmp_path: Path) -> None:
    path, clock = tmp_path / "a.wav", VirtualClock()
    soundfile.write(path, np.tile(np.arange(6) / 10, (1600, 1)), RATE, "PCM_24")
    assert heard_from(WavMicrophone(path, clock, RATE, 3), clock, 0.1).max() == pytest.approx(0.3, abs=1e-4)
    with pytest.raises(ConfigError, match="has 6"):
        WavMicrophone(path, clock, RATE, 6)


def test_numbers_that_are_no_sound_are_silence_and_what_is_too_loud_is_clipped(tmp_path: Path) -> None:
    path, clock = tmp_path / "a.wav", VirtualClock()
    wild = np.array([np.nan, np.inf, -np.inf, 7.0, 0.25], np.float32)
    soundfile.write(path, wild, RATE, "FLOAT")
    assert heard_from(WavMicrophone(path, clock), clock, 0.02)[:5].tolist() == [0, 1, -1, 1, 0.25]


def test_a_long_file_is_not_in_memory(tmp_path: Path) -> None:
    path, clock = tmp_path / "a.wav", VirtualClock()
    soundfile.write(path, np.zeros(20 * 60 * RATE, np.int16), RATE)
    tracemalloc.start()
    heard_from(WavMicrophone(path, clock, 48_000), clock, 0.2)
    assert tracemalloc.get_traced_memory()[1] < 4e6
    tracemalloc.stop()


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


def test_a_jump_of_the_clock_moves_the_times_and_the_next_moves_them_back(
    world: World, clock: VirtualClock
) -> None:
    microphone = SimMicrophone(world, clock, RATE)
    microphone.open()
    off = []
    for _ in range(2):
        world.faults.set("microphone", "jump")
        after(clock, 0.1)
        off.append(microphone.read().t_ns + 100_000_000 - clock.now_ns())
        after(clock, 0.1)
        assert microphone.read().t_ns + 100_000_000 - clock.now_ns() == off[-1]
    assert off == [2_000_000_000, 0]


def test_the_world_says_what_the_scenario_wants_over_its_noise(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "word.wav", np.full(8_000, 0.5), 8_000)
    steps = (Step(at=1.0, say="word.wav"), Step(at=3.0, say="word.wav"))
    scenario = Scenario(name="t", ends_s=9, repeat_s=10, steps=steps, noise_dbfs=-60, folder=tmp_path)
    clock = VirtualClock()
    world = World(clock, scenario, lambda path: np.zeros((1, 1, 3), np.uint8), seed=3)
    whole = world.sound(0, 15 * RATE, RATE)
    rms = np.sqrt((whole.reshape(15, -1) ** 2).mean(axis=1))
    assert np.flatnonzero(rms > 0.4).tolist() == [1, 3, 11, 13]
    assert rms[0] == pytest.approx(0.001, rel=0.05) and rms[14] == pytest.approx(0.001, rel=0.05)
    parts = [world.sound(k * 31_250_000, 500, RATE) for k in range(15 * 32)]
    assert np.array_equal(np.concatenate(parts), whole)
    after(clock, 4.5)
    world.say(tmp_path / "word.wav")
    assert world.sound(round(4.6e9), 100, RATE).min() > 0.4
