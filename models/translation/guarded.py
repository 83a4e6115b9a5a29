"""A translator that may hang, crash or talk nonsense, made safe: its text, or the source with a mark and a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from models.base import CancelledError, Spoken, Translator
from models.translation.guards import NO_NAMES, fault

DEADLINE_S = 6.0
"""A translation that comes later stands beside another sentence."""

GRACE_S = 0.2
"""How long the sentence before, which was given up, may take to let go."""

_QUOTES = (('"', '"'), ("“", "”"), ("'", "'"), ("「", "」"), ("«", "»"))


class Translated(msgspec.Struct, frozen=True):
    """What is shown of a sentence. ``reason`` is empty for a translation, else says why ``text`` is the source.

    That is a guard's word (``models.translation.guards``), "late", "stopped" or "failed"; "same" where nothing had
    to be translated. ``detail`` is the error's message, for the log.
    """

    text: str
    reason: str = ""
    detail: str = ""

    @property
    def good(self) -> bool:
        """Whether the text is a translation."""
        return not self.reason


class Guarded:
    """Asks ``translator`` once for each sentence, for ``deadline_s`` at most, and holds the answer to the guards."""

    def __init__(
        self,
        translator: Translator,
        *,
        deadline_s: float = DEADLINE_S,
        glossary: Callable[[], Mapping[str, str]] = lambda: NO_NAMES,
    ) -> None:
        self._translator, self._deadline_s, self._glossary = translator, deadline_s, glossary
        self._asked: asyncio.Task[str] | None = None  # what was given up and has not let go yet

    async def translate(
        self, spoken: Spoken, target: str, *, on_text: Callable[[str], None] | None = None
    ) -> Translated:
        """The sentence in ``target`` (ISO 639-1), whatever the translator does; raises nothing of its own.

        ``on_text`` gets pieces as they are made, up to where one shows that the whole will be dropped; the whole may
        still be: only what is returned has passed every guard.
        """
        if spoken.language == target:
            return Translated(spoken.text, "same")
        if self._asked is not None and not self._asked.done():
            await asyncio.wait({self._asked}, timeout=GRACE_S)
            if not self._asked.done():
                return _source(spoken, "late", "the sentence before still hangs")
        watch = _Watch(spoken, target, self._glossary(), on_text)
        self._asked = asyncio.ensure_future(self._translator.translate(spoken, target, on_text=watch.hear))
        return await self._outcome(self._asked, watch)

    async def _outcome(self, asked: asyncio.Task[str], watch: _Watch) -> Translated:
        """Wait for the task; one that ignores its end is left behind, never waited for."""
        try:
            await asyncio.wait({asked}, timeout=self._deadline_s)
        finally:
            if not asked.done():
                asked.cancel()
                asked.add_done_callback(_forget)
        if not asked.done():
            return _source(watch.spoken, "late", f"no translation within {self._deadline_s:g} s")
        if asked.cancelled():
            return _source(watch.spoken, "stopped")
        if (error := asked.exception()) is not None:
            return _failed(watch, error)
        return watch.judge(asked.result())


class _DroppedError(Exception):
    """What was made so far can't become right."""


class _Watch:
    """One sentence while its translation is made."""

    def __init__(
        self, spoken: Spoken, target: str, glossary: Mapping[str, str], on_text: Callable[[str], None] | None
    ) -> None:
        self.spoken, self._target, self._glossary, self._on_text = spoken, target, glossary, on_text
        self._made = ""
        self.reason = ""

    def hear(self, piece: str) -> None:
        """Take a piece; raises to end a translation that is lost already, so that no more time goes into it."""
        self._made += piece
        if reason := self._fault(self._made, final=False):
            self.reason = reason
            raise _DroppedError(self._made)
        if self._on_text is not None:
            self._on_text(piece)

    def judge(self, text: str) -> Translated:
        """The finished translation, or the source where a guard says no."""
        text = tidy(text, self.spoken.text) if isinstance(text, str) else ""
        reason = self.reason or self._fault(text, final=True)
        return _source(self.spoken, reason, text) if reason else Translated(text)

    def _fault(self, text: str, *, final: bool) -> str | None:
        return fault(
            self.spoken.text,
            text if final else text.strip(),
            language=self.spoken.language,
            target=self._target,
            glossary=self._glossary,
            final=final,
        )


def tidy(text: str, source: str) -> str:
    """The text without blanks at its ends and without quotation marks around all of it that the source has not.

    >>> tidy(' "Where is the milk?" ', "牛奶在哪里？")
    'Where is the milk?'
    """
    text = text.strip()
    for left, right in _QUOTES:
        inner = text[1:-1]
        if (
            len(text) > 2
            and text[0] == left
            and text[-1] == right
            and left not in inner
            and right not in inner
        ):
            return text if source.strip()[:1] in "\"“'「«" else inner.strip()
    return text


def marked(text: str, language: str) -> str:
    """The source as it is shown in the place of a translation.

    >>> marked("牛奶在哪里？", "zh")
    '[zh] 牛奶在哪里？'
    """
    return f"[{language or '?'}] {text}"


def _source(spoken: Spoken, reason: str, detail: str = "") -> Translated:
    return Translated(marked(spoken.text, spoken.language), reason, detail)


def _failed(watch: _Watch, error: BaseException) -> Translated:
    if watch.reason:
        return _source(watch.spoken, watch.reason, str(error))
    reason = "stopped" if isinstance(error, CancelledError) else "failed"
    return _source(watch.spoken, reason, f"{type(error).__name__}: {error}")


def _forget(task: asyncio.Task[str]) -> None:
    """Take the outcome of what was given up, so that nobody warns of it."""
    if not task.cancelled():
        task.exception()
