"""The draft feature: "draft WHAT TO SAY" writes the message, shows it, and keeps it until the next one."""

from __future__ import annotations

import asyncio
from typing import Protocol

from models.base import Generator, Question
from runtime.core.bus import Bus
from runtime.core.clock import Clock
from runtime.core.errors import StoreError
from runtime.core.messages import Request
from runtime.features.requests import serve
from runtime.features.speaking import Cancels, Speaking, View

KEY = "draft"
KEPT = "draft.last"
SYSTEM = (
    "Write the short message that the user wants to send, in the user's language and voice, ready to be sent. "
    "Give the message alone, without a subject, a greeting that was not asked for, or a comment."
)
TAIL = "a draft by the model, not sent"


class Keeps(Protocol):
    """Where the draft is kept."""

    def set(self, key: str, value: object) -> None:
        """Raises StoreError."""
        ...


class DraftFeature:
    """Serves "draft"; "next" ends it or turns its page, "forget" deletes it."""

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        runner: Cancels,
        language: Generator,
        view: View,
        store: Keeps | None = None,
    ) -> None:
        self._bus, self._clock, self._store, self._view = bus, clock, store, view
        self._speaking = Speaking(KEY, bus, language, runner)
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve until cancelled."""
        await serve(self._bus, self._handle)

    def _handle(self, request: Request, group: asyncio.TaskGroup) -> None:
        if request.action == KEY:
            self._begin(request.argument.strip(), group)
        elif self._view() == KEY and request.action == "next":
            self._speaking.turn()
        elif self._view() == KEY and request.action == "forget":
            self._speaking.forget()
            group.create_task(self._keep(""))

    def _begin(self, wish: str, group: asyncio.TaskGroup) -> None:
        if not wish:
            self._speaking.note("Draft what? Say `draft` and what to write")
            return
        if self._task is not None:
            self._task.cancel()
        self._task = group.create_task(self._write(wish))

    async def _write(self, wish: str) -> None:
        turns = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": wish}]
        words = await self._speaking.say(Question(messages=turns, limit=200), wish, TAIL)
        if words:
            await self._keep(words)

    async def _keep(self, words: str) -> None:
        if self._store is None:
            return
        try:
            await self._clock.call("store", self._store.set, KEPT, words)
        except StoreError as error:
            self._speaking.note(f"The draft is not kept: {error}")
