from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

import pytest

from models.base import CancelledError, DeadlineError, ModelMemoryError
from models.runner import Runner
from runtime.core.clock import RealClock, VirtualClock, run_virtual

T = TypeVar("T")
LONG_S = 10.0  # a real wait that only a hang would use up


def virtual(main: Callable[[Runner], Coroutine[Any, Any, T]]) -> T:
    clock = VirtualClock()
    return run_virtual(clock, main(Runner(clock)))


def real(main: Callable[[Runner], Coroutine[Any, Any, T]], workers: tuple[str, ...] = ("cpu",)) -> T:
    clock = RealClock()
    try:
        return asyncio.run(main(Runner(clock, workers=workers)))
    finally:
        clock.close()


def tokens(log: list[str], name: str, count: int) -> Generator[str, None, str]:
    """A generation of ``count`` steps that notes each one, and its end."""
    try:
        for k in range(count):
            log.append(f"{name}{k}")
            yield f"{name}{k}"
        return f"{name} done"
    finally:
        log.append(f"{name} end")


class Reached(asyncio.Event):
    """Set when a generation has handed over the step ``at``."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self.at = at

    def hear(self, step: str) -> None:
        if step == self.at:
            self.set()


def test_a_job_gives_its_result_or_its_error() -> None:
    async def main(runner: Runner) -> None:
        assert await runner.run(lambda: 6 * 7) == 42
        with pytest.raises(ZeroDivisionError):
            await runner.run(lambda: 1 // 0)
        with pytest.raises(RuntimeError, match="StopIteration"):
            await runner.run(lambda: next(iter(())))
        with pytest.raises(TimeoutError, match="the job's own"):
            await runner.run(_time_out, deadline_s=5)
        assert await runner.run(lambda: "still at work") == "still at work"

    virtual(main)
    real(main)


def _time_out() -> None:
    raise TimeoutError("the job's own")


def test_jobs_run_on_the_workers_own_thread() -> None:
    async def main(runner: Runner) -> None:
        name = await runner.run(lambda: threading.current_thread().name, worker="npu0")
        assert name.startswith("npu0")
        with pytest.raises(ValueError, match="no worker is called 'gpu'; there are: cpu, npu0"):
            await runner.run(lambda: 1, worker="gpu")

    real(main, ("cpu", "npu0"))


def test_the_most_urgent_goes_first_and_equals_in_turn() -> None:
    async def main(runner: Runner) -> list[str]:
        log: list[str] = []
        await asyncio.gather(
            *(
                runner.run(lambda n=name: log.append(n), priority=priority)  # type: ignore[misc]
                for name, priority in (("a", 0), ("b", 5), ("c", 0), ("d", 5))
            )
        )
        return log

    assert virtual(main) == ["b", "d", "a", "c"]


def test_an_urgent_job_goes_between_the_steps_of_a_long_one() -> None:
    async def main(runner: Runner) -> list[str]:
        log: list[str] = []
        second = Reached("t1")
        long = asyncio.create_task(runner.run(tokens(log, "t", 6), on_step=second.hear))
        await second.wait()
        await runner.run(lambda: log.append("snap"), priority=10)
        assert await long == "t done"
        return log

    for log in (virtual(main), real(main)):
        assert log == ["t0", "t1", "snap", "t2", "t3", "t4", "t5", "t end"]


def test_something_more_urgent_presses_for_a_while() -> None:
    async def main(runner: Runner) -> None:
        assert not runner.pressed(5, 2.0)
        await runner.run(lambda: None, priority=9)
        await runner.run(lambda: None, priority=1)
        assert runner.pressed(5, 2.0)
        assert not runner.pressed(9, 2.0)
        await asyncio.sleep(1.9)
        assert runner.pressed(5, 2.0)
        await asyncio.sleep(0.2)
        assert not runner.pressed(5, 2.0)

    virtual(main)


def test_steps_are_handed_over_as_they_come() -> None:
    async def main(runner: Runner) -> None:
        heard: list[str] = []
        assert await runner.run(tokens([], "t", 3), on_step=heard.append) == "t done"
        assert heard == ["t0", "t1", "t2"]

    virtual(main)
    real(main)


def test_a_listener_that_fails_gives_up_its_own_job_only() -> None:
    async def main(runner: Runner) -> list[str]:
        log: list[str] = []
        with pytest.raises(ZeroDivisionError):
            await runner.run(tokens(log, "t", 3), on_step=lambda _step: 1 // 0)  # type: ignore[arg-type]
        assert await runner.run(lambda: 1) == 1
        return log

    assert virtual(main) == ["t0", "t end"]


def test_a_cancelled_waiter_ends_a_generation_at_its_next_step() -> None:
    async def main(runner: Runner) -> list[str]:
        log: list[str] = []
        third = Reached("t2")
        task = asyncio.create_task(runner.run(tokens(log, "t", 1000), on_step=third.hear))
        await third.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await runner.run(lambda: 1) == 1
        return log

    for log in (virtual(main), real(main)):
        assert log[-1] == "t end"
        assert len(log) < 100


def test_a_cancelled_waiter_leaves_at_once_and_the_worker_goes_on() -> None:
    async def main(runner: Runner) -> None:
        silicon = threading.Event()
        stuck = asyncio.create_task(runner.run(lambda: silicon.wait(LONG_S)))
        waiting = asyncio.create_task(runner.run(lambda: pytest.fail("it was cancelled before its turn")))
        await asyncio.sleep(0.05)
        for task in (stuck, waiting):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        silicon.set()
        assert await runner.run(lambda: "next") == "next"

    real(main)


def test_a_deadline_lets_the_waiter_go_while_the_silicon_is_busy() -> None:
    async def main(runner: Runner) -> None:
        silicon = threading.Event()
        with pytest.raises(DeadlineError, match=r"ocr was not done within 0\.05 s"):
            await runner.run(lambda: silicon.wait(LONG_S), name="ocr", deadline_s=0.05)
        assert runner.status()[0].busy == "ocr"
        silicon.set()
        assert await runner.run(lambda: "next") == "next"

    real(main)


def test_a_deadline_ends_a_generation() -> None:
    async def main(runner: Runner) -> list[str]:
        log: list[str] = []

        def endless() -> Generator[None, None, None]:
            try:
                while True:
                    yield
            finally:
                log.append("end")

        with pytest.raises(DeadlineError):
            await runner.run(endless(), deadline_s=0.05)
        await runner.run(lambda: log.append("next"))
        return log

    assert real(main) == ["end", "next"]


def test_cancel_by_name_reaches_running_and_waiting_jobs() -> None:
    async def main(runner: Runner) -> list[str]:
        log: list[str] = []
        begun = Reached("a1")
        tasks = [
            asyncio.create_task(runner.run(tokens(log, name, 50), name="vlm", on_step=begun.hear))
            for name in "ab"
        ]
        await begun.wait()
        assert runner.cancel("vlm") == 2
        for task in tasks:
            with pytest.raises(CancelledError, match="vlm was cancelled"):
                await task
        assert runner.cancel("vlm") == 0
        await runner.run(lambda: 1)
        return log

    assert virtual(main).count("a end") == 1


def test_models_are_loaded_on_the_worker_within_the_budget() -> None:
    async def main(runner: Runner) -> None:
        first, again = await asyncio.gather(*(runner.load("ocr", 60, object) for _ in range(2)))
        assert first is again
        with pytest.raises(ModelMemoryError):
            await runner.load("vlm", 4096, object)

    virtual(main)
    real(main)


def test_the_console_sees_what_a_worker_does() -> None:
    async def main(runner: Runner) -> None:
        task = asyncio.create_task(runner.run(tokens([], "t", 3), name="vlm"))
        other = asyncio.create_task(runner.run(lambda: 1, name="ocr"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        (now,) = runner.status()
        assert (now.worker, now.busy, now.queued) == ("cpu", "vlm", 1)
        await asyncio.gather(task, other)
        await asyncio.sleep(0)
        (after,) = runner.status()
        assert (after.busy, after.queued, after.last, after.done) == ("", 0, "ocr", 2)
        assert after.last_ms == 0.0

    virtual(main)


def test_a_hundred_jobs_with_random_endings_leave_the_worker_free() -> None:
    async def main(runner: Runner) -> None:
        log: list[str] = []
        tasks = [
            asyncio.create_task(runner.run(tokens(log, f"{k} ", 5), priority=k % 3, deadline_s=LONG_S))
            for k in range(100)
        ]
        for k, task in enumerate(tasks):
            await asyncio.sleep(0)
            if k % 3 == 0:
                task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(r, (str, asyncio.CancelledError)) for r in results)
        await runner.run(lambda: None, priority=-1)  # behind everything
        assert runner.status()[0].queued == 0
        ended = [line for line in log if line.endswith("end")]
        assert len(ended) == len(set(ended))

    virtual(main)
    real(main)
