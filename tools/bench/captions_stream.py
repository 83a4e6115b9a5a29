"""A clip spoken to the captions' own loop on virtual time: what was shown when, and what was taken back."""

from __future__ import annotations

import asyncio
import itertools
import time

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.base import Hypothesis, Utterance
from models.speech.segments import Segmenter
from models.speech.vad import RATE_HZ, STEP, SileroVad
from models.speech.whisper.recogniser import WhisperRecogniser
from models.steps import finished
from runtime.core.clock import NS, VirtualClock, run_virtual
from runtime.features.captions.conversation import Conversation, Job, Said
from tools.bench.captions_clips import Clip

BEFORE_S, AFTER_S = 1.0, 2.0  # of silence around a clip
FIXED_COST_S = 0.2  # of each hypothesis, where the machine's own speed is not to matter


class Stream(msgspec.Struct):
    """``told``: seconds since the clip began, and what was said then; ``costs``: seconds of each hypothesis."""

    told: list[tuple[float, Said]] = msgspec.field(default_factory=list)
    costs: list[float] = msgspec.field(default_factory=list)

    @property
    def text(self) -> str:
        """All that was committed."""
        return " ".join(said.words.settled.strip() for _, said in self.told if said.final)

    @property
    def shown(self) -> int:
        """Characters that were shown, those again that had vanished between."""
        return sum(len(now) - _common(before, now) for before, now in self._pairs())

    @property
    def erased(self) -> int:
        """Characters that were shown and vanished."""
        return sum(len(before) - _common(before, now) for before, now in self._pairs())

    @property
    def taken_back(self) -> int:
        """Committed characters that vanished."""
        settled = [(said.number, said.words.settled) for _, said in self.told]
        pairs = itertools.pairwise(settled)
        return sum(len(a) - _common(a, b) for (one, a), (other, b) in pairs if one == other)

    def _pairs(self) -> list[tuple[str, str]]:
        before: dict[int, str] = {}
        pairs = []
        for _, said in self.told:
            now = said.words.settled + said.words.tentative
            pairs.append((before.get(said.number, ""), now))
            before[said.number] = now
        return pairs


class _Model:
    """The recogniser, at a cost on the virtual clock: its own seconds, or fixed ones."""

    def __init__(
        self, clock: VirtualClock, model: WhisperRecogniser, language: str, cost_s: float | None
    ) -> None:
        self._clock, self._model, self._language, self._cost_s = clock, model, language, cost_s
        self.costs: list[float] = []

    async def utterance(self) -> Utterance:
        return self._model.utterance(language=self._language)

    async def run(self, job: Job) -> Hypothesis:
        start = time.perf_counter()
        hypothesis = finished(job)
        self.costs.append(time.perf_counter() - start)
        await self._clock.sleep(self.costs[-1] if self._cost_s is None else self._cost_s)
        return hypothesis


def play(clip: Clip, model: WhisperRecogniser, voice: SileroVad, cost_s: float | None = None) -> Stream:
    """Speak ``clip`` in real time on a virtual clock; each hypothesis takes what it takes, or ``cost_s``."""
    clock, stream = VirtualClock(), Stream()
    understands = _Model(clock, model, clip.language, cost_s)

    def tell(said: Said) -> None:
        stream.told.append((clock.now_ns() / NS - BEFORE_S, said))

    async def main() -> None:
        conversation = Conversation(clock, understands, tell, lambda _: None, itertools.count(1))
        working = asyncio.ensure_future(conversation.run())
        segmenter, sound = Segmenter(voice.another()), padded(clip.samples)
        for start in range(0, len(sound), STEP):
            await clock.sleep(STEP / RATE_HZ)
            for event in segmenter.accept(sound[start : start + STEP], start * NS // RATE_HZ):
                conversation.hear(event)
        await clock.sleep(5.0)
        working.cancel()

    run_virtual(clock, main())
    stream.costs = understands.costs
    return stream


def padded(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """``samples`` float32[N] at 16 kHz with silence before and behind."""
    around = [np.zeros(round(seconds * RATE_HZ), np.float32) for seconds in (BEFORE_S, AFTER_S)]
    return np.concatenate((around[0], samples, around[1]))


def whole(utterance: Utterance, samples: NDArray[np.float32]) -> Hypothesis:
    """All of ``samples`` float32[N] at 16 kHz understood at once."""
    utterance.accept(samples)
    return finished(utterance.decode(final=True))


def _common(one: str, other: str) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
