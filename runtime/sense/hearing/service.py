"""The service that owns the microphone: open only while somebody listens, read whatever else is slow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.base import AudioChunk, DeviceLostError, Microphone
from models.base import FetchError, ModelError, VoiceActivity
from models.speech.segments import SpeechEvent
from runtime.core.bus import Bus
from runtime.core.clock import NS, Clock
from runtime.core.log import Log
from runtime.core.topics import AUDIO
from runtime.sense.hearing.ear import Ear, Heard
from runtime.sense.hearing.inbox import Inbox
from runtime.sense.hearing.listener import Listener
from runtime.sense.hearing.voice import MISSING, OpenVoice
from runtime.sense.live import Live

PART = "hearing"
LOST = "Microphone lost. Trying again."
FAILED = "The speech model failed. Trying again."
READ_S = 0.032  # the rate of AUDIO
SILENT_NS = 2 * NS  # a card that gives nothing for so long is gone, whatever it says
AGAIN_S = 5.0  # between two looks for a model that is missing

Report = Callable[[str, str | None], None]


class Hearing:
    """Cuts what is said out of the microphone's sound for whoever listens.

    The microphone is read on a thread of its own into a bounded queue and on the bus as AUDIO; a second thread
    resamples, looks for speech and cuts. While a recording plays, its AUDIO is heard instead.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        microphone: Microphone,
        live: Live,
        open_voice: OpenVoice,
        log: Log,
        report: Report,
    ) -> None:
        self._bus, self._clock, self._microphone, self._live = bus, clock, microphone, live
        self._open_voice, self._log, self._report = open_voice, log, report
        self._listeners: list[Listener] = []
        self._wanted = asyncio.Event()
        self._listening: _Listening | None = None
        self._heard = Heard()
        self._failed = ""  # why, as it stands in the log

    @property
    def heard(self) -> Heard:
        """How it sounds now, or sounded when the microphone was last open."""
        return self._heard

    @property
    def listening(self) -> bool:
        """Whether the microphone is open."""
        return self._listening is not None

    def listen(self) -> Listener:
        """What is said from now on: use it in ``async with``. While the microphone is lost nothing comes; it
        comes back by itself, with a new stretch.
        """
        return Listener(self._begin, self._end)

    async def last(self, seconds: float) -> tuple[int, NDArray[np.float32]]:
        """When it began and the last ``seconds`` of sound float32[N] at 16 kHz: 30 at most, and only while
        somebody listens.
        """
        if self._listening is None:
            return self._clock.now_ns(), np.zeros(0, np.float32)
        return await self._clock.call(PART, self._listening.ear.last, seconds)

    async def run(self) -> None:
        """Serve until cancelled. Raises DriverError."""
        while True:
            if not self._listeners:
                self._report(PART, None)
            await self._wanted.wait()
            try:
                await self._serve()
            except ModelError as error:
                if str(error) != self._failed:
                    self._log.warning("no speech is found", part=PART, error=str(error))
                self._failed = str(error)
                self._report(PART, MISSING if isinstance(error, FetchError) else FAILED)
                await self._clock.sleep(AGAIN_S)

    async def _serve(self) -> None:
        """From the first listener to the last. Raises DriverError, ModelError."""
        opened = self._open_voice()
        voice = await self._clock.call(PART, opened.__enter__)
        listening = _Listening(self._clock, Ear(voice), self._live, self._tell)
        untap = self._bus.tap(AUDIO, listening.inbox.put)
        try:
            await self._clock.call("microphone", self._microphone.open)
            self._listening = listening
            await self._read(listening)
        finally:
            # Whole even when it is cancelled again: the light must not stay on.
            await asyncio.shield(self._close(listening, untap, opened))

    async def _read(self, listening: _Listening) -> None:
        clock, due_ns = self._clock, self._clock.now_ns()
        came_ns = due_ns
        while self._listeners:
            chunk = await clock.call("microphone", self._microphone.read)
            if len(chunk.samples) or chunk.overruns:
                came_ns = clock.now_ns()
                self._report(PART, None)
                if not self._live.held:
                    self._bus.publish(AUDIO, chunk)
            elif clock.now_ns() - came_ns > SILENT_NS:
                raise DeviceLostError("nothing comes from the microphone: unplug it and plug it in again")
            listening.work()
            due_ns = max(due_ns + round(READ_S * NS), clock.now_ns() - round(READ_S * NS))
            await clock.sleep(max(0.0, (due_ns - clock.now_ns()) / NS))

    async def _close(
        self,
        listening: _Listening,
        untap: Callable[[], None],
        opened: AbstractContextManager[VoiceActivity],
    ) -> None:
        await self._clock.call("microphone", self._microphone.close)
        untap()
        self._bus.publish(AUDIO, AudioChunk(self._clock.now_ns(), np.zeros(0, np.float32), 16_000))
        try:
            await listening.end()
        finally:
            self._listening = None
            await self._clock.call(PART, opened.__exit__, None, None, None)

    def _tell(self, events: Iterable[SpeechEvent], heard: Heard) -> None:
        self._heard = heard
        for event in events:
            for listener in self._listeners:
                listener.put(event)

    def _begin(self, listener: Listener) -> None:
        self._listeners.append(listener)
        self._wanted.set()

    def _end(self, listener: Listener) -> None:
        self._listeners.remove(listener)
        if not self._listeners:
            self._wanted.clear()


class _Listening:
    """From the opening of the microphone to its closing: what waits, and the work on it."""

    def __init__(
        self, clock: Clock, ear: Ear, live: Live, tell: Callable[[Iterable[SpeechEvent], Heard], None]
    ) -> None:
        self._clock, self.ear, self._live, self._tell = clock, ear, live, tell
        self.inbox = Inbox()
        self._epoch = live.epoch
        self._task: asyncio.Task[None] | None = None

    def work(self) -> None:
        """See to it that what waits is looked at; never waits. Raises what the last look raised."""
        if self._task is not None and self._task.done():
            task, self._task = self._task, None
            task.result()
        if self._task is None and self.inbox:
            self._task = asyncio.create_task(self._drain(), name=PART)

    async def end(self) -> None:
        """Look at all that waits, end the open stretch, forget the sound. Raises ModelError."""
        try:
            if self._task is not None:
                await self._task
            await self._drain()
        finally:
            self._tell(await self._clock.call(PART, self.ear.cut), self._now())
            await self._clock.call(PART, self.ear.wipe)

    async def _drain(self) -> None:
        while self.inbox:
            await self._take(self.inbox.take())

    async def _take(self, chunks: list[AudioChunk]) -> None:
        if self._epoch != self._live.epoch:  # what was heard is another's past
            self._epoch = self._live.epoch
            self._tell(await self._clock.call(PART, self.ear.cut), self._now())
        for chunk in chunks:
            events = await self._clock.call(PART, self.ear.accept, chunk)
            self._tell(events, self._now())

    def _now(self) -> Heard:
        heard = self.ear.heard
        lag_s = max(0.0, (self._clock.now_ns() - heard.t_ns) / NS) if heard.t_ns else 0.0
        return msgspec.structs.replace(heard, lag_s=lag_s, dropped_s=self.inbox.dropped_s)
