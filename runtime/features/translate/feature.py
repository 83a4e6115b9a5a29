"""The translate feature: "translate TEXT" shows it in English, or in Chinese when it is English.

The model's words are shown only when nothing in them is without a source (``models.translation.guards``).
"""

from __future__ import annotations

import asyncio
import functools

from models.base import Generator
from models.translation.guarded import tidy
from models.translation.guards import fault
from models.translation.prompt import interpret
from models.translation.tongue import language_of
from runtime.core.bus import Bus
from runtime.core.messages import Request
from runtime.features.requests import serve
from runtime.features.speaking import Cancels, Speaking, View

KEY = "translate"
TAIL = "translated by the model"
REFUSED = "not translated: the model's words did not hold ({})"


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
        language, target = languages(text)
        judge = functools.partial(refusal, text, language, target)
        saying = self._speaking.say(interpret(text, language, target), text, TAIL, judge)
        self._task = group.create_task(saying)


def languages(text: str) -> tuple[str, str]:
    """The language of ``text`` and the one it is put into (ISO 639-1).

    >>> languages("牛奶"), languages("Where is the milk?")
    (('zh', 'en'), ('en', 'zh'))
    """
    language = language_of(text)
    return language, "zh" if language == "en" else "en"


def refusal(text: str, language: str, target: str, words: str) -> str | None:
    """Why ``words`` are not shown as the translation of ``text``, in one calm line."""
    reason = fault(text, tidy(words, text), language=language, target=target)
    return REFUSED.format(reason) if reason else None
