"""A language model as interpreter: one line a sentence, with the last sentences as the talk so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from models.base import Generator, Spoken
from models.runner import Priority
from models.translation.prompt import interpret
from models.translation.whisper import JOB

PRIORITY = Priority.READ
"""Hearing on goes before, talk with the model behind: what was said is on the glasses already, in its own words."""


class LanguageTranslator:
    """A ``Translator`` over a ``Generator``; ``glossary`` tells the names as they are now, said → shown."""

    def __init__(self, generator: Generator, glossary: Callable[[], Mapping[str, str]] = dict) -> None:
        self._generator, self._glossary = generator, glossary

    async def translate(
        self, spoken: Spoken, target: str, *, on_text: Callable[[str], None] | None = None
    ) -> str:
        """The sentence in ``target``; generation ends with the first line. Raises ModelError."""
        question = interpret(spoken.text, spoken.language, target, spoken.before, self._glossary())
        line = _Line(on_text)
        try:
            text = await self._generator.generate(question, job=JOB, priority=PRIORITY, on_text=line.hear)
        except _LineEndsError:
            return line.text
        return text.strip().split("\n", 1)[0].strip()


class _LineEndsError(Exception):
    """The line is whole: whoever makes it may stop."""


class _Line:
    """Collects pieces up to the end of the first line that holds something."""

    def __init__(self, on_text: Callable[[str], None] | None) -> None:
        self._made, self._on_text = "", on_text

    @property
    def text(self) -> str:
        """The line."""
        return self._made.strip()

    def hear(self, piece: str) -> None:
        """Take a piece and hand on what belongs to the line; raises _LineEndsError at its end."""
        if not self._made.strip():
            self._made, piece = "", (self._made + piece).lstrip()
        part, end, _ = piece.partition("\n")
        self._made += part
        if self._on_text is not None and part:
            self._on_text(part)
        if end:
            raise _LineEndsError
