"""Finished stretches of speech → what is shown of them in the wearer's language, one after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from models.base import Spoken
from models.translation.guarded import Translated, marked
from runtime.features.captions.conversation import Said

BEFORE = 3  # sentences that a translator may look back at
MOST_WAITING = 3  # stretches; with more the oldest is shown as it was said: a late translation misleads


class Interpreter(Protocol):
    """A translator that was made safe: see ``models.translation.guarded``."""

    async def translate(
        self, spoken: Spoken, target: str, *, on_text: Callable[[str], None] | None = None
    ) -> Translated:
        """The sentence, or its source with a mark; raises nothing of its own."""
        ...


class Translating:
    """``done`` gets each stretch with what is shown of it, in order; ``grows`` what is being made of it."""

    def __init__(
        self,
        interpreter: Interpreter,
        target: str,
        grows: Callable[[Said, str], None],
        done: Callable[[Said, Translated], None],
    ) -> None:
        self._interpreter, self._target, self._grows, self._done = interpreter, target, grows, done
        self._waiting: deque[Said] = deque()
        self._before: deque[tuple[str, str]] = deque(maxlen=BEFORE)
        self._news = asyncio.Event()
        self._now: Said | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is being made: what is shown now stands behind all that came before."""
        return self._now is None and not self._waiting

    def put(self, said: Said) -> None:
        """A stretch that is final and says something; never waits."""
        self._waiting.append(said)
        if len(self._waiting) > MOST_WAITING:
            late = self._waiting.popleft()
            self._done(late, _as_said(late, "late"))
        self._news.set()

    async def run(self) -> None:
        """Translate until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                said = self._now = self._waiting.popleft()
                shown = await self._translate(said)
                if self._now is not said:
                    return  # given up meanwhile
                self._now = None
                self._done(said, shown)

    def give_up(self) -> None:
        """Show what is not translated yet as it was said; for whoever ends ``run`` before its time."""
        left = [*filter(None, (self._now,)), *self._waiting]
        self._now = None
        self._waiting.clear()
        for said in left:
            self._done(said, _as_said(said, "stopped"))

    async def _translate(self, said: Said) -> Translated:
        made = ""

        def grow(piece: str) -> None:
            nonlocal made
            made += piece
            self._grows(said, made)

        text = said.words.settled.strip()
        assert said.samples is not None
        spoken = Spoken(text, said.language, said.samples, tuple(self._before))
        shown = await self._interpreter.translate(spoken, self._target, on_text=grow)
        if shown.good:
            self._before.append((text, shown.text))
        return shown


def _as_said(said: Said, reason: str) -> Translated:
    return Translated(marked(said.words.settled.strip(), said.language), reason)
