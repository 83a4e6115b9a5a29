"""Time is passed in: the real clock for glasses, a virtual one for tests and the simulator.

On the virtual clock nothing waits: when every task sleeps, time jumps to the next one's deadline, and
blocking work runs in the loop's own thread, so that the same input gives the same run.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

NS = 1_000_000_000


class Clock(Protocol):
    """Monotonic and wall time, sleep, and a way to run what blocks."""

    def now_ns(self) -> int:
        """Monotonic time in nanoseconds."""
        ...

    def wall_ns(self) -> int:
        """UTC in nanoseconds since 1970."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait ``seconds``; 0 lets others run."""
        ...

    async def call(self, thread: str, work: Callable[..., T], *args: Any) -> T:
        """Run ``work(*args)`` off the loop, on the one thread that bears the name ``thread``."""
        ...


class RealClock:
    """The machine's own time; ``call`` keeps one thread a name."""

    def __init__(self) -> None:
        self._threads: dict[str, ThreadPoolExecutor] = {}

    def now_ns(self) -> int:
        """Monotonic time in nanoseconds."""
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        """UTC in nanoseconds since 1970."""
        return time.time_ns()

    async def sleep(self, seconds: float) -> None:
        """Wait ``seconds``; 0 lets others run."""
        await asyncio.sleep(seconds)

    async def call(self, thread: str, work: Callable[..., T], *args: Any) -> T:
        """Run ``work(*args)`` on the thread named ``thread`` and wait for it."""
        pool = self._threads.get(thread)
        if pool is None:
            pool = self._threads[thread] = ThreadPoolExecutor(
                1, thread_name_prefix=thread, initializer=_yield_to_loop
            )
        return await asyncio.get_running_loop().run_in_executor(pool, work, *args)

    def close(self) -> None:
        """Let every thread finish what it does and end."""
        for pool in self._threads.values():
            pool.shutdown(wait=True, cancel_futures=True)
        self._threads.clear()


def _yield_to_loop() -> None:
    """Make this worker thread nicer than the loop, so that a busy part never delays the HUD."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)


class VirtualClock:
    """Time that jumps. Use it with ``run_virtual``, whose loop shares it."""

    def __init__(self, wall_start_ns: int = 1_767_225_600 * NS) -> None:
        self._ns = 0
        self._wall_start_ns = wall_start_ns

    def now_ns(self) -> int:
        """Virtual nanoseconds since the clock was made."""
        return self._ns

    def wall_ns(self) -> int:
        """A fixed start (2026-01-01 UTC unless given) plus the virtual time."""
        return self._wall_start_ns + self._ns

    async def sleep(self, seconds: float) -> None:
        """Wait ``seconds`` of virtual time."""
        await asyncio.sleep(seconds)

    async def call(self, thread: str, work: Callable[..., T], *args: Any) -> T:
        """Run ``work(*args)`` here and now; it takes no virtual time."""
        await asyncio.sleep(0)
        return work(*args)

    def advance(self, seconds: float) -> None:
        """Move time forward; called by the loop when everybody sleeps."""
        self._ns += max(0, round(seconds * NS))


class _JumpingSelector(selectors.DefaultSelector):
    """Where a loop would wait, moves the virtual clock instead."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:  # only a signal or another thread can wake us: really wait
            return super().select(None)
        self._clock.advance(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose ``time`` is a virtual clock's."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(_JumpingSelector(clock))
        self._clock = clock

    def time(self) -> float:
        """Virtual seconds."""
        return self._clock.now_ns() / NS


def run_virtual(clock: VirtualClock, main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` to its end on virtual time, as ``asyncio.run`` does on real time."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(clock)) as runner:
        return runner.run(main)
