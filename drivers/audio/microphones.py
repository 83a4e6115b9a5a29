"""Microphones of the simulator: a sound file and the World's sound, paced by the clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards import spec
from drivers.audio.files import SoundReader
from drivers.base import AudioChunk, Clock, DeviceLostError
from drivers.sim.world import World

if TYPE_CHECKING:
    from drivers.factory import BuildContext

JUMP_NS = 2_000_000_000


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
    """A sound file heard from the moment of ``open``, at ``rate_hz`` (0: its own); silence after its end.

    Raises ConfigError when the file can't be read.
    """

    def __init__(self, path: Path, clock: Clock, rate_hz: int = 0, channel: int = -1) -> None:
        self._reader = SoundReader(path, rate_hz, channel)
        self._reader.close()
        self.rate_hz = self._reader.rate_hz
        super().__init__(self._next, clock, self.rate_hz)

    @classmethod
    def from_board(cls, part: spec.Microphone, context: BuildContext) -> WavMicrophone:
        """As the board file says: ``device`` is the file. Raises ConfigError."""
        return cls(Path(part.device), context.clock, part.rate_hz, part.channel)

    def open(self) -> None:
        """Listen from now on, to the file's beginning. Raises ConfigError."""
        self._reader.rewind()
        super().open()

    def close(self) -> None:
        """Stop listening."""
        self._reader.close()

    def _next(self, _first_ns: int, n: int, _rate_hz: int) -> NDArray[np.float32]:
        heard = np.zeros(n, np.float32)
        part = self._reader.read(n)
        heard[: len(part)] = part
        return heard


class SimMicrophone(SoundMicrophone):
    """The World's sound, with the faults of a real device."""

    def __init__(self, world: World, clock: Clock, rate_hz: int) -> None:
        super().__init__(world.sound, clock, rate_hz)
        self._faults = world.faults
        self._jump_ns = 0

    @classmethod
    def from_board(cls, part: spec.Microphone, context: BuildContext) -> SimMicrophone:
        """As the board file says."""
        return cls(context.world, context.clock, part.rate_hz)

    def open(self) -> None:
        """Listen from now on. Raises DeviceLostError."""
        self._check()
        self._jump_ns = 0
        super().open()

    def read(self) -> AudioChunk:
        """What has been heard; an overrun loses it, and says so. Raises DeviceLostError.

        A jump moves all later times 2 s on, the next one moves them back.
        """
        self._check()
        chunk = super().read()
        if self._faults.once("microphone", "jump"):
            self._jump_ns = JUMP_NS - self._jump_ns
        lost = self._faults.strikes("microphone", "overrun")
        samples = chunk.samples[:0] if lost else chunk.samples
        return AudioChunk(chunk.t_ns + self._jump_ns, samples, chunk.rate_hz, overruns=int(lost))

    def _check(self) -> None:
        if self._faults.strikes("microphone", "unplug"):
            raise DeviceLostError("the microphone is gone: check its cable")
