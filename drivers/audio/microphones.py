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
STOP_S = 2.0
OVERRUN = b"overrun!!!"


class Recorder(Protocol):
    """A child process that writes raw S16_LE to ``stdout`` and its complaints to ``stderr``."""

    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        ...

    def terminate(self) -> None:
        """Ask it to end."""
        ...

    def kill(self) -> None:
        """End it."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        ...


class AlsaMicrophone:
    """ALSA's own recorder as a child; ``start()`` runs it. ``channel`` −1 mixes all.

    Losses are counted from what it says: "overrun!!! (at least 12.3 ms long)" (alsa-utils, aplay.c, xrun).
    """

    def __init__(
        self, start: Callable[[], Recorder], clock: Clock, rate_hz: int, channels: int = 1, channel: int = -1
    ) -> None:
        if channel >= channels:
            raise ConfigError(f"microphone.channel: {channel} of {channels}; the first is 0, -1 mixes them")
        self._start, self._clock, self._rate_hz = start, clock, rate_hz
        self._channels, self._channel = channels, channel
        self._recorder: Recorder | None = None
        self._rest, self._said = b"", b""

    @classmethod
    def from_board(cls, part: spec.Microphone, context: BuildContext) -> AlsaMicrophone:
        """As the board file says."""
        return cls(lambda: start_arecord(part), context.clock, part.rate_hz, part.channels, part.channel)

    def open(self) -> None:
        """Start recording. Raises DeviceLostError, ConfigError."""
        self.close()
        self._recorder, self._rest, self._said = self._start(), b"", b""
        for pipe in (self._recorder.stdout, self._recorder.stderr):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)

    def close(self) -> None:
        """Stop recording."""
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        recorder.terminate()
        try:
            recorder.wait(STOP_S)
        except subprocess.TimeoutExpired:  # it hangs in its device
            recorder.kill()
            recorder.wait()
        for pipe in (recorder.stdout, recorder.stderr):
            if pipe is not None:
                pipe.close()

    def read(self) -> AudioChunk:
        """What has been heard since the last read. Raises DeviceLostError."""
        recorder = self._recorder
        if recorder is None or recorder.stdout is None:
            raise DeviceLostError("the microphone is closed: open it first")
        ended = recorder.poll() is not None  # asked first: what it wrote before its end is still read
        came = recorder.stdout.read(PIPE_BYTES) or b""
        overruns = self._overruns(recorder)
        if ended and not came:
            why = self._said.decode(errors="replace").strip().rpartition("\n")[2] or "it said nothing"
            raise DeviceLostError(
                f"arecord ended ({why}): is the microphone plugged in? `arecord -l` lists them"
            )
        raw = self._rest + came
        whole = len(raw) - len(raw) % (2 * self._channels)
        self._rest = raw[whole:]
        samples = to_mono(np.frombuffer(raw[:whole], "<i2"), self._channels, self._channel)
        heard_ns = round(len(samples) * 1e9 / self._rate_hz)
        return AudioChunk(self._clock.now_ns() - heard_ns, samples, self._rate_hz, overruns)

    def _overruns(self, recorder: Recorder) -> int:
        """How often it has said so since the last read; the last line is kept: it may be unfinished."""
        news = (recorder.stderr and recorder.stderr.read(PIPE_BYTES)) or b""
        before = self._said.count(OVERRUN)
        said = self._said + news
        self._said = said[said.rstrip(b"\n").rfind(b"\n") + 1 :]
        return said.count(OVERRUN) - before


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
        n = due - self._given
        # Rounded up, so that a source which divides again finds the very sample it must go on with.
        first_ns = self._start_ns - (-self._given * 1_000_000_000 // self._rate_hz)
        self._given = due
        return AudioChunk(first_ns, self._sound(first_ns, n, self._rate_hz), self._rate_hz)


class WavMicrophone(SoundMicrophone):
    """A 16-bit WAV file heard from the moment of ``open``; silence after its end."""

    def __init__(self, path: Path, clock: Clock) -> None:
        try:
            with wave.open(str(path)) as file:
                if file.getsampwidth() != 2:
                    raise ConfigError(f"{path}: must be a 16-bit WAV file")
                frame_bytes, raw = 2 * file.getnchannels(), file.readframes(file.getnframes())
                whole = raw[: len(raw) - len(raw) % frame_bytes]  # a file that was cut off ends in mid-frame
                self._samples = to_mono(np.frombuffer(whole, "<i2"), file.getnchannels(), -1)
                self.rate_hz = file.getframerate()
        except (OSError, wave.Error, EOFError, RuntimeError) as error:
            raise ConfigError(f"{path}: is no WAV file that can be read ({error})") from error
        super().__init__(self._part, clock, self.rate_hz)

    @classmethod
    def from_board(cls, part: spec.Microphone, context: BuildContext) -> WavMicrophone:
        """As the board file says: ``device`` is the file. Raises ConfigError."""
        microphone = cls(Path(part.device), context.clock)
        if microphone.rate_hz != part.rate_hz:
            ask = f"sox {part.device} -r {part.rate_hz} new.wav"
            raise ConfigError(
                f"{part.device}: {microphone.rate_hz} Hz, not {part.rate_hz}; convert it: {ask}"
            )
        return microphone

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


def start_arecord(part: spec.Microphone, program: str = "arecord") -> Recorder:
    """``arecord`` on the board's device. Raises ConfigError when it is not installed."""
    command = [program, "-q", "-t", "raw", "-f", "S16_LE", "-D", part.device]
    command += ["-r", str(part.rate_hz), "-c", str(part.channels)]
    try:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except FileNotFoundError as error:
        raise ConfigError("arecord is not installed: apt install alsa-utils") from error


def to_mono(raw: NDArray[np.int16], channels: int, channel: int) -> NDArray[np.float32]:
    """int16[N·channels] interleaved → float32[N] in −1…1: one channel, or with −1 the mean of all."""
    frames = raw.reshape(-1, channels).astype(np.float32) / np.float32(32768)
    mono: NDArray[np.float32] = frames.mean(axis=1) if channel < 0 else frames[:, channel]
    return mono
