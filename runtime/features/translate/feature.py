"""The translate feature: "translate TEXT" shows it in English, or in Chinese when it is in another language."""

from __future__ import annotations

import asyncio
import re

from models.base import Generator, Question
from runtime.core.bus import Bus
from runtime.core.messages import Request
from runtime.features.requests import serve
from runtime.features.speaking import Cancels, Speaking, View

KEY = "translate"
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
SYSTEM = (
    "Translate what the user writes into {}. Give the translation alone, with nothing before or after it."
)
TAIL = "translated by the model"


class TranslateFeature:
    """Serves "translate"; "next" ends it or turns its page, "forget" takes it down."""

    def __init__(self, *, bus: Bus, runner: Cancels, language: Generator, view: View) -> None:
        self._bus, self._view = bus, view
        self._speaking = Speaking(KEY, bus, language, runner)
        self._task: asyncio.Task[object] | None = None

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

    def _begin(self, text: str, group: asyncio.TaskGroup) -> None:
        if not text:
            self._speaking.note("Translate what? Say `translate` and the words")
            return
        if self._task is not None:
            self._task.cancel()
        self._task = group.create_task(self._speaking.say(question(text), text, TAIL))


def question(text: str) -> Question:
    """What a model is asked to translate ``text``.

    >>> question("牛奶").messages[0]["content"][:45]
    'Translate what the user writes into English. '
    """
    system = SYSTEM.format("English" if HAN.search(text) else "simplified Chinese")
    turns = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    return Question(messages=turns, limit=2 * len(text) + 48)  # a token is about a character of Chinese
