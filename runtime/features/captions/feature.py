"""Live captions: what is said becomes words, the words a caption, and in another language a translation.

While captions are on, the microphone is open and the light is lit. What fails is said in one calm line and tried
again; words that are settled stay where they are.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from models.base import Hypothesis, ModelError, Recogniser, Utterance
from models.speech.choice import MISSING
from models.speech.segments import SpeechEvent
from models.translation.guarded import Translated
from models.translation.guards import prepare
from runtime.core.bus import Bus
from runtime.core.clock import NS, Clock
from runtime.core.log import Log
from runtime.core.messages import Card, CardDown, Request, WearerSettings
from runtime.core.topics import CAPTION, CARD, SETTINGS
from runtime.core.trace import Tracer
from runtime.features.captions import wishes as asked
from runtime.features.captions.conversation import Conversation, Job, Said
from runtime.features.captions.keeping import Keeping, Report
from runtime.features.captions.page import Page
from runtime.features.captions.transcripts import Transcripts
from runtime.features.captions.translating import Interpreter, Translating
from runtime.features.captions.view import History, Rewind, paused_mark
from runtime.features.captions.wishes import Wishes
from runtime.features.requests import serve
from runtime.features.speaking import View

AGAIN_S = 5.0  # after the model could not be opened
FAILED = "The speech model failed. Trying again."


class Hears(Protocol):
    """The ear, as far as captions need it."""

    def listen(self) -> AbstractAsyncContextManager[AsyncIterator[SpeechEvent]]:
        """Speech events while the block lasts; the microphone is open for so long."""
        ...


class Speaks(Protocol):
    """The speech model on the runner."""

    def opened(self) -> AbstractAsyncContextManager[Recogniser]:
        """The model, in memory while the block lasts. Raises ModelError."""
        ...

    async def run(self, job: Job) -> Hypothesis:
        """Wait for ``job`` behind nothing but other captions. Raises ModelError."""
        ...


class CaptionsFeature:
    """Serves what ``wishes`` names; publishes CAPTION, and past lines on CARD."""

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        tracer: Tracer,
        log: Log,
        hearing: Hears,
        speech: Speaks,
        interpreter: Interpreter,
        store: asked.Reads,
        transcripts: Transcripts,
        report: Report,
        view: View,
    ) -> None:
        self._bus, self._clock, self._tracer, self._log, self._view = bus, clock, tracer, log, view
        self._hearing, self._speech, self._store, self._report = hearing, speech, store, report
        self._interpreter = interpreter
        self._keeping = Keeping(clock, transcripts, report)
        self._wishes = Wishes()
        self._said, self._translated = Page(), Page()
        self._history, self._rewind = History(), Rewind()
        self._translating: Translating | None = None
        self._numbers = itertools.count(1)  # of stretches
        self._unfinished: Said | None = None
        self._plain = 0  # the last stretch that is shown as it was said
        self._paused = False
        self._ears: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keeping.run(), name="captions.transcript")
            group.create_task(self._obey(group))
            await serve(self._bus, self._handle)

    def _handle(self, request: Request, group: asyncio.TaskGroup) -> None:
        mine = self._view() == asked.KEY
        if request.action == asked.ACTION:
            group.create_task(self._obey(group))
        elif request.action == asked.REWIND:
            self._turn(self._rewind.back(self._history, self._clock.now_ns(), *self._looks))
        elif request.action == asked.PAUSE or (mine and request.action == "save"):
            self._paused = not self._paused
            self._listen_or_not(group)
        elif mine and request.action == "next":
            self._turn(self._rewind.forward(self._clock.now_ns(), self._looks[1]))
        elif mine and request.action == "forget":
            self._forget()

    @property
    def _looks(self) -> tuple[float, str]:
        """The wearer's size of text, and the language of the glasses' own words."""
        settings = self._bus.latest(SETTINGS) or WearerSettings()
        return settings.text_size, settings.language

    def _turn(self, page: Card | CardDown) -> None:
        self._bus.publish(CARD, page)

    def _forget(self) -> None:
        self._history.forget()
        self._said.clear()
        self._translated.clear()
        self._turn(self._rewind.end())
        self._publish()

    async def _obey(self, group: asyncio.TaskGroup) -> None:
        """Live by the wishes that are kept."""
        wishes = await self._clock.call("store", asked.read, self._store)
        if wishes == self._wishes:
            return
        if self._wishes.on and not wishes.on:
            self._forget()
        self._wishes = wishes
        self._keeping.keep(wishes.keep and wishes.on)
        self._listen_or_not(group)

    def _listen_or_not(self, group: asyncio.TaskGroup) -> None:
        """Begin to listen, afresh, or stop."""
        if self._ears is not None:
            self._ears.cancel()
            self._ears = None
        if self._wishes.on and not self._paused:
            self._ears = group.create_task(self._keep_listening(), name="captions.ears")
        else:
            self._report(asked.KEY, None)
        self._publish()

    async def _keep_listening(self) -> None:
        while True:
            try:
                await self._listen()
            except ModelError as error:
                self._trouble(error)
                await self._clock.sleep(AGAIN_S)

    async def _listen(self) -> None:
        async with self._speech.opened() as model:
            self._report(asked.KEY, None)
            listener = _Listener(self._speech, model, self._wishes)
            conversation = Conversation(self._clock, listener, self._heard, self._trouble, self._numbers)
            self._translating = self._interpret()
            working = [asyncio.create_task(conversation.run(), name="captions.words")]
            if self._translating is not None:
                working.append(asyncio.create_task(self._translating.run(), name="captions.translation"))
                ready = self._clock.call("guards", prepare)  # before the first translation waits for it
                working.append(asyncio.create_task(ready, name="captions.guards"))
            try:
                async with self._hearing.listen() as events:
                    async for event in events:
                        conversation.hear(event)
            finally:
                for task in working:
                    task.cancel()
                self._break_off()

    def _interpret(self) -> Translating | None:
        if self._wishes.translate == asked.OFF:
            return None
        return Translating(self._interpreter, self._wishes.translate, self._grows, self._interpreted)

    def _break_off(self) -> None:
        """Nobody listens any more: what was settled of the stretch that runs is all there will be of it."""
        said, self._unfinished = self._unfinished, None
        if said is not None and said.words.settled.strip():
            self._history.add(said.words.settled, said.t_ns)
            self._keeping.put(said)

    def _heard(self, said: Said) -> None:
        """Words of a stretch, on the loop."""
        words = said.words
        self._unfinished = None if said.final else said
        with self._tracer.span("captions.commit"):
            self._said.hear(said)
        if words.settled or words.tentative:
            until_ns = said.t_ns + round(words.until_s * NS)
            self._tracer.mark("captions.lag", until_ns, self._clock.now_ns())
        direct = self._needs_no_translation(said)
        if direct:
            self._translated.hear(said)
        if said.final and words.settled.strip():
            if self._translating is not None and not direct:
                self._translating.put(said)
            else:
                self._history.add(words.settled, said.t_ns)
                self._keeping.put(said)
        self._publish()

    def _needs_no_translation(self, said: Said) -> bool:
        """Whether the stretch is in the wearer's language: its words are shown as they come, in their turn."""
        if self._translating is None or said.number == self._plain:
            return self._translating is not None
        if said.words.settled and said.language == self._wishes.translate and self._translating.idle:
            self._plain = said.number
        return said.number == self._plain

    def _grows(self, text: str) -> None:
        """A translation is being made."""
        self._translated.expect(text)
        self._publish()

    def _interpreted(self, said: Said, shown: Translated) -> None:
        """A stretch is translated, or shown as it was said."""
        until_ns = said.t_ns + round(said.words.until_s * NS)
        self._translated.add(shown.text, said.t_ns, until_ns)
        if not shown.good:
            self._plain = said.number
        self._tracer.mark("captions.translation", until_ns, self._clock.now_ns())
        self._publish()
        self._history.add(shown.text, said.t_ns, said.words.settled if shown.good else "")
        self._keeping.put(said, shown.text if shown.good else "")

    def _publish(self) -> None:
        mark = paused_mark(self._looks[1]) if self._paused and self._wishes.on else ""
        if self._wishes.translate == asked.OFF:
            caption = self._said.caption(mark=mark)
        else:
            doubled = self._said.stretch == self._plain  # it is what stands below already
            source = self._said.newest if self._wishes.show_source and not doubled else ""
            caption = self._translated.caption(source, mark)
        if caption != self._bus.latest(CAPTION):
            self._bus.publish(CAPTION, caption)

    def _trouble(self, error: ModelError | None) -> None:
        """One calm line for the wearer, the whole of it in the log."""
        if error is None:
            self._report(asked.KEY, None)
            return
        self._log.warning("no captions", part=asked.KEY, error=str(error))
        self._report(asked.KEY, MISSING if str(error) == MISSING else FAILED)


class _Listener:
    """What a conversation needs of the model: ``Understands``."""

    def __init__(self, speech: Speaks, model: Recogniser, wishes: Wishes) -> None:
        self._speech, self._model = speech, model
        self._language = "" if wishes.language == asked.AUTO else wishes.language

    async def utterance(self) -> Utterance:
        return self._model.utterance(language=self._language)

    async def run(self, job: Job) -> Hypothesis:
        return await self._speech.run(job)
