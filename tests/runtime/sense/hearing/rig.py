"""Hearing over a microphone of the test's own, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from drivers.base import AudioChunk, DriverError, Light, Microphone
from drivers.led.guard import CaptureLight, GuardedMicrophone
from models.base import VoiceActivity
from models.speech.segments import STEP, SpeechEvent
from runtime.core.bus import Bus
from runtime.core.clock import Clock, VirtualClock, run_virtual
from runtime.core.log import Log, LogRing, make_logger
from runtime.core.tasks import Supervisor
from runtime.core.topics import FAULT
from runtime.sense.hearing.listener import Listener
from runtime.sense.hearing.service import LOST, PART, Hearing
from runtime.sense.hearing.voice import OpenVoice
from runtime.sense.live import Live

T = TypeVar("T")


class Loudness:
    """A voice activity for tests: a step above −40 dBFS is speech."""

    def __init__(self) -> None:
        self._carry = np.zeros(0, np.float32)

    def accept(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        sound = np.concatenate((self._carry, samples))
        whole = len(sound) // STEP
        self._carry = sound[whole * STEP :]
        power = (sound[: whole * STEP].reshape(whole, STEP) ** 2).mean(axis=1)
        loud: NDArray[np.float32] = (power > 1e-4).astype(np.float32)
        return loud

    def reset(self) -> None:
        self._carry = np.zeros(0, np.float32)


@contextmanager
def loudness() -> Iterator[VoiceActivity]:
    yield Loudness()


class Lamp:
    """A light that remembers."""

    def __init__(self) -> None:
        self.lit = self.broken = False

    def open(self) -> None: ...

    def close(self) -> None: ...

    def set(self, on: bool) -> None:
        self.lit = on and not self.broken

    def is_on(self) -> bool:
        return self.lit and not self.broken


class Card:
    """A sound card: ``sound(first, n)`` in its own samples, its clock ``ppm`` slow, its reads ``late()`` s late.

    ``lost`` is what it raises, ``dead`` makes it give nothing, ``overruns`` is told with the next chunk.
    """

    def __init__(
        self,
        clock: VirtualClock,
        sound: Callable[[int, int], NDArray[np.float32]],
        rate_hz: int = 16_000,
        ppm: float = 0.0,
        late: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._clock, self._sound, self._rate_hz, self._late = clock, sound, rate_hz, late
        self._true_hz = rate_hz * (1 - 1e-6 * ppm)
        self._given, self._start_ns = 0, 0
        self.opened = self.dead = False
        self.lost: DriverError | None = None
        self.overruns = 0
        self.ahead_ns = 0  # of the true time, once its clock has jumped

    def open(self) -> None:
        if self.lost is not None:
            raise self.lost
        self.opened, self._start_ns, self._given = True, self._clock.now_ns(), 0

    def close(self) -> None:
        self.opened = False

    def at_ns(self, sample: int) -> int:
        """When this sample truly enters the microphone."""
        return self._start_ns + round(sample / self._true_hz * 1e9)

    def read(self) -> AudioChunk:
        if self.lost is not None:
            raise self.lost
        now_ns = self._clock.now_ns()
        if self.dead:
            return AudioChunk(now_ns, np.zeros(0, np.float32), self._rate_hz)
        seen_s = max(0.0, (now_ns - self._start_ns) / 1e9 - self._late())
        n = max(0, int(seen_s * self._true_hz) - self._given)
        samples = self._sound(self._given, n)
        self._given += n
        overruns, self.overruns = self.overruns, 0
        t_ns = now_ns - round(n * 1e9 / self._rate_hz) + self.ahead_ns
        return AudioChunk(t_ns, samples, self._rate_hz, overruns)

    def lose(self, seconds: float) -> None:
        """Let an overrun happen: so much of its sound is never given."""
        self._given += round(seconds * self._true_hz)
        self.overruns += 1


class Bursts:
    """A loud burst of ``length`` samples each ``every`` samples, else silence."""

    def __init__(self, every: int, length: int) -> None:
        self._every, self._length = every, length

    def __call__(self, first: int, n: int) -> NDArray[np.float32]:
        at = np.arange(first, first + n)
        tone = np.where(at % 16 < 8, np.float32(0.3), np.float32(-0.3))
        return np.where(at % self._every < self._length, tone, np.float32(0))


def quiet(clock: Clock) -> Log:
    """A log that nobody reads."""
    return make_logger(clock, LogRing(), None)


class Rig:
    """Supervised hearing; ``microphone`` stands behind the light."""

    def __init__(
        self,
        microphone: Callable[[VirtualClock], Microphone],
        open_voice: OpenVoice = loudness,
        clock: VirtualClock | None = None,
    ) -> None:
        self.clock = clock or VirtualClock()
        self.bus, self.live, self.lamp = Bus(self.clock), Live(), Lamp()
        log = quiet(self.clock)
        self.supervisor = Supervisor(self.clock, self.bus, log)
        self.microphone = microphone(self.clock)
        light: Light = self.lamp
        guarded = GuardedMicrophone(self.microphone, CaptureLight(light))
        self.hearing = Hearing(
            self.bus, self.clock, guarded, self.live, open_voice, log, self.supervisor.report
        )
        self.told: list[str] = []
        self.bus.tap(FAULT, lambda fault: self.told.append(fault.text))

    def run(self, story: Callable[[], Awaitable[T]]) -> T:
        """Tell ``story`` while hearing runs."""

        async def whole() -> T:
            self.supervisor.add(PART, self.hearing.run, text=LOST)
            try:
                return await story()
            finally:
                await self.supervisor.stop()

        return run_virtual(self.clock, whole())

    async def gather(self, seconds: float) -> list[SpeechEvent]:
        """Listen for ``seconds`` and give all that was heard, the end of the open stretch included."""
        events: list[SpeechEvent] = []
        async with self.hearing.listen() as said:
            taking = asyncio.create_task(_take(said, events))
            await self.clock.sleep(seconds)
            taking.cancel()
        return events


async def _take(said: Listener, events: list[SpeechEvent]) -> None:
    async for event in said:
        events.append(event)
