"""The ask feature: "ask QUESTION" looks and answers; while the answer is in view, a further question is about the
same picture, which is not read again.

A model that sees gets what is meant of the picture, and a small view of all of it (see ``looking``). One that does
not gets what the readers of text and bar codes found, and the card says so. The picture and the talk are dropped from
memory with the card, or at once by "forget"; nothing is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from models.base import Generator, Question
from runtime.core.bus import Bus
from runtime.core.clock import Clock
from runtime.core.messages import Request
from runtime.features import looking
from runtime.features.ask.facts import told
from runtime.features.requests import serve
from runtime.features.snap.capture import Capture, CaptureFailed, Runs, Sight
from runtime.features.snap.lookup import Lookup, product_of
from runtime.features.snap.pipeline import Tools
from runtime.features.snap.result import CodeReader, LineReader, Tracing
from runtime.features.speaking import TTL_S, Cancels, Speaking, View

KEY = "ask"
SYSTEM = (
    "You help somebody who looks at something. Answer their question about it in one or two short sentences."
)
READ = (
    "The glasses read this text from what is in view. Answer from it alone, and say so if it does not tell."
)

SEEN = PLAIN = "the model's words: check them"
FROM_TEXT = "the model's words on what was read: check them"


class _Talk(msgspec.Struct):
    """The messages so far, and what the card says they rest on."""

    turns: list[dict[str, Any]]
    basis: str


class Asks(Runs, Cancels):
    """The model runner: it runs jobs and ends them."""


class AskFeature:
    """Serves "ask"; "next" ends an answer or turns its page, "forget" drops it. ``sight`` may be missing."""

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        tracer: Tracing,
        runner: Asks,
        language: Generator,
        view: View,
        reader: Callable[[], CodeReader | None],
        ocr: Callable[[], LineReader | None],
        sight: Sight | None = None,
        catalogue: Lookup | None = None,
    ) -> None:
        self._bus, self._clock, self._tracer, self._runner, self._language = (
            bus,
            clock,
            tracer,
            runner,
            language,
        )
        self._reader, self._ocr, self._sight, self._catalogue = reader, ocr, sight, catalogue
        self._speaking = Speaking(KEY, bus, language, runner)
        self._view = view
        self._talk: _Talk | None = None
        self._asking: asyncio.Task[None] | None = None
        self._fading: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve until cancelled."""
        await serve(self._bus, self._handle)

    def _handle(self, request: Request, group: asyncio.TaskGroup) -> None:
        if request.action == KEY:
            self._begin(request.argument.strip(), group)
        elif request.action == "snap":  # the wearer looks at something else
            self._give_up()
        elif self._view() != KEY:
            return
        elif request.action == "next":
            self._speaking.turn()
        elif request.action == "forget":
            self._give_up()
            self._talk = None
            self._speaking.forget()
            group.create_task(self._language.forget())

    def _begin(self, question: str, group: asyncio.TaskGroup) -> None:
        if not question:
            self._speaking.note("Ask what? Say `ask` and a question")
            return
        further = self._view() == KEY
        self._give_up()
        if not further:
            self._talk = None
        self._asking = group.create_task(self._ask(question, group))

    def _give_up(self) -> None:
        """Drop the answer that is being made without a word, and what would have taken its talk away."""
        for task in (self._asking, self._fading):
            if task is not None:
                task.cancel()

    async def _ask(self, question: str, group: asyncio.TaskGroup) -> None:
        try:
            talk = self._talk or await self._look(question)
        except CaptureFailed as failure:
            self._speaking.note(str(failure))
            return
        except Exception:
            self._speaking.note("Asking failed: ask again")
            raise
        turns = [*talk.turns, {"role": "user", "content": question}] if self._talk else talk.turns
        asked = Question(messages=turns, limit=160, picture_pixels=looking.BUDGET)
        words = await self._speaking.say(asked, question, talk.basis)
        if words is not None:
            self._talk = _Talk([*turns, {"role": "assistant", "content": words}], talk.basis)
        self._fading = group.create_task(self._fade())

    async def _fade(self) -> None:
        """The picture goes when the card does."""
        await self._clock.sleep(TTL_S)
        self._talk = None
        await self._language.forget()

    async def _look(self, question: str) -> _Talk:
        """Take a picture and make the first turn. Raises CaptureFailed."""
        system = {"role": "system", "content": SYSTEM}
        if self._sight is None:
            return _Talk([system, {"role": "user", "content": question}], PLAIN)
        self._speaking.note("Looking…", None)
        tools = Tools(self._reader(), self._ocr(), self._clock, self._tracer)
        capture = Capture(self._clock, self._sight, self._runner, tools, self._tracer.new_id())
        best = await capture.pictures()
        if self._language.sees:
            boxes, codes = await capture.find(best[0])
            seen = looking.parts(best[0], boxes, [code.box for code in codes])
            content = [*seen, {"type": "text", "text": question}]
            return _Talk([system, {"role": "user", "content": content}], SEEN)
        result = await capture.read(best, self._wait)
        product, _ = await self._clock.call("catalogue", product_of, result, self._catalogue)
        if not (facts := told(result, product)):
            return _Talk([system, {"role": "user", "content": question}], PLAIN)
        words = f"{READ}\n\n{facts}\n\nQuestion: {question}"
        return _Talk([system, {"role": "user", "content": words}], FROM_TEXT)

    async def _wait(self, _early: object) -> None:
        self._speaking.note("Still reading…", None)
