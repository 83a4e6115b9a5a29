from __future__ import annotations

import asyncio
import timeit

import pytest

from runtime.core.bus import Bus, Reader
from runtime.core.clock import NS, RealClock, VirtualClock, run_virtual
from runtime.core.messages import Arrow, Caption, Request
from runtime.core.topics import ARROW, CAPTION, REQUEST, TOPICS, Topic

QUEUE = Topic("queue", int, depth=3)
LATEST = Topic("latest", int)


def test_a_full_queue_drops_the_oldest_and_counts(bus: Bus) -> None:
    slow, quick = bus.subscribe(QUEUE), bus.subscribe(QUEUE)
    for n in range(5):
        bus.publish(QUEUE, n)
        assert quick.take() == n
    assert [slow.take() for _ in range(4)] == [2, 3, 4, None]
    assert (bus.stats["queue"].count, bus.stats["queue"].drops) == (5, 2)


def test_latest_only_replaces_and_that_is_no_drop(bus: Bus) -> None:
    reader = bus.subscribe(LATEST)
    for n in range(5):
        bus.publish(LATEST, n)
    assert (reader.take(), reader.take()) == (4, None)
    assert bus.stats["latest"].drops == 0


def test_latest_is_kept_without_readers(bus: Bus) -> None:
    assert bus.latest(ARROW) is None
    bus.publish(ARROW, Arrow(3.0))
    assert bus.latest(ARROW) == Arrow(3.0)
    assert bus.subscribe(ARROW).take() is None, "a reader sees what comes from now on"


def test_stats_tell_when(clock: VirtualClock, bus: Bus) -> None:
    clock.advance(2.5)
    bus.publish(ARROW, Arrow(None))
    assert bus.stats["arrow"].last_ns == round(2.5 * NS)


def test_a_waiting_reader_gets_each_message_in_order(clock: VirtualClock, bus: Bus) -> None:
    async def main() -> list[int]:
        with bus.subscribe(QUEUE) as reader:
            getting = asyncio.ensure_future(take_three(reader))
            for n in range(3):
                await clock.sleep(1)
                bus.publish(QUEUE, n)
            return await getting

    async def take_three(reader: Reader[int]) -> list[int]:
        return [await reader.get() for _ in range(3)]

    assert run_virtual(clock, main()) == [0, 1, 2]


def test_a_cancelled_wait_loses_nothing(clock: VirtualClock, bus: Bus) -> None:
    async def main() -> Caption:
        reader = bus.subscribe(CAPTION)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await reader.get()
        bus.publish(CAPTION, Caption("hello"))
        return await reader.get()

    assert run_virtual(clock, main()) == Caption("hello")


def test_close_ends_the_loop_of_who_reads(clock: VirtualClock, bus: Bus) -> None:
    async def main() -> list[str]:
        reader = bus.subscribe(REQUEST)

        async def listen() -> list[str]:
            return [request.action async for request in reader]

        listening = asyncio.ensure_future(listen())
        await clock.sleep(0)
        bus.publish(REQUEST, Request(0, "snap"))
        reader.close()
        reader.close()
        bus.publish(REQUEST, Request(0, "save"))
        return await listening

    assert run_virtual(clock, main()) == ["snap"]


def test_close_wakes_who_waits(clock: VirtualClock, bus: Bus) -> None:
    async def main() -> None:
        reader = bus.subscribe(CAPTION)
        waiting = asyncio.ensure_future(reader.get())
        await clock.sleep(1)
        reader.close()
        with pytest.raises(EOFError, match="subscribe again"):
            await asyncio.wait_for(waiting, 1)

    run_virtual(clock, main())


def test_a_tap_sees_each_message_until_it_is_taken_off(bus: Bus) -> None:
    seen: list[int] = []
    off = bus.tap(LATEST, seen.append)
    reader = bus.subscribe(LATEST)
    bus.publish(LATEST, 1)
    bus.publish(LATEST, 2)
    off()
    bus.publish(LATEST, 3)
    assert seen == [1, 2]
    assert reader.take() == 3


def test_a_reader_may_leave_while_another_is_served(bus: Bus) -> None:
    first = bus.subscribe(QUEUE)
    bus.tap(QUEUE, lambda _: first.close())
    last = bus.subscribe(QUEUE)
    bus.publish(QUEUE, 1)
    bus.publish(QUEUE, 2)
    assert (last.take(), last.take()) == (1, 2)
    assert (first.take(), first.take()) == (1, None)


def test_the_table_is_sound() -> None:
    for name, topic in TOPICS.items():
        assert topic.name == name
        assert name.isidentifier()
        assert topic.depth >= 1
        assert topic.rate_hz >= 0
    held_back = {name for name, topic in TOPICS.items() if not topic.recorded}
    assert held_back == {"camera", "audio"}, "pictures and sound are kept only when the wearer asks"


def test_a_publish_costs_three_microseconds_at_most() -> None:
    bus = Bus(RealClock())
    bus.subscribe(ARROW)
    best = min(timeit.repeat(lambda: bus.publish(ARROW, Arrow(1.0)), number=2000, repeat=20)) / 2000
    assert best < 3e-6
