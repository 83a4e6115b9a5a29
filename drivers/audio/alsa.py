"""A microphone through ALSA's own recorder, ``arecord``: 16-bit → float32 mono."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import subprocess
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from boards import spec
from drivers.base import AudioChunk, Clock, ConfigError, DeviceLostError

if TYPE_CHECKING:
    from drivers.factory import BuildContext

PIPE_BYTES = 1 << 20  # what Linux grants everyone: 5 s of 48 kHz stereo that may wait to be read
STOP_S = 2.0
OVERRUN = b"overrun!!!"
OTHER_RATE = re.compile(rb"requested = \d+Hz, got = (\d+)Hz")


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

    Losses are counted from what it says: "overrun!!! (at least 12.3 ms long)" (alsa-utils, aplay.c, xrun). A card
    that can't do the rate is heard at its own, which it says as well (aplay.c, set_params).
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
        self._real_hz = rate_hz

    @classmethod
    def from_board(cls, part: spec.Microphone, context: BuildContext) -> AlsaMicrophone:
        """As the board file says. Raises ConfigError."""
        if part.buffer_ms < 2 * part.period_ms:
            raise ConfigError(
                f"microphone.buffer_ms: {part.buffer_ms} holds fewer than two periods of {part.period_ms} ms"
            )
        return cls(lambda: start_arecord(part), context.clock, part.rate_hz, part.channels, part.channel)

    def open(self) -> None:
        """Start recording. Raises DeviceLostError, ConfigError."""
        self.close()
        self._recorder, self._rest, self._said = self._start(), b"", b""
        self._real_hz = self._rate_hz
        for pipe in (self._recorder.stdout, self._recorder.stderr):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                with contextlib.suppress(OSError):  # the user has too many large pipes: 64 KiB then
                    fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)

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
        heard_ns = round(len(samples) * 1e9 / self._real_hz)
        return AudioChunk(self._clock.now_ns() - heard_ns, samples, self._real_hz, overruns)

    def _overruns(self, recorder: Recorder) -> int:
        """How often it has said so since the last read; the last line is kept: it may be unfinished."""
        news = (recorder.stderr and recorder.stderr.read(PIPE_BYTES)) or b""
        before = self._said.count(OVERRUN)
        said = self._said + news
        other = OTHER_RATE.search(said)
        if other is not None:
            self._real_hz = int(other[1])
        self._said = said[said.rstrip(b"\n").rfind(b"\n") + 1 :]
        return said.count(OVERRUN) - before


def start_arecord(part: spec.Microphone, program: str = "arecord") -> Recorder:
    """``arecord`` on the board's device. Raises ConfigError when it is not installed."""
    command = [program, "-t", "raw", "-f", "S16_LE", "-D", part.device]
    command += ["-r", str(part.rate_hz), "-c", str(part.channels)]
    command += [f"--period-time={1000 * part.period_ms}", f"--buffer-time={1000 * part.buffer_ms}"]
    words = {**os.environ, "LC_ALL": "C"}  # what it says is read, so it must not be translated
    try:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=words, bufsize=0)
    except FileNotFoundError as error:
        raise ConfigError("arecord is not installed: apt install alsa-utils") from error


def to_mono(raw: NDArray[np.int16], channels: int, channel: int) -> NDArray[np.float32]:
    """int16[N·channels] interleaved → float32[N] in −1…1: one channel, or with −1 the mean of all."""
    frames = raw.reshape(-1, channels).astype(np.float32) / np.float32(32768)
    mono: NDArray[np.float32] = frames.mean(axis=1) if channel < 0 else frames[:, channel]
    return mono
