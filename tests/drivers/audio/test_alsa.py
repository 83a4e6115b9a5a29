from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from boards import spec
from drivers.audio.alsa import AlsaMicrophone, Recorder, start_arecord, to_mono
from drivers.base import ConfigError, DeviceLostError
from drivers.factory import BuildContext
from runtime.core.clock import RealClock, VirtualClock

RATE = 16_000


class FakeRecorder:
    """arecord as two pipes: the test writes what it records and says."""

    def __init__(self) -> None:
        sound, self._sound = os.pipe()
        words, self._words = os.pipe()
        self.stdout: IO[bytes] | None = os.fdopen(sound, "rb", buffering=0)
        self.stderr: IO[bytes] | None = os.fdopen(words, "rb", buffering=0)
        self.status: int | None = None
        self.hangs = False
        self.killed = False

    def record(self, raw: bytes) -> None:
        os.write(self._sound, raw)

    def say(self, text: bytes) -> None:
        os.write(self._words, text)

    def poll(self) -> int | None:
        return self.status

    def terminate(self) -> None:
        if not self.hangs:
            self.end(-15)

    def kill(self) -> None:
        self.killed = True
        self.end(-9)

    def end(self, status: int) -> None:
        if self.status is None:
            self.status = status
            os.close(self._sound)
            os.close(self._words)

    def wait(self, timeout: float | None = None) -> int:
        if self.status is None:
            raise subprocess.TimeoutExpired("arecord", timeout or 0)
        return self.status


Make = Callable[..., tuple[AlsaMicrophone, FakeRecorder]]


@pytest.fixture
def make() -> Iterator[Make]:
    opened: list[AlsaMicrophone] = []

    def open_one(channels: int = 1, channel: int = -1) -> tuple[AlsaMicrophone, FakeRecorder]:
        recorder = FakeRecorder()
        microphone = AlsaMicrophone(lambda: recorder, VirtualClock(), RATE, channels, channel)
        microphone.open()
        opened.append(microphone)
        return microphone, recorder

    yield open_one
    for microphone in opened:
        microphone.close()


def sixteen(*values: int) -> bytes:
    return np.array(values, "<i2").tobytes()


def test_sound_comes_as_floats(make: Make) -> None:
    microphone, recorder = make()
    assert microphone.read().samples.size == 0
    recorder.record(sixteen(0, 16384, -32768))
    chunk = microphone.read()
    assert chunk.samples.tolist() == [0.0, 0.5, -1.0] and chunk.samples.dtype == np.float32
    assert chunk.rate_hz == RATE and chunk.overruns == 0


def test_a_sample_cut_in_two_by_the_pipe_is_put_together(make: Make) -> None:
    microphone, recorder = make(channels=2, channel=1)
    raw = sixteen(1, 16384, 2, -16384)
    recorder.record(raw[:5])
    assert microphone.read().samples.tolist() == [0.5]
    recorder.record(raw[5:])
    assert microphone.read().samples.tolist() == [-0.5]


@pytest.mark.parametrize(("channel", "expected"), [(-1, [0.25]), (0, [0.5]), (1, [0.0])])
def test_one_channel_or_all(channel: int, expected: list[float]) -> None:
    assert to_mono(np.array([16384, 0], np.int16), 2, channel).tolist() == expected


def test_a_channel_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match="the first is 0"):
        AlsaMicrophone(FakeRecorder, VirtualClock(), RATE, 2, 2)


def test_overruns_are_counted_once_however_the_words_arrive(make: Make) -> None:
    microphone, recorder = make()
    recorder.say(b"overrun!!! (at least 12.3 ms long)\noverr")
    recorder.record(sixteen(1))
    assert microphone.read().overruns == 1
    recorder.say(b"un!!! (at least 0.1 ms long)\n")
    assert microphone.read().overruns == 1
    assert microphone.read().overruns == 0
    recorder.say(b"a warning\noverrun!!!")
    assert microphone.read().overruns == 1
    recorder.say(b" (at least 3 ms long)\n")
    assert microphone.read().overruns == 0


