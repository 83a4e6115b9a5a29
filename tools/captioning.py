"""Captions as the glasses make them, written in lines: words as they are settled, and translations under them."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from models.base import Hypothesis, ModelError, Recogniser, Utterance
from models.runner import Priority, Runner
from models.speech.segments import RATE_HZ, STEP, Segmenter, SpeechEvent
from models.translation.guarded import Guarded, Translated
from runtime.core.clock import NS, Clock
from runtime.features.captions.conversation import Conversation, Job, Said
from runtime.features.captions.translating import Translating
from tools.lines import Lines

LOOK_S = 0.05


class Understood:
    """The speech model on ``runner``; where time is virtual a hypothesis takes ``cost_s`` of it."""

    def __init__(
        self, clock: Clock, runner: Runner, recogniser: Recogniser, language: str, cost_s: float = 0.0
    ) -> None:
        self._clock, self._runner, self._recogniser = clock, runner, recogniser
        self._language, self._cost_s = language, cost_s

    async def utterance(self) -> Utterance:
        """A new one."""
        return self._recogniser.utterance(language=self._language)

    async def run(self, job: Job) -> Hypothesis:
        """Wait for it. Raises ModelError."""
        hypothesis = await self._runner.run(job, name="captions", priority=Priority.CAPTION)
        if self._cost_s:
            await self._clock.sleep(self._cost_s)
        return hypothesis


class Captioner:
    """Hears speech events and writes what was said onto ``lines``, a line a stretch.

    With an ``interpreter`` each is followed by its translation into ``target``; what is said meanwhile waits for it.
    ``tell`` hears why one is missing.
    """

    def __init__(
        self,
        clock: Clock,
        model: Understood,
        lines: Lines,
        tell: Callable[[str], object],
        *,
        interpreter: Guarded | None = None,
        target: str = "",
    ) -> None:
        self._clock, self._lines, self._say = clock, lines, tell
        self._conversation = Conversation(clock, model, self._told, _fail, itertools.count(1))
        self._translating = (
            Translating(interpreter, target, lambda _said, _text: None, self._translated)
            if interpreter
            else None
        )
        self._number = self._taken = 0  # the stretch of this line, and how many of its characters are written
        self._held: deque[Said] = deque()  # what was said since a translation is waited for
        self._waits = False
        self._ended = self._finished = 0  # stretches

    @property
    def done(self) -> bool:
        """Whether all that was said to its end is written."""
        return self._finished + self._conversation.given_up >= self._ended and not self._waits

    def hear(self, event: SpeechEvent) -> None:
        """Take an event in; never waits."""
        self._ended += event.kind == "end"
        self._conversation.hear(event)

    async def run(self) -> None:
        """Write until cancelled. Raises ModelError."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._conversation.run())
            if self._translating is not None:
                group.create_task(self._translating.run())

    async def settle(self, limit_s: float | None = None) -> None:
        """Wait until it is done, for ``limit_s`` at most."""
        waited_s = 0.0
        while not self.done and (limit_s is None or waited_s < limit_s):
            await self._clock.sleep(LOOK_S)
            waited_s += LOOK_S

    def _told(self, said: Said) -> None:
        if self._waits:
            self._held.append(said)
        else:
            self._write(said)

    def _write(self, said: Said) -> None:
        if said.number != self._number:
            self._lines.end()
            self._number, self._taken = said.number, 0
        words = said.words
        self._lines.grow(words.settled[self._taken :])
        self._taken = len(words.settled)
        self._lines.expect("" if said.final else words.tentative)
        if not said.final:
            return
        self._finished += 1
        self._lines.end()
        if self._translating is not None and words.settled.strip():
            self._waits = True
            self._translating.put(said)

    def _translated(self, said: Said, shown: Translated) -> None:
        if shown.good:
            self._lines.grow(shown.text)
            self._lines.end()
        elif shown.reason != "same":
            why = f"{shown.reason}: {shown.detail}" if shown.detail else shown.reason
            self._say(f"not translated ({why}): {said.words.settled.strip()}")
        self._waits = False
        while self._held and not self._waits:
            self._write(self._held.popleft())


async def stream(
    blocks: Iterable[NDArray[np.float32]], clock: Clock, segmenter: Segmenter, captioner: Captioner
) -> None:
    """Speak ``blocks`` float32[N] at 16 kHz, that follow each other, in the time they take on ``clock``.

    Raises ModelError.
    """
    writing = asyncio.ensure_future(captioner.run())
    at = 0
    try:
        for block in blocks:
            for start in range(0, len(block), STEP):
                part = block[start : start + STEP]
                await clock.sleep(len(part) / RATE_HZ)
                for event in segmenter.accept(part, at * NS // RATE_HZ):
                    captioner.hear(event)
                at += len(part)
                if writing.done():
                    return
        for event in segmenter.finish():
            captioner.hear(event)
        settled = asyncio.ensure_future(captioner.settle())
        await asyncio.wait({writing, settled}, return_when=asyncio.FIRST_COMPLETED)
        settled.cancel()
    finally:
        await ended(writing)


async def ended(writing: asyncio.Future[None]) -> None:
    """End a captioner's run. Raises what it raised, one error of it."""
    writing.cancel()
    (outcome,) = await asyncio.gather(writing, return_exceptions=True)
    while isinstance(outcome, BaseExceptionGroup):
        outcome = outcome.exceptions[0]
    if outcome is not None and not isinstance(outcome, asyncio.CancelledError):
        raise outcome


def _fail(error: ModelError | None) -> None:
    """A recording, or who sits at a keyboard, is told at once; glasses would try again."""
    if error is not None:
        raise error
