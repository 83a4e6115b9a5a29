"""What a hypothesis cost, stage by stage: the time in which others had the worker is left out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from typing import TypeVar

T = TypeVar("T")
STAGES = ("mel", "encoder", "decoder")


class Spent:
    """Of one utterance; ``now_ns`` is a monotonic clock's."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._seconds = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def on(self, stage: str) -> Iterator[None]:
        """What happens inside is work of ``stage``."""
        began_ns = self._now_ns()
        try:
            yield
        finally:
            self._seconds[stage] += (self._now_ns() - began_ns) / 1e9

    def take(self) -> dict[str, float]:
        """Seconds by stage since this was asked last; a stage that took none is left out."""
        taken, self._seconds = self._seconds, dict.fromkeys(STAGES, 0.0)
        return {stage: seconds for stage, seconds in taken.items() if seconds}

    def rest_on(self, stage: str, steps: Generator[None, None, T]) -> Generator[None, None, T]:
        """``steps``, of which all that is not told to be of another stage is of ``stage``."""
        with closing(steps):
            return (yield from self._timed(stage, steps))

    def _timed(self, stage: str, steps: Generator[None, None, T]) -> Generator[None, None, T]:
        while True:
            began_ns, before = self._now_ns(), sum(self._seconds.values())
            try:
                next(steps)
            except StopIteration as end:
                result: T = end.value
                return result
            finally:
                others = sum(self._seconds.values()) - before
                self._seconds[stage] += (self._now_ns() - began_ns) / 1e9 - others
            yield
