"""Somebody who listens: while there is one the microphone is open and the light is lit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType

import msgspec

from models.speech.segments import RATE_HZ, SpeechEvent

HELD_S = 60.0


class Listener:
    """``async with hearing.listen() as events: async for event in events: …``

    Events wait here, 60 s of sound at most; then what waits is dropped (``dropped_s``): the stretch that is open
    ends, and what is said goes on as a new one. Of one task.
    """

    def __init__(self, begin: Callable[[Listener], None], end: Callable[[Listener], None]) -> None:
        self._begin, self._end = begin, end
        self._events: deque[SpeechEvent] = deque()
        self._held = 0
        self._open = False  # whether what was taken or waits leaves a stretch open
        self._taken_open = False
        self._waiter: asyncio.Future[None] | None = None
        self.dropped_s = 0.0

    async def __aenter__(self) -> Listener:
        self._begin(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(self)
        self._events.clear()

    def __aiter__(self) -> Listener:
        return self

    async def __anext__(self) -> SpeechEvent:
        while not self._events:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        event = self._events.popleft()
        self._held -= len(event.samples)
        self._taken_open = event.kind != "end"
        return event

    def put(self, event: SpeechEvent) -> None:
        """Called by the ear, on the loop; never waits."""
        if self._held + len(event.samples) > HELD_S * RATE_HZ:
            self._drop(event)
        if not self._open and event.kind != "begin":
            if event.kind == "end":  # of a stretch that this listener never saw, or that was dropped
                self.dropped_s += len(event.samples) / RATE_HZ
                return
            event = msgspec.structs.replace(event, kind="begin")
        self._open = event.kind != "end"
        self._append(event)

    def _append(self, event: SpeechEvent) -> None:
        self._events.append(event)
        self._held += len(event.samples)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _drop(self, coming: SpeechEvent) -> None:
        first = self._events[0] if self._events else coming
        self.dropped_s += self._held / RATE_HZ
        self._events.clear()
        self._held, self._open = 0, False
        if self._taken_open:
            self._append(SpeechEvent("end", first.t_ns, first.samples[:0]))