def test_what_was_recorded_before_the_end_is_heard_then_it_is_lost(make: Make) -> None:
    microphone, recorder = make()
    recorder.record(sixteen(16384))
    recorder.say(b"arecord: pcm_read:2145: read error: No such device\n")
    recorder.end(1)
    assert microphone.read().samples.tolist() == [0.5]
    with pytest.raises(DeviceLostError, match="No such device"):
        microphone.read()


def test_closed_it_says_so_and_it_opens_again() -> None:
    recorders = [FakeRecorder(), FakeRecorder()]
    coming = iter(recorders)
    microphone = AlsaMicrophone(lambda: next(coming), VirtualClock(), RATE)
    with pytest.raises(DeviceLostError, match="open it first"):
        microphone.read()
    microphone.open()
    microphone.open()
    assert recorders[0].status == -15
    recorders[1].record(sixteen(16384))
    assert microphone.read().samples.tolist() == [0.5]
    microphone.close()
    microphone.close()


def test_a_recorder_that_does_not_end_is_killed(make: Make) -> None:
    microphone, recorder = make()
    recorder.hangs = True
    microphone.close()
    assert recorder.killed and recorder.stdout is not None and recorder.stdout.closed


def test_over_a_real_child_process() -> None:
    program = (
        "import sys; sys.stdout.buffer.write(b'\\x00\\x40' * 100); sys.stderr.write('no such device\\n')"
    )

    def start() -> Recorder:
        return subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    microphone = AlsaMicrophone(start, RealClock(), RATE)
    microphone.open()
    heard = 0
    with pytest.raises(DeviceLostError, match="no such device"):
        while True:
            heard += microphone.read().samples.size
    microphone.close()
    assert heard == 100


def test_arecord_is_asked_for_when_it_is_missing() -> None:
    part = spec.Microphone(compatible="linux,alsa-capture")
    with pytest.raises(ConfigError, match="alsa-utils"):
        start_arecord(part, program="arecord-that-is-not-installed")


def test_a_card_that_can_only_do_another_rate_is_heard_at_that(make: Make) -> None:
    microphone, recorder = make()
    recorder.say(b"Warning: rate is not accurate (requested = 16000Hz, got = 48000Hz)\n")
    recorder.record(sixteen(*range(480)))
    chunk = microphone.read()
    assert chunk.rate_hz == 48_000 and chunk.t_ns == -10_000_000
    recorder.record(sixteen(1))
    assert microphone.read().rate_hz == 48_000


def test_arecord_is_asked_for_what_the_board_file_says(tmp_path: Path) -> None:
    program = tmp_path / "arecord"
    program.write_text('#!/bin/sh\necho "$LC_ALL $*"\n', encoding="utf-8")
    program.chmod(0o755)
    part = spec.Microphone(
        compatible="linux,alsa-capture",
        device="hw:2",
        rate_hz=48_000,
        channels=4,
        period_ms=10,
        buffer_ms=250,
    )
    recorder = start_arecord(part, str(program))
    assert recorder.stdout is not None and recorder.stderr is not None
    said = b""
    while news := recorder.stdout.read(4096):
        said += news
    recorder.wait()
    recorder.stdout.close()
    recorder.stderr.close()
    assert said == b"C -t raw -f S16_LE -D hw:2 -r 48000 -c 4 --period-time=10000 --buffer-time=250000\n"


def test_a_buffer_of_less_than_two_periods_is_refused() -> None:
    part = spec.Microphone(compatible="linux,alsa-capture", period_ms=200, buffer_ms=300)
    with pytest.raises(ConfigError, match="two periods"):
        AlsaMicrophone.from_board(part, BuildContext(spec.Board(name="t", summary="t"), VirtualClock()))


def test_seconds_of_sound_may_wait_to_be_read(make: Make) -> None:
    microphone, recorder = make()
    recorder.record(b"\x01\x00" * 400_000)
    assert microphone.read().samples.size == 400_000
