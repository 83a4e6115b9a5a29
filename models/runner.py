"""Inference off the loop: one worker per accelerator, the most urgent job first.

A job is a plain callable, or a generator that yields between steps (tokens): between two steps a more urgent
job may go first, and a cancelled or late one is closed. Whoever waits is let go at once when the deadline
passes, even while the silicon is still busy; the worker goes on with the next job when it is free.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Generator
from enum import IntEnum
from typing import Any, Protocol, TypeVar

import msgspec

from models.base import CancelledError, DeadlineError
from models.shelf import Shelf

T = TypeVar("T")
Job = Callable[[], T] | Generator[Any, None, T]


class Priority(IntEnum):
    """How urgent a job is; between two steps of one, those above it go first."""

    ANSWER = 0  # words of a language model
    READ = 10  # the text of a snap: the wearer stands before the shelf
    CAPTION = 20  # speech goes on whether it is read or not


class Clock(Protocol):
    """What the runner needs of ``runtime.core.clock``."""

    def now_ns(self) -> int:
        """Monotonic time in nanoseconds."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait ``seconds``; 0 lets others run."""
        ...

    async def call(self, thread: str, work: Callable[..., T], *args: Any) -> T:
        """Run ``work(*args)`` on the thread that bears this name."""
        ...


class WorkerStatus(msgspec.Struct, frozen=True):
    """A worker as the console shows it: jobs waiting, what it does now, how long the last job worked."""

    worker: str
    queued: int
    busy: str
    last: str
    last_ms: float
    done: int


class _Ticket:
    """One job's place in the queue."""

    def __init__(
        self, job: Job[Any], name: str, rank: tuple[int, int], on_step: Callable[[Any], None] | None
    ) -> None:
        self.job = job
        self.name = name
        self.rank = rank
        self.on_step = on_step
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.worked_ns = 0

    def __lt__(self, other: _Ticket) -> bool:
        return self.rank < other.rank


class _Worker:
    def __init__(self, name: str) -> None:
        self.name = name
        self.queue: list[_Ticket] = []
        self.pump: asyncio.Task[None] | None = None
        self.busy: _Ticket | None = None
        self.last = ""
        self.last_ms = 0.0
        self.done = 0


