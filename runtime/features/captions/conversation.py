"""Stretches of speech → words, while they are spoken: the growing sound is understood again and again.

One stretch after the other, the oldest first. How often a stretch is understood follows what it costs: on a busy
machine the words come in larger steps, but never later and later. A stretch that has ended while others were at work
is understood once, whole.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.base import Hypothesis, ModelError, Utterance
from models.speech.segments import CUTTING, SpeechEvent
from models.speech.vad import RATE_HZ
from runtime.core.clock import NS, Clock
from runtime.features.captions.agreement import Agreement, Words

AGAIN_S = 0.3  # new sound before a stretch is understood again
REST = 1.5  # … or this many times what the last time took
PAUSE_S = 0.12  # without sound: the speech pauses, for sound comes every 32 ms
RETRY_S = 2.0  # after a model failed
MOST_WAITING_S = 60.0  # of sound that waits while a model fails; the oldest stretches go first

Job = Generator[None, None, Hypothesis]


class Said(msgspec.Struct, frozen=True):
    """The words of stretch ``number`` now. With ``final`` they are all; ``samples`` is then its sound at 16 kHz.

    ``t_ns`` is when the stretch began; ``language`` is ISO 639-1, empty when not known; ``spent`` is what the words
    cost in seconds, by stage.
    """

    number: int
    t_ns: int
    words: Words
    language: str = ""
    final: bool = False
    samples: NDArray[np.float32] | None = None
    spent: Mapping[str, float] = {}


class Understands(Protocol):
    """What does the work: the speech model on the runner."""

    async def utterance(self) -> Utterance:
        """A new utterance. Raises ModelError."""
        ...

    async def run(self, job: Job) -> Hypothesis:
        """Wait for the job. Raises ModelError."""
        ...


class _Stretch:
    """A stretch of speech that is not done: its sound, and what was made of it."""

    def __init__(self, number: int, t_ns: int) -> None:
        self.number, self.t_ns = number, t_ns
        self.sound: list[NDArray[np.float32]] = []
        self.taken = 0  # chunks of ``sound`` that the utterance has
        self.came_ns = t_ns  # when the last of it came
        self.ended = self.paused = False
        self.utterance: Utterance | None = None
        self.last = Hypothesis()
        self.pieces = 0  # of the utterance's last hypothesis
        self.agreement = Agreement()

    @property
    def heard_s(self) -> float:
        return sum(map(len, self.sound)) / RATE_HZ

    @property
    def new_s(self) -> float:
        return sum(map(len, self.sound[self.taken :])) / RATE_HZ

    @property
    def read(self) -> bool:
        """Whether the last hypothesis heard all that was said, if this is a pause: what came since is its sound."""
        sure = bool(self.last.pieces) and not self.last.doubt
        return self.new_s <= (CUTTING.after_s / 2 if sure else 0.0)  # half: the last sound may be a soft one

    @property
    def understood(self) -> bool:
        """Whether it is over, and there is nothing left to hear."""
        return self.ended and self.paused and bool(self.last.pieces) and self.read

    def forget_work(self) -> None:
        """The model went: the next one hears the sound from its beginning; what is settled stays."""
        self.utterance, self.taken, self.pieces, self.last = None, 0, 0, Hypothesis()


class Conversation:
    """Hears speech events and tells what was said; ``tell`` and ``trouble`` are called on the loop.

    ``trouble`` gets a ModelError when the model fails, and None when it works again; each stretch gets the next of
    ``numbers``.
    """

    def __init__(
        self,
        clock: Clock,
        model: Understands,
        tell: Callable[[Said], None],
        trouble: Callable[[ModelError | None], None],
        numbers: Iterator[int],
    ) -> None:
        self._clock, self._model, self._tell, self._trouble = clock, model, tell, trouble
        self._numbers = numbers
        self._stretches: deque[_Stretch] = deque()
        self._cost_s = 0.0
        self._news = asyncio.Event()
        self._over = False
        self.given_up = 0  # stretches that had to go unread

    @property
    def waiting_s(self) -> float:
        """Seconds of sound that no model has heard yet."""
        return sum(stretch.new_s for stretch in self._stretches)

    def hear(self, event: SpeechEvent) -> None:
        """Take an event in; never waits."""
        if event.kind == "begin" and self._stretches:
            self._stretches[-1].ended = True
        if not self._stretches or self._stretches[-1].ended:
            self._stretches.append(_Stretch(next(self._numbers), event.t_ns))
        stretch, now_ns = self._stretches[-1], self._clock.now_ns()
        stretch.ended = event.kind == "end"
        stretch.paused = stretch.ended and now_ns - stretch.came_ns >= PAUSE_S * NS
        if len(event.samples):
            stretch.sound.append(event.samples)
            stretch.came_ns = now_ns
        while len(self._stretches) > 1 and self.waiting_s > MOST_WAITING_S:
            self._stretches.popleft()
            self.given_up += 1
        self._news.set()

    def end(self) -> None:
        """Tell nothing any more, whatever is still being understood."""
        self._over = True
        self._stretches.clear()

    async def run(self) -> None:
        """Understand until cancelled."""
        failed = False
        while True:
            paused = await self._wait()
            try:
                await self._catch_up(paused)
            except ModelError as error:
                if self._over:
                    return
                failed = True
                self._trouble(error)
                for stretch in self._stretches:
                    stretch.forget_work()
                await self._clock.sleep(RETRY_S)
                self._news.set()
            else:
                if failed:
                    failed = False
                    self._trouble(None)

    async def _wait(self) -> bool:
        """Until something is heard, or, where not all was understood, until nothing is: whether speech pauses."""
        unread = bool(self._stretches) and not self._stretches[0].read
        try:
            async with asyncio.timeout(PAUSE_S if unread else None):
                await self._news.wait()
        except TimeoutError:
            return True
        self._news.clear()
        return False

    async def _catch_up(self, paused: bool) -> None:
        """Understand whatever is due; returns when all that is left waits for more sound.

        In a pause all that was heard is understood at once: it may be the end, which then has to wait for nothing.
        """
        while self._stretches and (paused or self._due(self._stretches[0])):
            stretch, paused = self._stretches[0], False
            if await self._understand(stretch) and self._stretches and self._stretches[0] is stretch:
                self._stretches.popleft()

    def _due(self, stretch: _Stretch) -> bool:
        return stretch.ended or stretch.new_s >= max(AGAIN_S, REST * self._cost_s)

    async def _understand(self, stretch: _Stretch) -> bool:
        """One hypothesis of the stretch; whether it was the last."""
        final, heard_s = stretch.ended, stretch.heard_s
        spent: Mapping[str, float] = {}
        if not stretch.understood:
            stretch.last = await self._hypothesis(stretch, final)
            spent = stretch.last.spent
        if self._over:
            return False
        hypothesis = stretch.last
        stretch.pieces = len(hypothesis.pieces)
        words = stretch.agreement.hear(hypothesis, heard_s, final=final)
        whole = np.concatenate(stretch.sound) if final else None
        self._tell(Said(stretch.number, stretch.t_ns, words, hypothesis.language, final, whole, spent))
        return final

    async def _hypothesis(self, stretch: _Stretch, final: bool) -> Hypothesis:
        began_ns = self._clock.now_ns()
        if stretch.utterance is None:
            stretch.utterance = await self._model.utterance()
        # A model that came back has no last hypothesis to hold on to, or a shorter one.
        settled = min(stretch.agreement.settled, stretch.pieces)
        sound = stretch.sound[stretch.taken :]
        stretch.taken = len(stretch.sound)
        hypothesis = await self._model.run(_decode(stretch.utterance, sound, settled, final))
        self._cost_s = (self._clock.now_ns() - began_ns) / NS
        return hypothesis


def _decode(utterance: Utterance, sound: list[NDArray[np.float32]], settled: int, final: bool) -> Job:
    for samples in sound:
        utterance.accept(samples)
    return (yield from utterance.decode(settled=settled, final=final))
