"""Microphones: ALSA through ``arecord``, a WAV file, and the World's sound; 16-bit → float32 mono."""

from __future__ import annotations

import os
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from boards import spec
from drivers.base import AudioChunk, Clock, ConfigError, DeviceLostError
from drivers.sim.world import World

if TYPE_CHECKING:
    from drivers.factory import BuildContext

PIPE_BYTES = 1 << 16


class Recorder(Protocol):
    """A child process that writes raw S16_LE to ``stdout`` (non-blocking)."""

    stdout: IO[bytes] | None

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        ...

    def terminate(self) -> None:
        """End it."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        ...


class AlsaMicrophone:
    """ALSA's own recorder as a child; ``start()`` runs it. ``channel`` −1 mixes all."""

    def __init__(
        self, start: Callable[[], Recorder], clock: Clock, rate_hz: int, channels: int = 1, channel: int = -1
    ) -> None:
        self._start, self._clock, self._rate_hz = start, clock, rate_hz
        self._channels, self._channel = channels, channel
        self._recorder: Recorder | None = None
        self._rest = b""

    @classmethod
    def from_board(cls, part: spec.Microphone, context: BuildContext) -> AlsaMicrophone:
        """As the board file says."""
        return cls(lambda: start_arecord(part), context.clock, part.rate_hz, part.channels, part.channel)

    def open(self) -> None:
        """Start recording. Raises DeviceLostError, ConfigError."""
        self.close()
        self._recorder, self._rest = self._start(), b""
        if self._recorder.stdout is not None:
            os.set_blocking(self._recorder.stdout.fileno(), False)

    def close(self) -> None:
        """Stop recording."""
        if self._recorder is not None:
            self._recorder.terminate()
            self._recorder.wait(2.0)
            if self._recorder.stdout is not None:
                self._recorder.stdout.close()
            self._recorder = None

    def read(self) -> AudioChunk:
        """What has been heard since the last read. Raises DeviceLostError."""
        recorder = self._recorder
        if recorder is None or recorder.stdout is None:
            raise DeviceLostError("the microphone is closed: open it first")
        raw = self._rest + (recorder.stdout.read(PIPE_BYTES) or b"")
        if not raw and recorder.poll() is not None:
            raise DeviceLostError(f"arecord ended with {recorder.poll()}: is the microphone plugged in?")
        whole = len(raw) - len(raw) % (2 * self._channels)
        self._rest = raw[whole:]
        samples = to_mono(np.frombuffer(raw[:whole], "<i2"), self._channels, self._channel)
        heard_ns = round(len(samples) * 1e9 / self._rate_hz)
        return AudioChunk(self._clock.now_ns() - heard_ns, samples, self._rate_hz)


class SoundMicrophone:
    """Paces a source of samples by the clock: ``sound(first_ns, n, rate)`` gives float32[n]."""

    def __init__(
        self, sound: Callable[[int, int, int], NDArray[np.float32]], clock: Clock, rate_hz: int
    ) -> None:
        self._sound, self._clock, self._rate_hz = sound, clock, rate_hz
        self._start_ns, self._given = clock.now_ns(), 0

    def open(self) -> None:
        """Listen from now on."""
        self._start_ns, self._given = self._clock.now_ns(), 0

    def close(self) -> None:
        """Stop listening."""

    def read(self) -> AudioChunk:
        """What has been heard since the last read."""
        due = (self._clock.now_ns() - self._start_ns) * self._rate_hz // 1_000_000_000
        n, first_ns = due - self._given, self._start_ns + self._given * 1_000_000_000 // self._rate_hz
        self._given = due
        return AudioChunk(first_ns, self._sound(first_ns, n, self._rate_hz), self._rate_hz)


class WavMicrophone(SoundMicrophone):
    """A 16-bit WAV file heard from the moment of ``open``; silence after its end."""

    def __init__(self, path: Path, clock: Clock) -> None:
        try:
            with wave.open(str(path)) as file:
                if file.getsampwidth() != 2:
                    raise ConfigError(f"{path}: must be a 16-bit WAV file")
                raw = np.frombuffer(file.readframes(file.getnframes()), "<i2")
                self._samples = to_mono(raw, file.getnchannels(), -1)
                rate_hz = file.getframerate()
        except (OSError, wave.Error, EOFError) as error:
            raise ConfigError(f"{path}: is no WAV file that can be read ({error})") from error
        super().__init__(self._part, clock, rate_hz)

    @classmethod
    def from_board(cls, part: spec.Microphone, context: BuildContext) -> WavMicrophone:
        """As the board file says: ``device`` is the file."""
        return cls(Path(part.device), context.clock)

    def _part(self, first_ns: int, n: int, rate_hz: int) -> NDArray[np.float32]:
        first = (first_ns - self._start_ns) * rate_hz // 1_000_000_000
        heard = np.zeros(n, np.float32)
        part = self._samples[first : first + n]
        heard[: len(part)] = part
        return heard


class SimMicrophone(SoundMicrophone):
    """The World's sound, with the faults of a real device."""

    def __init__(self, world: World, clock: Clock, rate_hz: int) -> None:
        super().__init__(world.sound, clock, rate_hz)
        self._faults = world.faults

    @classmethod
    def from_board(cls, part: spec.Microphone, context: BuildContext) -> SimMicrophone:
        """As the board file says."""
        return cls(context.world, context.clock, part.rate_hz)

    def open(self) -> None:
        """Listen from now on. Raises DeviceLostError."""
        self._check()
        super().open()

    def read(self) -> AudioChunk:
        """What has been heard; an overrun loses it, and says so. Raises DeviceLostError."""
        self._check()
        chunk = super().read()
        if not self._faults.strikes("microphone", "overrun"):
            return chunk
        return AudioChunk(chunk.t_ns, chunk.samples[:0], chunk.rate_hz, overruns=1)

    def _check(self) -> None:
        if self._faults.strikes("microphone", "unplug"):
            raise DeviceLostError("the microphone is gone: check its cable")


def start_arecord(part: spec.Microphone) -> Recorder:
    """``arecord`` on the board's device. Raises ConfigError when it is not installed."""
    command = ["arecord", "-q", "-t", "raw", "-f", "S16_LE", "-D", part.device]
    command += ["-r", str(part.rate_hz), "-c", str(part.channels)]
    try:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise ConfigError("arecord is not installed: apt install alsa-utils") from error


def to_mono(raw: NDArray[np.int16], channels: int, channel: int) -> NDArray[np.float32]:
    """int16[N·channels] interleaved → float32[N] in −1…1: one channel, or with −1 the mean of all."""
    frames = raw.reshape(-1, channels).astype(np.float32) / np.float32(32768)
    mono: NDArray[np.float32] = frames.mean(axis=1) if channel < 0 else frames[:, channel]
    return mono
