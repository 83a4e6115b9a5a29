"""A recogniser that knows what is said, and mishears the word that the sound ends in: for tests of what is around it.

What it says stands for a model's output only as far as timing and faults go; the real one has tests of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.base import Hypothesis, ModelError, Piece, Recogniser, Spoken, Task, Utterance
from models.speech.segments import SpeechEvent
from models.speech.vad import RATE_HZ
from models.steps import finished
from runtime.core.clock import VirtualClock
from runtime.features.captions.conversation import Job

CHUNK_S = 0.1
BOOK = {
    "we walk on to the next shelf": "Wir gehen weiter zum nächsten Regal",
    "then we turn left at the milk": "Dann biegen wir bei der Milch links ab",
    "it is behind the bread they say": "Es ist hinter dem Brot, sagen sie",
    "we pay at the desk over there": "Wir zahlen dort drüben an der Kasse",
    "thank you and have a good evening": "Danke und einen schönen Abend",
}
"""What is said, each eight words of it in 3.2 s, and the same in German."""


def pieces(text: str, rate: float = 2.5) -> tuple[Piece, ...]:
    """The words of ``text``, ``rate`` a second."""
    words = text.split(" ")
    return tuple(
        Piece(word if i == 0 else f" {word}", i / rate, (i + 1) / rate) for i, word in enumerate(words)
    )


class ScriptedUtterance:
    """Hears the words of ``script`` as far as its sound goes; half a word is heard as "uh"."""

    def __init__(self, script: Sequence[Piece], calls: list[tuple[float, int, bool]]) -> None:
        self._script, self._calls, self._heard_s, self._last = script, calls, 0.0, 0

    def accept(self, samples: NDArray[np.float32]) -> None:
        self._heard_s += len(samples) / RATE_HZ

    def decode(self, *, settled: int = 0, final: bool = False) -> Generator[None, None, Hypothesis]:
        if settled > self._last:
            raise ValueError(f"{settled} pieces can't be settled: the last hypothesis had {self._last}")
        self._calls.append((round(self._heard_s, 3), settled, final))
        yield
        heard = [piece for piece in self._script if piece.end_s <= self._heard_s + 1e-6]
        if len(heard) < len(self._script) and self._script[len(heard)].start_s + 0.1 < self._heard_s:
            cut = self._script[len(heard)]
            heard.append(Piece(" uh", cut.start_s, self._heard_s))
        self._last = len(heard)
        return Hypothesis(tuple(heard), "en", spent={"mel": 0.01, "encoder": 0.02, "decoder": 0.03})


class ScriptedModel:
    """Implements ``Understands``: each utterance hears the next script; a job takes ``cost_s`` on the clock."""

    def __init__(self, clock: VirtualClock, *scripts: str, cost_s: float = 0.1) -> None:
        self._clock, self._scripts, self.cost_s = clock, [pieces(script) for script in scripts], cost_s
        self.calls: list[tuple[float, int, bool]] = []
        self.failing: ModelError | None = None
        self.opened = 0

    async def utterance(self) -> Utterance:
        if self.failing is not None:
            raise self.failing
        self.opened += 1
        return ScriptedUtterance(self._scripts[min(self.opened, len(self._scripts)) - 1], self.calls)

    async def run(self, job: Job) -> Hypothesis:
        await self._clock.sleep(self.cost_s)
        if self.failing is not None:
            raise self.failing
        return finished(job)


class ScriptedSpeech:
    """Implements ``Speaks`` and ``Recogniser``: each utterance hears the next script, the last again and again.

    ``absent`` is what opening raises, ``failing`` what understanding does; ``held`` counts who has it open.
    """

    languages = ("en", "zh")
    tasks: tuple[Task, ...] = ("transcribe", "translate")

    def __init__(self, clock: VirtualClock, *scripts: str, cost_s: float = 0.1) -> None:
        self._clock, self._scripts, self.cost_s = clock, [pieces(script) for script in scripts], cost_s
        self.absent: ModelError | None = None
        self.failing: Exception | None = None
        self.calls: list[tuple[float, int, bool]] = []
        self.held = self.opened_times = self._begun = 0

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Recogniser]:
        if self.absent is not None:
            raise self.absent
        await self._clock.sleep(0.2)
        self.held += 1
        self.opened_times += 1
        try:
            yield self
        finally:
            self.held -= 1

    async def run(self, job: Job) -> Hypothesis:
        await self._clock.sleep(self.cost_s)
        if self.failing is not None:
            raise self.failing
        return finished(job)

    def utterance(self, *, language: str = "", task: Task = "transcribe", prompt: str = "") -> Utterance:
        self._begun += 1
        return ScriptedUtterance(self._scripts[min(self._begun, len(self._scripts)) - 1], self.calls)

    def close(self) -> None: ...


class ScriptedTranslator:
    """Implements ``Translator``: ``way`` is what it does with a sentence; a good one looks it up in ``book``."""

    def __init__(self, clock: VirtualClock, book: Mapping[str, str]) -> None:
        self._clock, self._book = clock, book
        self.way: Literal["good", "hang", "crash", "nonsense", "stream nonsense"] = "good"

    async def translate(
        self, spoken: Spoken, target: str, *, on_text: Callable[[str], None] | None = None
    ) -> str:
        await self._clock.sleep(0.5)
        if self.way == "hang":
            await asyncio.shield(asyncio.get_running_loop().create_future())
        if self.way == "crash":
            raise RuntimeError("/usr/lib/engine.so: segment not mapped")
        if self.way == "nonsense":
            return "I'm sorry, as an AI language model I can't translate this."
        text = self._book[spoken.text]
        for word in text.split():
            if on_text is not None:
                on_text(f"{word} ")
            await self._clock.sleep(0.1)
        return f"{text} um 1984 Euro" if self.way == "stream nonsense" else text


async def speak(
    clock: VirtualClock,
    seconds: float,
    hear: Callable[[SpeechEvent], None],
    *,
    begin: bool = True,
    end: bool = True,
) -> None:
    """A stretch of this length, or a part of one, a tenth of a second at a time."""
    for number in range(round(seconds / CHUNK_S)):
        samples = np.full(round(CHUNK_S * RATE_HZ), 0.1, np.float32)
        await clock.sleep(CHUNK_S)
        t_ns = clock.now_ns() - round(CHUNK_S * 1e9)
        hear(SpeechEvent("begin" if begin and number == 0 else "more", t_ns, samples))
    if end:
        hear(SpeechEvent("end", clock.now_ns(), np.zeros(0, np.float32)))
