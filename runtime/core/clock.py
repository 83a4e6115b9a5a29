"""Time is passed in: the real clock for glasses, a virtual one for tests and the simulator.

On the virtual clock nothing waits: when every task sleeps, time jumps to the next one's deadline, and
blocking work runs in the loop's own thread, so that the same input gives the same run.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import os
import queue
import selectors
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

NS = 1_000_000_000
PROMPT = frozenset(
    {"imu", "display", "keys", "light", "microphone"}
)  # threads that only move bytes, and soon
PATIENT = frozenset({"snap.codes"})  # searches as long as it may, beside speech that does not wait


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
        self._workers: dict[str, _Worker] = {}

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
        """Run ``work(*args)`` on the thread named ``thread`` and wait for it.

        Calls of one name run one after the other, in order, in the caller's context. A cancelled caller is
        free at once: work that has begun goes on to its end in its thread (a transfer is never cut in two),
        work that has not is left out.
        """
        worker = self._workers.get(thread)
        if worker is None:
            worker = self._workers[thread] = _Worker(thread)
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        worker.jobs.put((loop, done, functools.partial(contextvars.copy_context().run, work, *args)))
        return await done

    def close(self, limit_s: float = 2.0) -> list[str]:
        """Let every thread finish what it has and end. Returns the names of those still stuck after
        ``limit_s`` in all; they are daemons, so a driver that never returns can't hold up the exit.
        """
        end_ns = self.now_ns() + round(limit_s * NS)
        workers = list(self._workers.values())
        self._workers.clear()
        for worker in workers:
            worker.jobs.put(None)
        for worker in workers:
            worker.join(max(0.0, (end_ns - self.now_ns()) / NS))
        return [worker.name for worker in workers if worker.is_alive()]


_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class _Worker(threading.Thread):
    """One daemon thread and its jobs. ThreadPoolExecutor's threads are joined at exit: one stuck read
    would hang the interpreter for ever.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.start()

    def run(self) -> None:
        _settle_thread(self.name)
        while (job := self.jobs.get()) is not None:
            loop, done, work = job
            if done.cancelled():
                continue
            outcome = _attempt(work)
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
                loop.call_soon_threadsafe(_deliver, done, *outcome)
            del job, done, work, outcome  # an idle thread must not keep a picture alive


def _attempt(work: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    try:
        return work(), None
    except StopIteration as error:  # a future refuses it, and its waiter would wait for ever
        return None, RuntimeError(f"{work} raised {error!r}")
    except BaseException as error:  # whatever it is belongs to the caller, not to this thread
        return None, error


def _deliver(done: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)


def _settle_thread(name: str) -> None:
    """Name the thread for ``top -H``; one that computes is nicer than the loop and never delays the HUD."""
    thread = threading.get_native_id()
    with contextlib.suppress(OSError):  # a sandbox may forbid either
        Path(f"/proc/self/task/{thread}/comm").write_text(name[:15], encoding="utf-8")
        if name not in PROMPT:
            os.setpriority(os.PRIO_PROCESS, thread, 15 if name in PATIENT else 5)


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
