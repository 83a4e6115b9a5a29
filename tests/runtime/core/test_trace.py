from __future__ import annotations

import asyncio
import threading
from typing import Any

import msgspec
import pytest

from runtime.core.clock import RealClock, VirtualClock, run_virtual
from runtime.core.trace import Tracer


@pytest.fixture
def tracer(clock: VirtualClock) -> Tracer:
    return Tracer(clock)


def events(tracer: Tracer) -> list[dict[str, Any]]:
    return [e for e in msgspec.json.decode(tracer.chrome_json())["traceEvents"] if e["ph"] == "X"]


def test_a_span_is_timed_even_when_it_fails(clock: VirtualClock, tracer: Tracer) -> None:
    with pytest.raises(ValueError, match="x"), tracer.span("snap.decode", 7):
        clock.advance(0.25)
        raise ValueError("x")
    assert tracer.spans() == [("snap.decode", 7, "MainThread", 0, 250_000_000)]


def test_inner_spans_inherit_the_trace_also_across_tasks_and_calls(clock: VirtualClock) -> None:
    real = RealClock()
    tracer = Tracer(real)

    def inner() -> None:
        with tracer.span("snap.thread"):
            pass

    async def task() -> None:
        with tracer.span("snap.task"):
            await real.call("worker", inner)

    async def main() -> None:
        with tracer.span("snap", tracer.new_id()) as trace, tracer.span("snap.other", 99):
            pass
        with tracer.span("snap", trace):
            await asyncio.gather(asyncio.ensure_future(task()))
        with tracer.span("hud.idle"):
            pass

    asyncio.run(main())
    assert real.close() == []
    found = {(span.name, span.trace_id, span.thread) for span in tracer.spans()}
    assert found == {
        ("snap", 1, "MainThread"),
        ("snap.other", 99, "MainThread"),
        ("snap.task", 1, "MainThread"),
        ("snap.thread", 1, "worker"),
        ("hud.idle", 0, "MainThread"),
    }


def test_the_ledger_ranks_each_stage(clock: VirtualClock, tracer: Tracer) -> None:
    for ms in range(1, 11):
        with tracer.span("snap.capture"):
            clock.advance(ms / 1000)
        tracer.mark("snap.card", 0, 5_000_000)
    tracer.mark("hud.draw", 0, 1)
    rows = {stage.name: stage for stage in tracer.ledger("snap.")}
    assert list(rows) == ["snap.capture", "snap.card"]
    capture = rows["snap.capture"]
    assert (capture.count, capture.median_ms, capture.p90_ms, capture.max_ms) == (10, 5, 9, 10)
    assert Tracer(clock).ledger() == []


def test_the_ring_keeps_the_last(clock: VirtualClock) -> None:
    tracer = Tracer(clock, capacity=3)
    for n in range(9):
        tracer.mark(f"s{n}", n, n)
    assert [span.name for span in tracer.spans()] == ["s6", "s7", "s8"]
    tracer.clear()
    assert tracer.spans() == []


def test_chrome_events_have_what_the_format_asks(clock: VirtualClock, tracer: Tracer) -> None:
    with tracer.span("hud.draw", 4):
        clock.advance(0.0015)
    document = msgspec.json.decode(tracer.chrome_json())
    process, thread, event = document["traceEvents"]
    assert (process["ph"], process["name"], process["args"]) == ("M", "process_name", {"name": "browline"})
    assert (thread["ph"], thread["name"], thread["args"]) == ("M", "thread_name", {"name": "MainThread"})
    assert event == {
        "ph": "X", "name": "hud.draw", "cat": "hud", "pid": 1, "tid": thread["tid"],
        "ts": 0, "dur": 1500, "args": {"trace": 4},
    }  # fmt: skip


def test_overlapping_tasks_do_not_cut_each_other(clock: VirtualClock, tracer: Tracer) -> None:
    async def work(name: str, before: float, lasts: float) -> None:
        await clock.sleep(before)
        with tracer.span(name):
            await clock.sleep(lasts)

    async def main() -> None:
        spans = [("a", 0, 4), ("b", 1, 4), ("c", 2, 1), ("d", 2, 9), ("e", 5, 3), ("f", 20, 1)]
        await asyncio.gather(*(work(*span) for span in spans))

    run_virtual(clock, main())
    found = events(tracer)
    assert len(found) == 6
    for one in found:
        for other in found:
            a, b = (one["ts"], one["ts"] + one["dur"]), (other["ts"], other["ts"] + other["dur"])
            if one["tid"] == other["tid"]:
                assert not a[0] < b[0] < a[1] < b[1], f"{one} cuts {other}"


def test_any_thread_may_record_while_another_reads() -> None:
    tracer = Tracer(RealClock(), capacity=1000)
    stop = threading.Event()

    def record() -> None:
        while not stop.is_set():
            with tracer.span("x"):
                pass

    threads = [threading.Thread(target=record) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(100):
            assert all(span.end_ns >= span.start_ns for span in tracer.spans())
    finally:
        stop.set()
    for thread in threads:
        thread.join()