class Runner:
    """Runs jobs on named workers; ``shelf`` keeps the models within the board's memory."""

    def __init__(self, clock: Clock, *, memory_mb: int = 1024, workers: tuple[str, ...] = ("cpu",)) -> None:
        self.shelf = Shelf(memory_mb)
        self._clock = clock
        self._workers = {name: _Worker(name) for name in workers}
        self._count = 0
        self._asked_ns: dict[int, int] = {}  # priority → when a job of it was last asked for

    async def run(
        self,
        job: Job[T],
        *,
        name: str = "job",
        priority: int = 0,
        deadline_s: float | None = None,
        worker: str = "cpu",
        on_step: Callable[[Any], None] | None = None,
    ) -> T:
        """Wait for ``job`` and give what it returns; a higher ``priority`` goes first.

        ``on_step`` gets, on the loop, what a generator yields. Cancelling the waiting task gives the job up.
        Raises DeadlineError, CancelledError (after ``cancel``), ValueError for an unknown worker, and
        whatever the job raises.
        """
        ticket = self._queue(self._worker(worker), job, name, priority, on_step)
        timeout = asyncio.timeout(deadline_s)
        try:
            async with timeout:
                result: T = await ticket.answer
                return result
        except TimeoutError as error:
            if not timeout.expired():
                raise  # the job's own
            raise DeadlineError(f"{name} was not done within {deadline_s:g} s") from error

    def _queue(
        self,
        worker: _Worker,
        job: Job[Any],
        name: str,
        priority: int,
        on_step: Callable[[Any], None] | None,
    ) -> _Ticket:
        self._count += 1
        self._asked_ns[priority] = self._clock.now_ns()
        ticket = _Ticket(job, name, (-priority, self._count), on_step)
        heapq.heappush(worker.queue, ticket)
        if worker.pump is None:
            worker.pump = asyncio.create_task(self._pump(worker), name=f"models.{worker.name}")
        return ticket

    async def load(
        self,
        name: str,
        memory_mb: int,
        open_model: Callable[[], T],
        *,
        priority: int = 0,
        worker: str = "cpu",
    ) -> T:
        """The model from the shelf, opened on the worker if need be.

        Raises ModelMemoryError, BackendError.
        """
        return await self.run(
            lambda: self.shelf.get(name, memory_mb, open_model),
            name=f"load {name}",
            priority=priority,
            worker=worker,
        )

    def cancel(self, name: str) -> int:
        """Give up every job of this name; their waiters get CancelledError. Says how many there were."""
        given_up = 0
        for worker in self._workers.values():
            for ticket in (*worker.queue, *filter(None, (worker.busy,))):
                if ticket.name == name and not ticket.answer.done():
                    ticket.answer.set_exception(CancelledError(f"{name} was cancelled"))
                    given_up += 1
        return given_up

    def now_ns(self) -> int:
        """The clock's monotonic time, for whoever measures how fast this device is."""
        return self._clock.now_ns()

    def pressed(self, priority: int, within_s: float) -> bool:
        """Whether somebody asked for something more urgent than ``priority`` lately: others keep their steps short.

        May be called from any thread.
        """
        since_ns = self._clock.now_ns() - round(within_s * 1e9)
        return any(asked > priority and at >= since_ns for asked, at in list(self._asked_ns.items()))

    def status(self) -> list[WorkerStatus]:
        """Each worker for the console."""
        return [
            WorkerStatus(w.name, len(w.queue), w.busy.name if w.busy else "", w.last, w.last_ms, w.done)
            for w in self._workers.values()
        ]

    def _worker(self, name: str) -> _Worker:
        try:
            return self._workers[name]
        except KeyError:
            raise ValueError(f"no worker is called {name!r}; there are: {', '.join(self._workers)}") from None

    async def _pump(self, worker: _Worker) -> None:
        try:
            while worker.queue:
                worker.busy = heapq.heappop(worker.queue)
                await self._step(worker, worker.busy)
        finally:
            worker.busy = worker.pump = None

    async def _step(self, worker: _Worker, ticket: _Ticket) -> None:
        """One step on the worker's thread; a generator that has more goes back to its place in the queue."""
        given_up = ticket.answer.done()
        if given_up and not isinstance(ticket.job, Generator):
            return
        started = self._clock.now_ns()
        kind, value = await self._clock.call(worker.name, _close if given_up else _advance, ticket.job)
        ticket.worked_ns += self._clock.now_ns() - started
        if kind == "more":
            _hand_over(ticket, value)
            await self._clock.sleep(0)  # whoever has something more urgent may say so now
            heapq.heappush(worker.queue, ticket)
            return
        worker.last, worker.last_ms = ticket.name, ticket.worked_ns / 1e6
        worker.done += 1
        if not ticket.answer.done():
            _settle(ticket.answer, kind, value)


def _advance(job: Job[Any]) -> tuple[str, Any]:
    """Run on the worker's thread; an outcome instead of an exception, so that nothing can stop the worker."""
    try:
        if isinstance(job, Generator):
            return "more", next(job)
        return "done", job()
    except StopIteration as end:
        if isinstance(job, Generator):
            return "done", end.value
        return "failed", RuntimeError("the job raised StopIteration")  # a future would not take it
    except BaseException as error:
        return "failed", error


def _hand_over(ticket: _Ticket, step: Any) -> None:
    """Give a step to whoever listens; a listener that fails gives the job up, not the worker."""
    if ticket.on_step is None or ticket.answer.done():
        return
    try:
        ticket.on_step(step)
    except Exception as error:
        ticket.answer.set_exception(error)


def _close(job: Generator[Any, None, Any]) -> tuple[str, Any]:
    try:
        job.close()
    except BaseException as error:
        return "failed", error
    return "done", None


def _settle(answer: asyncio.Future[Any], kind: str, value: Any) -> None:
    if kind == "done":
        answer.set_result(value)
    else:
        answer.set_exception(value)
