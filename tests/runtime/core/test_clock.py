from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from runtime.core.clock import NS, RealClock, VirtualClock, run_virtual


@pytest.fixture
def real() -> Iterator[RealClock]:
    clock = RealClock()
    yield clock
    assert clock.close() == []


def test_virtual_time_jumps_and_wakes_in_order(clock: VirtualClock) -> None:
    woken: list[tuple[str, int]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.now_ns()))

    async def main() -> None:
        await asyncio.gather(sleeper("late", 600), sleeper("soon", 0.25), sleeper("now", 0))

    began = time.monotonic()
    run_virtual(clock, main())
    assert woken == [("now", 0), ("soon", NS // 4), ("late", 600 * NS)]
    assert time.monotonic() - began < 5
    assert clock.wall_ns() == 1_767_225_600 * NS + 600 * NS


def test_virtual_timeouts_use_virtual_time(clock: VirtualClock) -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await asyncio.get_running_loop().create_future()

    run_virtual(clock, main())
    assert clock.now_ns() == 60 * NS


def test_virtual_call_runs_here_and_takes_no_time(clock: VirtualClock) -> None:
    async def main() -> tuple[threading.Thread, int]:
        thread = await clock.call("camera", threading.current_thread)
        return thread, clock.now_ns()

    assert run_virtual(clock, main()) == (threading.main_thread(), 0)


def test_virtual_ticks_do_not_drift(clock: VirtualClock) -> None:
    async def main() -> None:
        for _ in range(6000):
            await clock.sleep(0.01)

    run_virtual(clock, main())
    assert abs(clock.now_ns() - 60 * NS) < 6000


async def test_real_call_uses_one_named_nice_daemon_thread(real: RealClock) -> None:
    def look() -> tuple[str, bool, int, str, int]:
        thread, kernel = threading.current_thread(), threading.get_native_id()
        name = Path(f"/proc/self/task/{kernel}/comm").read_text(encoding="utf-8").strip()
        nice = os.getpriority(os.PRIO_PROCESS, kernel) - os.getpriority(os.PRIO_PROCESS, os.getpid())
        return thread.name, thread.daemon, kernel, name, nice

    first = await real.call("camera", look)
    assert first == await real.call("camera", look)
    assert first[:2] == ("camera", True)
    assert first[3] == "camera"
    assert first[4] > 0
    assert (await real.call("display", look))[2] != first[2]


async def test_real_calls_of_one_name_keep_their_order(real: RealClock) -> None:
    done: list[int] = []
    await asyncio.gather(*(real.call("disk", done.append, n) for n in range(100)))
    assert done == list(range(100))


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), asyncio.CancelledError()])
async def test_real_call_hands_errors_to_the_caller(real: RealClock, error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)):
        await real.call("x", fail)
    assert await real.call("x", int, "7") == 7


async def test_a_stop_iteration_does_not_hang_its_caller(real: RealClock) -> None:
    iterator: Iterator[int] = iter(())
    with pytest.raises(RuntimeError, match="StopIteration"):
        await asyncio.wait_for(real.call("x", next, iterator), 5)


async def test_a_cancelled_caller_is_free_at_once_and_the_work_still_ends(real: RealClock) -> None:
    begun, go, ended = threading.Event(), threading.Event(), threading.Event()

    def transfer() -> None:
        begun.set()
        go.wait(5)
        ended.set()

    running = asyncio.ensure_future(real.call("bus", transfer))
    await real.call("other", begun.wait, 5)
    queued_ran = threading.Event()
    queued = asyncio.ensure_future(real.call("bus", queued_ran.set))
    await real.sleep(0)
    for task in (running, queued):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not ended.is_set()
    go.set()
    assert await real.call("bus", ended.is_set), "close comes after the transfer, never into it"
    assert not queued_ran.is_set()


async def test_real_call_sees_the_callers_context(real: RealClock) -> None:
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=0)
    variable.set(7)
    assert await real.call("x", variable.get) == 7


async def test_an_idle_thread_keeps_no_picture_alive(real: RealClock) -> None:
    picture = np.zeros(10)
    ghost = weakref.ref(picture)
    await real.call("camera", np.sum, picture)
    await real.call("other", int)  # the camera's thread has had time to go back to its queue
    del picture
    gc.collect()
    for _ in range(100):
        if ghost() is None:
            break
        await real.sleep(0.01)
    assert ghost() is None


async def test_close_names_who_is_stuck() -> None:
    clock, stuck, free = RealClock(), threading.Event(), threading.Event()

    def hang() -> None:
        stuck.set()
        free.wait()

    task = asyncio.ensure_future(clock.call("v4l2", hang))
    await clock.call("fine", stuck.wait, 5)
    assert clock.close(0.05) == ["v4l2"]
    free.set()
    await task


def test_a_stuck_driver_does_not_hold_up_the_exit() -> None:
    program = """
import asyncio, threading
from runtime.core.clock import RealClock
async def main():
    clock = RealClock()
    begun = threading.Event()
    stuck = asyncio.ensure_future(clock.call("v4l2", lambda: (begun.set(), threading.Event().wait())))
    await clock.call("look", begun.wait)
    stuck.cancel()
    print(clock.close(0.1))
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, "['v4l2']\n", "")


def test_work_that_ends_after_the_loop_is_quiet() -> None:
    clock, begun, free = RealClock(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        free.wait()

    async def main() -> None:
        task = asyncio.ensure_future(clock.call("late", work))
        await clock.call("look", begun.wait)
        task.cancel()

    asyncio.run(main())
    free.set()
    assert clock.close() == []  # pytest fails on an exception that ends a thread
