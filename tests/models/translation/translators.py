"""Translators and models that misbehave, on a clock that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence

import numpy as np
from numpy.typing import NDArray

from models.base import Hypothesis, Piece, Question, Spoken, Task, Utterance
from runtime.core.clock import Clock

SILENCE = np.zeros(1600, np.float32)


def spoken(text: str, language: str = "zh", *, before: Sequence[tuple[str, str]] = ()) -> Spoken:
    return Spoken(text, language, SILENCE, tuple(before))


class Saying:
    """Says these pieces, one each ``pause_s``; then raises ``error``, or hangs, if told to."""

    def __init__(
        self,
        clock: Clock,
        *pieces: str,
        pause_s: float = 0.1,
        error: BaseException | None = None,
        hangs: bool = False,
    ) -> None:
        self.clock, self.pieces, self.pause_s, self.error, self.hangs = clock, pieces, pause_s, error, hangs
        self.asked: list[Spoken] = []
        self.said: list[str] = []
        self.ended = 0

    async def translate(
        self, spoken: Spoken, target: str, *, on_text: Callable[[str], None] | None = None
    ) -> str:
        self.asked.append(spoken)
        try:
            for piece in self.pieces:
                await self.clock.sleep(self.pause_s)
                self.said.append(piece)
                if on_text is not None:
                    on_text(piece)
            if self.error is not None:
                raise self.error
            if self.hangs:
                await asyncio.Event().wait()
            return "".join(self.pieces)
        finally:
            self.ended += 1


class Deaf:
    """Ignores that it was given up, for a minute."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.asked, self.ended = clock, 0, 0

    async def translate(
        self, spoken: Spoken, target: str, *, on_text: Callable[[str], None] | None = None
    ) -> str:
        self.asked += 1
        until = self.clock.now_ns() + 60_000_000_000
        while self.clock.now_ns() < until:
            try:
                await self.clock.sleep(1)
            except asyncio.CancelledError:
                continue
        self.ended += 1
        raise RuntimeError("at last")


class Hearing:
    """A recogniser whose utterances understand ``text``, a step a word."""

    languages = ("zh",)
    tasks: tuple[Task, ...] = ("transcribe", "translate")

    def __init__(self, text: str, doubt: str = "") -> None:
        self.text, self.doubt = text, doubt
        self.asked: list[tuple[str, Task]] = []
        self.heard = 0

    def utterance(self, *, language: str = "", task: Task = "transcribe", prompt: str = "") -> Utterance:
        self.asked.append((language, task))
        return _Heard(self)

    def close(self) -> None:
        pass


class _Heard:
    def __init__(self, model: Hearing) -> None:
        self._model = model

    def accept(self, samples: NDArray[np.float32]) -> None:
        self._model.heard += len(samples)

    def decode(self, *, settled: int = 0, final: bool = False) -> Generator[None, None, Hypothesis]:
        assert final
        pieces = []
        for word in self._model.text.split(" "):
            yield
            pieces.append(Piece(f" {word}", 0.0, 0.1))
        return Hypothesis(tuple(pieces), "en", doubt=self._model.doubt)


class Writing:
    """A generator whose model writes these pieces, one each tenth of a second."""

    sees = False

    def __init__(self, clock: Clock, *pieces: str) -> None:
        self.clock, self.pieces = clock, pieces
        self.asked: list[Question] = []
        self.written = 0

    async def generate(
        self, question: Question, *, job: str, priority: int = 0, on_text: Callable[[str], None] | None = None
    ) -> str:
        self.asked.append(question)
        for piece in self.pieces:
            await self.clock.sleep(0.1)
            self.written += 1
            if on_text is not None:
                on_text(piece)
        return "".join(self.pieces)

    async def forget(self) -> None:
        pass
