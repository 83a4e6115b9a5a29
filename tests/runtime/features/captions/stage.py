"""Captions over a microphone of the test's own and a scripted model, under a supervisor, on virtual time.

Everything between is the real thing: hearing, the guards, the store, the transcripts. ``Witness`` holds what the
wearer saw to what is promised, whatever failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from models.translation.guarded import Guarded
from runtime.core.bus import Bus
from runtime.core.clock import NS
from runtime.core.messages import Caption, Card, Fault, Request
from runtime.core.store import Store
from runtime.core.topics import CAPTION, CARD, FAULT, REQUEST
from runtime.core.trace import Tracer
from runtime.features.captions import wishes
from runtime.features.captions.feature import CaptionsFeature
from runtime.features.captions.page import STALE_S
from runtime.features.captions.transcripts import Segment, Transcripts
from tests.runtime.features.captions.scripted import ScriptedSpeech, ScriptedTranslator
from tests.runtime.sense.hearing.rig import Bursts, Rig, quiet
from tests.runtime.sense.hearing.rig import Card as SoundCard

T = TypeVar("T")
RATE = 16_000
TASKS = ("captions.ears", "captions.words", "captions.translation", "captions.guards")


class Witness:
    """All that was shown of captions, and of what failed."""

    def __init__(self, bus: Bus) -> None:
        self.captions: list[Caption] = []
        self.faults: list[Fault] = []
        self.may_be_emptied = False  # the wearer turns captions off, or has them forgotten
        bus.tap(CAPTION, self.captions.append)
        bus.tap(FAULT, self.faults.append)

    @property
    def committed(self) -> str:
        """The page now."""
        return self.captions[-1].committed if self.captions else ""

    @property
    def lines(self) -> list[str]:
        """What was said of faults, in order."""
        return [fault.text for fault in self.faults]

    def check(self) -> None:
        """No settled word changed or went, but with whole lines from the top; what was said of faults was calm."""
        for before, after in pairwise(self.captions):
            if self.may_be_emptied and not after.committed:
                continue
            if after.t_ns - before.t_ns > STALE_S * NS:  # the panel was dark: the page begins anew
                continue
            lines = before.committed.rstrip("\n").split("\n")
            rests = ["\n".join(lines[n:]) for n in range(len(lines))]
            assert any(map(after.committed.startswith, rests)), (before, after)
        standing: set[str] = set()
        for fault in self.faults:
            standing = standing - {fault.part} if fault.up else standing | {fault.part}
            assert len(standing) <= 1, "one line at most"
            assert len(fault.text) <= 72 and "\n" not in fault.text
            assert not any(sign in fault.text for sign in ("/", "Error", "Traceback", "0x"))


class Stage:
    """``run`` tells a story while somebody speaks ``spoken_s`` of every ``every_s`` seconds."""

    def __init__(
        self,
        folder: Path,
        *scripts: str,
        spoken_s: float = 3.2,
        every_s: float = 5.0,
        cost_s: float = 0.1,
        book: Mapping[str, str] | None = None,
    ) -> None:
        bursts = Bursts(round(every_s * RATE), round(spoken_s * RATE))
        self.rig = Rig(lambda clock: SoundCard(clock, bursts))
        self.clock, self.bus, self.tracer = self.rig.clock, self.rig.bus, Tracer(self.rig.clock)
        self.speech = ScriptedSpeech(self.clock, *scripts, cost_s=cost_s)
        self.translator = ScriptedTranslator(self.clock, book or {})
        self.store = Store(folder / "browline.db", self.clock, quiet(self.clock))
        self.transcripts = Transcripts(folder / "transcripts.db", self.clock, quiet(self.clock))
        self.witness = Witness(self.bus)
        self.in_view = wishes.KEY
        self.lit_while_closed = 0

    @property
    def card(self) -> SoundCard:
        """The microphone's hardware."""
        card = self.rig.microphone
        assert isinstance(card, SoundCard)
        return card

    def wish(self, **wished: object) -> None:
        """Keep wishes as the console does, and tell the feature."""
        for name, value in wished.items():
            self.store.set(wishes.setting(name), value)
        self.ask(wishes.ACTION)

    def ask(self, action: str) -> None:
        """What a key or the console would."""
        self.bus.publish(REQUEST, Request(self.clock.now_ns(), action))

    def kept(self) -> list[Segment]:
        """Everything in all transcripts, the oldest first."""
        found = reversed(self.transcripts.newest())
        return [segment for one in found for segment in self.transcripts.segments(one.id)]

    async def looked_back(self) -> str:
        """What looking back shows."""
        cards: list[Card] = []
        close = self.bus.tap(CARD, lambda card: cards.append(card) if isinstance(card, Card) else None)
        self.ask(wishes.REWIND)
        await self.clock.sleep(0.1)
        close()
        return "\n".join(line.text for line in cards[-1].lines)

    def is_quiet(self) -> bool:
        """Whether the microphone is closed, the light dark, the model let go of, and no task of captions left."""
        left = [task for task in asyncio.all_tasks() if task.get_name() in TASKS]
        return not (self.card.opened or self.rig.lamp.lit or self.speech.held or left)

    def run(self, story: Callable[[], Awaitable[T]]) -> T:
        """Tell ``story`` from the start of the glasses to their stop; then hold what was seen to the promises."""

        async def told() -> T:
            watching = asyncio.create_task(self._watch_light())
            self.rig.supervisor.add(wishes.KEY, self._life, text="Captions are restarting")
            await self.clock.sleep(0.01)
            try:
                return await story()
            finally:
                watching.cancel()

        try:
            result = self.rig.run(told)
            self.witness.check()
            assert self.lit_while_closed == 0
            return result
        finally:
            self.store.close()
            self.transcripts.close()

    async def _life(self) -> None:
        feature = CaptionsFeature(
            bus=self.bus, clock=self.clock, tracer=self.tracer, log=quiet(self.clock), hearing=self.rig.hearing,
            speech=self.speech, interpreter=Guarded(self.translator), store=self.store,
            transcripts=self.transcripts, report=self.rig.supervisor.report, view=lambda: self.in_view,
        )  # fmt: skip
        await feature.run()

    async def _watch_light(self) -> None:
        while True:
            self.lit_while_closed += self.rig.lamp.lit is not self.card.opened
            await self.clock.sleep(0.05)
