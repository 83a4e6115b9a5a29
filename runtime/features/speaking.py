"""A model's words on a card, as they are made: calm, a page at a time, ended by a touch."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Protocol

import msgspec

from models.base import CancelledError, Generator, ModelError, Question
from models.runner import Priority
from runtime.core.bus import Bus
from runtime.core.messages import Card, Line
from runtime.core.topics import CARD

TTL_S = 60.0
NOTE_TTL_S = 8.0
COLUMNS = 96
"""Half-width columns of a model's words that a card holds without being cut (the HUD wraps them)."""

SPEAKERS = ("ask", "translate", "draft", "captions")
"""The keys of what holds a model's words: cards, and the captions; a touch while one is in view is meant for it."""

Judge = Callable[[str], str | None]
"""Says what is wrong with an answer in one calm line; None when it may be shown."""

View = Callable[[], str]
"""The key of the card in view; empty when there is none."""


class Cancels(Protocol):
    """What of the runner ends an answer."""

    def cancel(self, name: str) -> int:
        """Give up every job of this name."""
        ...


class Speaking:
    """One feature's answers: one at a time, on the card ``key``. ``tail`` is said below the words."""

    def __init__(self, key: str, bus: Bus, generator: Generator, runner: Cancels) -> None:
        self._key, self._bus, self._generator, self._runner = key, bus, generator, runner
        self._head: tuple[Line, ...] = ()
        self._tail: tuple[Line, ...] = ()
        self._words = ""
        self._page = 0
        self._judge: Judge | None = None
        self.busy = False

    async def say(self, question: Question, title: str, tail: str, judge: Judge | None = None) -> str | None:
        """Show the answer as it is made. None when it was stopped or failed; the card says which.

        What ``judge`` has to pass is not shown before it is whole and has passed.
        """
        self._judge = judge
        self._head, self._tail = (Line(title, "small"),), (Line(tail, "hint"),)
        self._words, self._page, self.busy = "", 0, True
        self._show(None)
        try:
            words = await self._generator.generate(
                question, job=self._key, priority=Priority.ANSWER, on_text=self._hear
            )
        except CancelledError:
            self._end("stopped")
            return None
        except ModelError as error:
            self._end(str(error))
            return None
        finally:
            self.busy = False
        self._words, self._page = words.strip(), 0
        if judge is not None and (wrong := judge(self._words)):
            self._refuse(wrong)
            return None
        self._show(TTL_S)
        return self._words

    def stop(self) -> None:
        """End the answer that is being made; the words so far stay."""
        self._runner.cancel(self._key)

    def turn(self) -> None:
        """Stop what is being made; of what is finished, show the next page."""
        if self.busy:
            self.stop()
            return
        if self._words:
            self._page = (self._page + 1) % len(self._pages())
            self._show(TTL_S)

    def note(self, text: str, ttl_s: float | None = NOTE_TTL_S) -> None:
        """One line instead of an answer; None stands until something takes its place."""
        self._bus.publish(CARD, Card(self._key, (Line(text),), ttl_s=ttl_s))

    def forget(self) -> None:
        """End the answer and say that it is gone."""
        self.stop()
        self._words = ""
        self.note("Forgotten", 3.0)

    def _refuse(self, why: str) -> None:
        """One line below what was asked, in the place of words that may not be shown."""
        self._words = ""
        self._bus.publish(CARD, Card(self._key, (*self._head, Line(why, "hint")), ttl_s=TTL_S))

    def _hear(self, text: str) -> None:
        if self._judge is not None:
            return
        self._words += text
        self._page = len(self._pages()) - 1  # the newest words are in view
        self._show(None)

    def _end(self, why: str) -> None:
        if not self._words.strip():
            self.note("Stopped" if why == "stopped" else why)
            return
        self._tail = (Line(why, "hint"),)
        self._show(TTL_S)

    def _pages(self) -> list[str]:
        return pages(self._words.strip())

    def _show(self, ttl_s: float | None) -> None:
        made = self._pages()
        head = self._head if len(made) == 1 else (_numbered(self._head[0], self._page + 1, len(made)),)
        words = Line(made[self._page] or "…", "model", "probable")
        self._bus.publish(CARD, Card(self._key, (*head, words, *self._tail), ttl_s=ttl_s))


def pages(text: str, most: int = COLUMNS) -> list[str]:
    """``text`` cut between words, or between characters where there are none, into pages of at most ``most`` columns;
    at least one.

    >>> pages("")
    ['']
    """
    made, line, width = [], "", 0
    for piece in _pieces(text, most):
        size = columns(piece)
        if width and width + size > most:
            made.append(line.strip())
            line, width = "", 0
        line, width = line + piece, width + size
    return [*made, line.strip()] if line.strip() or not made else made


def _pieces(text: str, most: int) -> list[str]:
    """Words with the space after them; wide characters one by one."""
    pieces = [""]
    for char in text:
        pieces[-1] += char
        if char.isspace() or columns(char) == 2 or columns(pieces[-1]) >= most:
            pieces.append("")
    return [piece for piece in pieces if piece]


def columns(text: str) -> int:
    """Half-width columns that ``text`` takes."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _numbered(line: Line, page: int, count: int) -> Line:
    return msgspec.structs.replace(line, text=f"{line.text}  {page}/{count}")
