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
    """One reader's queue, for one task: ``await get()``, ``async for``, or ``take()`` what is there now."""

    def __init__(self, topic: Topic[M], stats: TopicStats, forget: Callable[[Reader[M]], None]) -> None:
        self._queue: deque[M] = deque(maxlen=topic.depth)
        self._latest_only = topic.depth == 1
        self._stats = stats
        self._waiter: asyncio.Future[None] | None = None
        self._forget = forget
        self._open = True

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
        """Wait for the next message. Raises EOFError once the reader is closed and empty."""
        while not self._queue:
            if not self._open:
                raise EOFError("this reader is closed: subscribe again")
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._queue.popleft()

    def __aiter__(self) -> Reader[M]:
        return self

    async def __anext__(self) -> M:
        try:
            return await self.get()
        except EOFError:
            raise StopAsyncIteration from None

    def close(self) -> None:
        """Stop receiving; who waits here is woken. May be called twice."""
        if self._open:
            self._open = False
            self._forget(self)
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_result(None)

    def __enter__(self) -> Reader[M]:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


async def hear(bus: Bus, topic: Topic[M], handle: Callable[[M], None]) -> None:
    """Hand each message to ``handle`` in the caller's own task until cancelled: what it raises is the caller's,
    not the publisher's.
    """
    with bus.subscribe(topic) as reader:
        async for message in reader:
            handle(message)


class _Channel(msgspec.Struct):
    """All the bus holds of one topic, so that a publish looks up one name."""

    stats: TopicStats
    sinks: tuple[Callable[[Any], None], ...] = ()
    latest: Any = None


class Bus:
    """Publish and subscribe by topic."""

    def __init__(self, clock: Clock) -> None:
        self._now_ns = clock.now_ns
        self._channels: dict[str, _Channel] = {}
        self.stats: dict[str, TopicStats] = {}

    def publish(self, topic: Topic[M], message: M) -> None:
        """Hand ``message`` to every reader of ``topic``; never waits."""
        channel = self._channels.get(topic.name) or self._channel(topic)
        stats = channel.stats
        stats.count += 1
        stats.last_ns = self._now_ns()
        channel.latest = message
        for sink in channel.sinks:
            sink(message)

    def subscribe(self, topic: Topic[M]) -> Reader[M]:
        """A new reader that sees what is published from now on."""
        reader: Reader[M] = Reader(topic, self._channel(topic).stats, lambda _: close())
        close = self.tap(topic, reader.put)
        return reader

    def tap(self, topic: Topic[M], sink: Callable[[M], None]) -> Callable[[], None]:
        """Call ``sink`` inside each publish on ``topic``: it must be quick and must not raise.

        Returns what takes the tap off again.
        """
        channel = self._channel(topic)
        channel.sinks = (*channel.sinks, sink)

        def close() -> None:
            channel.sinks = tuple(other for other in channel.sinks if other is not sink)

        return close

    def latest(self, topic: Topic[M]) -> M | None:
        """The last message published on ``topic``, or None."""
        message: M | None = self._channel(topic).latest
        return message

    def _channel(self, topic: Topic[Any]) -> _Channel:
        if topic.name not in self._channels:
            stats = self.stats[topic.name] = TopicStats()
            self._channels[topic.name] = _Channel(stats)
        return self._channels[topic.name]
