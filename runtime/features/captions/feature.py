"""Live captions: what is said becomes words, the words a caption, and in another language a translation.

While captions are on, the microphone is open and the light is lit. What fails is said in one calm line and tried
again; words that are settled stay where they are.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from models.base import Hypothesis, ModelError, Recogniser, Utterance
from models.speech.choice import NoSpeechModelError
from models.speech.segments import RATE_HZ, SpeechEvent
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
        self._keeping = Keeping(clock, transcripts, log, report)
        self._wishes = Wishes()
        self._said, self._translated = Page(), Page()
        self._history, self._rewind = History(), Rewind()
        self._conversation: Conversation | None = None
        self._translating: Translating | None = None
        self._numbers = itertools.count(1)  # of stretches
        self._unfinished: Said | None = None
        # What the wearer wanted forgotten: all before a stretch, and so many characters of it.
        self._forgotten = (0, 0)
        self._plain = 0  # the last stretch that is shown as it was said
        self._begun = self._paused = False
        self._failed = ""  # why, as it stands in the log
        self._ears: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as keeping:  # the last to end: what is broken off is still kept
            keeping.create_task(self._keeping.run(), name="captions.transcript")
            async with asyncio.TaskGroup() as group:
                group.create_task(self._obey(group))
                await serve(self._bus, self._handle)

    def _handle(self, request: Request, group: asyncio.TaskGroup) -> None:
        mine = self._view() == asked.KEY
        if request.action == asked.ACTION:
            group.create_task(self._obey(group))
        elif request.action == asked.REWIND:
            self._turn(self._rewind.back(self._history, self._clock.now_ns(), *self._looks))
        elif request.action == asked.PAUSE or (mine and request.action == "save"):
            self._pause(group)
        elif mine and request.action == "next":
            self._turn(self._rewind.forward(self._clock.now_ns(), self._looks[1]))
        elif mine and request.action == "forget":
            self._forget()

    @property
    def _looks(self) -> tuple[float, str]:
        """The wearer's size of text, and the language of the glasses' own words."""
        settings = self._bus.latest(SETTINGS) or WearerSettings()
        return settings.text_size, settings.language

    def _pause(self, group: asyncio.TaskGroup) -> None:
        """Pause, or go on; nothing that is off can be paused."""
        if not self._wishes.on:
            return
        self._paused = not self._paused
        self._stop_listening()
        self._listen_or_not(group)

    def _turn(self, page: Card | CardDown) -> None:
        self._bus.publish(CARD, page)

    def _forget(self) -> None:
        self._history.forget()
        said = self._unfinished
        self._forgotten = (said.number, len(said.words.settled)) if said else (self._said.stretch + 1, 0)
        self._said.clear()
        self._translated.clear()
        self._turn(self._rewind.end())
        self._publish()

    async def _obey(self, group: asyncio.TaskGroup) -> None:
        """Live by the wishes that are kept."""
        wishes = await self._clock.call("store", asked.read, self._store)
        if not self._begun:
            self._resume(wishes)
        before = self._wishes
        if wishes == before:
            return
        if _heard_with(wishes) != _heard_with(before):
            self._stop_listening()
        self._wishes = wishes
        self._keeping.keep(wishes.keep and wishes.on)
        if before.on and not wishes.on:
            self._paused = False
            self._forget()
        self._listen_or_not(group)

    def _resume(self, wishes: Wishes) -> None:
        """Go on with what is shown, if this part failed and was started again."""
        self._begun = True
        shown = self._bus.latest(CAPTION)
        if shown is None:
            return
        if not wishes.on:
            self._publish()  # an empty page: captions were turned off meanwhile
            return
        self._paused = bool(shown.mark)
        page = self._said if wishes.translate == asked.OFF else self._translated
        page.resume(shown)
        for line in shown.committed.split("\n"):
            self._history.add(line, shown.t_ns)

    def _listen_or_not(self, group: asyncio.TaskGroup) -> None:
        """Listen, if that is wished."""
        if not self._wishes.on or self._paused:
            self._report(asked.KEY, None)
        elif self._ears is None:
            self._ears = group.create_task(self._keep_listening(), name="captions.ears")
        self._publish()

    def _stop_listening(self) -> None:
        """From now on nothing that was heard is told any more."""
        if self._ears is not None:
            self._ears.cancel()
            self._ears = None
            self._break_off()

    async def _keep_listening(self) -> None:
        while True:
            try:
                await self._listen()
            except ModelError as error:
                self._trouble(error)
                await self._clock.sleep(AGAIN_S)

    async def _listen(self) -> None:
        async with self._speech.opened() as model:
            self._trouble(None)
            listener = _Listener(self._speech, model, self._wishes)
            conversation = Conversation(self._clock, listener, self._heard, self._trouble, self._numbers)
            self._conversation, self._translating = conversation, self._interpret()
            try:
                async with asyncio.TaskGroup() as group:
                    self._work(group, conversation, self._translating)
                    async with self._hearing.listen() as events:
                        async for event in events:
                            self._note_event(event)
                            conversation.hear(event)
            finally:
                if self._conversation is conversation:
                    self._break_off()

    def _work(
        self, group: asyncio.TaskGroup, conversation: Conversation, translating: Translating | None
    ) -> None:
        """What goes on beside listening; what fails there goes up to the supervisor."""
        group.create_task(conversation.run(), name="captions.words")
        if translating is not None:
            group.create_task(translating.run(), name="captions.translation")
            ready = self._clock.call("guards", prepare)  # before the first translation waits for it
            group.create_task(ready, name="captions.guards")

    def _interpret(self) -> Translating | None:
        if self._wishes.translate == asked.OFF:
            return None
        return Translating(self._interpreter, self._wishes.translate, self._grows, self._interpreted)

    def _break_off(self) -> None:
        """Nobody listens any more: what was settled of the stretch that runs is all there will be of it."""
        if self._conversation is not None:
            self._conversation.end()
        if self._translating is not None:
            self._translating.give_up()
        self._conversation = self._translating = None
        self._leave_unfinished()
        self._said.expect("")
        self._translated.expect("")
        self._publish()

    def _leave_unfinished(self) -> None:
        """What is settled of a stretch that nobody will finish."""
        said, self._unfinished = self._unfinished, None
        if said is not None and said.words.settled.strip():
            self._remember(said)
            self._keeping.put(said)

    def _heard(self, said: Said) -> None:
        """Words of a stretch, on the loop."""
        words = said.words
        if self._unfinished is not None and self._unfinished.number != said.number:
            self._leave_unfinished()  # it was given up: no model came in time
        self._unfinished = None if said.final else said
        self._note_cost(said.spent)
        with self._tracer.span("captions.commit"):
            self._said.hear(said)
        if words.settled or words.tentative:
            self._since("captions.lag", said.t_ns + round(words.until_s * NS))
        direct = self._needs_no_translation(said)
        if direct:
            self._translated.hear(said)
        if said.final and words.settled.strip():
            if self._translating is not None and not direct:
                self._translating.put(said)
            else:
                self._remember(said)
                self._keeping.put(said)
        self._publish()

    def _remember(self, said: Said) -> None:
        """For looking back; not what the wearer wanted forgotten in the middle of it."""
        number, forgotten = self._forgotten
        self._history.add(said.words.settled[forgotten if said.number == number else 0 :], said.t_ns)

    def _needs_no_translation(self, said: Said) -> bool:
        """Whether the stretch is in the wearer's language: its words are shown as they come, in their turn."""
        if self._translating is None or said.number == self._plain:
            return self._translating is not None
        if said.words.settled and said.language == self._wishes.translate and self._translating.idle:
            self._plain = said.number
        return said.number == self._plain

    def _grows(self, said: Said, text: str) -> None:
        """A translation is being made."""
        if said.number >= self._forgotten[0]:
            self._translated.expect(text)
            self._publish()

    def _interpreted(self, said: Said, shown: Translated) -> None:
        """A stretch is translated, or shown as it was said."""
        self._keeping.put(said, shown.text if shown.good else "")
        if said.number < self._forgotten[0]:
            return
        until_ns = said.t_ns + round(said.words.until_s * NS)
        self._translated.add(shown.text, said.t_ns, until_ns)
        if not shown.good:
            self._plain = said.number
        self._since("captions.translation", until_ns)
        self._publish()
        self._history.add(shown.text, said.t_ns, said.words.settled if shown.good else "")

    def _note_event(self, event: SpeechEvent) -> None:
        """In the ledger: from the newest sound of an event to where it is known that somebody speaks."""
        if len(event.samples):
            heard_ns = event.t_ns + len(event.samples) * NS // RATE_HZ
            self._since("captions.vad", heard_ns)

    def _since(self, name: str, heard_ns: int) -> None:
        """In the ledger: from the microphone to now; a card whose clock is ahead is not believed."""
        now_ns = self._clock.now_ns()
        self._tracer.mark(name, min(heard_ns, now_ns), now_ns)

    def _note_cost(self, spent: Mapping[str, float]) -> None:
        """In the ledger: what the words cost, one stage after the other up to now."""
        end_ns = self._clock.now_ns()
        for stage, seconds in reversed(list(spent.items())):
            began_ns = end_ns - round(seconds * NS)
            self._tracer.mark(f"captions.{stage}", began_ns, end_ns)
            end_ns = began_ns

    def _publish(self) -> None:
        mark = paused_mark(self._looks[1]) if self._paused and self._wishes.on else ""
        if self._wishes.translate == asked.OFF:
            caption = self._said.caption(mark=mark)
        else:
            doubled = self._said.stretch == self._plain  # it is what stands below already
            source = self._said.newest if self._wishes.show_source and not doubled else ""
            caption = self._translated.caption(source, mark, self._said.t_ns if source else 0)
        if caption != self._bus.latest(CAPTION):
            self._bus.publish(CAPTION, caption)

    def _trouble(self, error: ModelError | None) -> None:
        """One calm line for the wearer, the whole of it in the log."""
        if error is None:
            self._failed = ""
            self._report(asked.KEY, None)
            return
        if str(error) != self._failed:
            self._failed = str(error)
            self._log.warning("no captions", part=asked.KEY, error=self._failed)
        self._report(asked.KEY, self._failed if isinstance(error, NoSpeechModelError) else FAILED)


def _heard_with(wishes: Wishes) -> tuple[bool, str, str]:
    """What of the wishes it takes another conversation for."""
    return wishes.on, wishes.language, wishes.translate


class _Listener:
    """What a conversation needs of the model: ``Understands``."""

    def __init__(self, speech: Speaks, model: Recogniser, wishes: Wishes) -> None:
        self._speech, self._model = speech, model
        self._language = wishes.language if wishes.language in model.languages else ""

    async def utterance(self) -> Utterance:
        return self._model.utterance(language=self._language)

    async def run(self, job: Job) -> Hypothesis:
        return await self._speech.run(job)
