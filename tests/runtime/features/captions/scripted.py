"""A recogniser that knows what is said, and mishears the word that the sound ends in: for tests of what is around it.

What it says stands for a model's output only as far as timing and faults go; the real one has tests of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

import numpy as np
from numpy.typing import NDArray

from models.base import Hypothesis, ModelError, Piece, Utterance
from models.speech.segments import SpeechEvent
from models.speech.vad import RATE_HZ
from runtime.core.clock import VirtualClock
from runtime.features.captions.conversation import Job

CHUNK_S = 0.1


def pieces(text: str, rate: float = 2.5) -> tuple[Piece, ...]:
    """The words of ``text``, ``rate`` a second."""
    words = text.split(" ")
    return tuple(
        Piece(word if i == 0 else f" {word}", i / rate, (i + 1) / rate) for i, word in enumerate(words)
    )


class ScriptedUtterance:
    """Hears the words of ``script`` as far as its sound goes; half a word is heard as "uh"."""

    def __init__(self, script: Sequence[Piece], calls: list[tuple[float, int, bool]]) -> None:
        self._script, self._calls, self._heard_s = script, calls, 0.0

    def accept(self, samples: NDArray[np.float32]) -> None:
        self._heard_s += len(samples) / RATE_HZ

    def decode(self, *, settled: int = 0, final: bool = False) -> Generator[None, None, Hypothesis]:
        self._calls.append((round(self._heard_s, 3), settled, final))
        yield
        heard = [piece for piece in self._script if piece.end_s <= self._heard_s + 1e-6]
        if len(heard) < len(self._script) and self._script[len(heard)].start_s + 0.1 < self._heard_s:
            cut = self._script[len(heard)]
            heard.append(Piece(" uh", cut.start_s, self._heard_s))
        return Hypothesis(tuple(heard), "en")


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
        while True:
            try:
                next(job)
            except StopIteration as end:
                hypothesis: Hypothesis = end.value
                return hypothesis


async def speak(
    clock: VirtualClock, seconds: float, hear: Callable[[SpeechEvent], None], *, end: bool = True
) -> None:
    """A stretch of this length, a tenth of a second at a time."""
    for number in range(round(seconds / CHUNK_S)):
        samples = np.full(round(CHUNK_S * RATE_HZ), 0.1, np.float32)
        await clock.sleep(CHUNK_S)
        t_ns = clock.now_ns() - round(CHUNK_S * 1e9)
        hear(SpeechEvent("begin" if number == 0 else "more", t_ns, samples))
    if end:
        hear(SpeechEvent("end", clock.now_ns(), np.zeros(0, np.float32)))
