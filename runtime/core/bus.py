"""The typed bus: publishers never wait, each reader has a queue of its own, drops are counted.

Everything happens on the event loop's thread; what another thread has goes through ``Clock.call``.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from runtime.core.clock import Clock
from runtime.core.topics import Topic

M = TypeVar("M")


class TopicStats(msgspec.Struct):
    """What the console's ``top`` shows of one topic."""

    count: int = 0
    drops: int = 0
    last_ns: int = 0


class Reader(Generic[M]):
    """One reader's queue: ``await get()``, ``async for``, or ``take()`` what is there now."""

    def __init__(self, topic: Topic[M], stats: TopicStats, forget: Callable[[Reader[M]], None]) -> None:
        self._queue: deque[M] = deque(maxlen=topic.depth)
        self._latest_only = topic.depth == 1
        self._stats = stats
        self._waiter: asyncio.Future[None] | None = None
        self._forget = forget

    def put(self, message: M) -> None:
        """Called by the bus."""
        if len(self._queue) == self._queue.maxlen and not self._latest_only:
            self._stats.drops += 1
        self._queue.append(message)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def take(self) -> M | None:
        """The oldest waiting message, or None."""
        return self._queue.popleft() if self._queue else None

    async def get(self) -> M:
        """Wait for the next message."""
        while not self._queue:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._queue.popleft()

    def __aiter__(self) -> Reader[M]:
        return self

    async def __anext__(self) -> M:
        return await self.get()

    def close(self) -> None:
        """Stop receiving."""
        self._forget(self)

    def __enter__(self) -> Reader[M]:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Bus:
    """Publish and subscribe by topic."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._readers: dict[str, list[Reader[Any]]] = {}
        self._latest: dict[str, Any] = {}
        self.stats: dict[str, TopicStats] = {}

    def publish(self, topic: Topic[M], message: M) -> None:
        """Hand ``message`` to every reader of ``topic``; never waits."""
        stats = self.stats.setdefault(topic.name, TopicStats())
        stats.count += 1
        stats.last_ns = self._clock.now_ns()
        self._latest[topic.name] = message
        for reader in self._readers.get(topic.name, ()):
            reader.put(message)

    def subscribe(self, topic: Topic[M]) -> Reader[M]:
        """A new reader that sees what is published from now on."""
        stats = self.stats.setdefault(topic.name, TopicStats())
        readers = self._readers.setdefault(topic.name, [])
        reader: Reader[M] = Reader(topic, stats, readers.remove)
        readers.append(reader)
        return reader

    def latest(self, topic: Topic[M]) -> M | None:
        """The last message published on ``topic``, or None."""
        message: M | None = self._latest.get(topic.name)
        return message
