"""Readers, a camera, a runner and a store that answer as told, on the clock they are given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import msgspec
import numpy as np

from drivers.base import Frame
from models.base import CancelledError, Question, TextBox, TextLine
from models.steps import finished
from runtime.core.clock import Clock
from runtime.core.messages import Certainty
from runtime.features.snap.result import Expired, Image


class FakeCode(msgspec.Struct, frozen=True):
    gtin: str = "4006381333931"
    symbology: str = "EAN-13"
    certainty: Certainty = "sure"
    box: tuple[tuple[float, float], ...] = ((1, 2), (3, 2), (3, 4), (1, 4))
    text: str = ""


class FakeCodes:
    def __init__(self, *codes: FakeCode, error: Exception | None = None) -> None:
        self.codes, self.error = codes, error
        self.seen: list[Image] = []
        self.expired: Expired = bool

    def read(self, images: Sequence[Image], *, expired: Expired) -> Sequence[FakeCode]:
        self.seen, self.expired = list(images), expired
        if self.error:
            raise self.error
        return self.codes


class FakeText:
    def __init__(self, lines: Sequence[TextLine] = (), error: Exception | None = None) -> None:
        self.lines, self.error = list(lines), error

    def find(self, image: Image) -> list[TextBox]:
        return [line.box for line in self.read(image)]

    def steps(self, image: Image) -> Generator[None, None, list[TextLine]]:
        yield
        return self.read(image)

    def read(self, image: Image) -> list[TextLine]:
        if self.error:
            raise self.error
        return self.lines


class FakeTracer:
    def __init__(self) -> None:
        self.names: list[str] = []

    def new_id(self) -> int:
        return 7

    def span(self, name: str, trace_id: int = 0) -> AbstractContextManager[Any]:
        self.names.append(name)
        return nullcontext()

    def mark(self, name: str, start_ns: int, end_ns: int, trace_id: int = 0) -> None:
        self.names.append(name)


class FakeSight:
    """Gives frames after ``takes_s``, or raises."""

    def __init__(
        self,
        clock: Clock,
        takes_s: float = 0.1,
        error: Exception | None = None,
        count: int = 3,
        size: int = 64,
    ) -> None:
        self.clock, self.takes_s, self.error, self.count, self.size = clock, takes_s, error, count, size
        self.bursts = 0

    async def burst(self, n: int) -> list[Frame]:
        self.bursts += 1
        await self.clock.sleep(self.takes_s)
        if self.error:
            raise self.error
        return [Frame(self.clock.now_ns(), picture(i, self.size), i) for i in range(min(n, self.count))]


class FakeRunner:
    """Runs a job after ``takes_s``, or raises."""

    def __init__(self, clock: Clock, takes_s: float = 0.3, error: Exception | None = None) -> None:
        self.clock, self.takes_s, self.error = clock, takes_s, error
        self.names: list[str] = []

    async def run(
        self,
        job: Callable[[], Any] | Generator[Any, None, Any],
        *,
        deadline_s: float | None = None,
        name: str = "",
        priority: int = 0,
    ) -> Any:
        self.names.append(name)
        await self.clock.sleep(self.takes_s)
        if self.error:
            raise self.error
        return finished(job) if isinstance(job, Generator) else job()


class FakeStore:
    """Notes what is kept, and fails when told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.kept: dict[int, tuple[str, str, bytes | None]] = {}
        self.calls: list[str] = []

    def save_snap(self, title: str, json: str, picture: bytes | None = None) -> int:
        self.calls.append("save")
        if self.error:
            raise self.error
        self.kept[len(self.kept) + 1] = (title, json, picture)
        return len(self.kept)

    def forget_snap(self, snap_id: int) -> bool:
        self.calls.append("forget")
        if self.error:
            raise self.error
        return self.kept.pop(snap_id, None) is not None


class FakeAnswerer:
    def __init__(self, clock: Clock, *words: str, error: Exception | None = None) -> None:
        self.clock, self.words, self.error = clock, words, error
        self.facts: dict[str, Any] = {}

    async def answer(
        self, picture: Image, question: str, facts: dict[str, Any], pixels: int | None = None
    ) -> AsyncIterator[str]:
        self.facts, self.picture, self.pixels = facts, picture, pixels
        for word in self.words:
            await self.clock.sleep(0.1)
            yield word
        if self.error:
            raise self.error


class FakeGenerator:
    """Says ``words``, one each 0.1 s; ``cancel`` ends it as the runner does."""

    def __init__(self, clock: Clock, *words: str, error: Exception | None = None, sees: bool = False) -> None:
        self.clock, self.words, self.error, self.sees = clock, words, error, sees
        self.asked: list[Question] = []
        self.priorities: list[int] = []
        self.forgotten = 0
        self._cancelled: set[str] = set()

    async def generate(
        self,
        question: Question,
        *,
        job: str,
        priority: int = 0,
        on_text: Callable[[str], None] | None = None,
    ) -> str:
        self.asked.append(question)
        self.priorities.append(priority)
        self._cancelled.discard(job)
        if self.error:
            raise self.error
        for word in self.words:
            await self.clock.sleep(0.1)
            if job in self._cancelled:
                raise CancelledError(job)
            if on_text is not None:
                on_text(word)
        return "".join(self.words)

    def cancel(self, name: str) -> int:
        self._cancelled.add(name)
        return 1

    async def forget(self) -> None:
        self.forgotten += 1


def picture(seed: int = 0, size: int = 64, level: int = 128) -> Image:
    """A grey picture with noise, so that it is neither dark nor blurred."""
    noise = np.random.default_rng(seed).integers(-60, 60, (size, size, 3))
    return (level + noise).clip(0, 255).astype(np.uint8)
