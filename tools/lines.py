"""Text that grows, line by line: committed words stay, those that may still change stand behind them, dimmed.

Only a terminal shows what may change; a pipe or a file gets the committed words, as soon as they are.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from typing import Protocol, TextIO

from tools import pipe

DIM, RED, PLAIN = "\033[2m", "\033[31m", "\033[0m"
LIGHT, LISTENING = "●", "● listening"


class Lines(Protocol):
    """Where growing text goes."""

    def grow(self, text: str) -> None:
        """More committed text on this line."""
        ...

    def expect(self, text: str) -> None:
        """What may come behind it."""
        ...

    def end(self) -> None:
        """The line is whole; an empty one is none."""
        ...

    def light(self, on: bool) -> None:
        """Show whether a microphone is open."""
        ...


class PlainLines:
    """Committed text alone, onto ``out``; the light is told to ``log``."""

    def __init__(self, out: TextIO, log: TextIO) -> None:
        self._out, self._log = out, log
        self._begun = False

    def grow(self, text: str) -> None:
        """Raises BrokenPipeError when nobody reads any more."""
        text = text if self._begun else text.lstrip()
        if text:
            self._begun = True
            pipe.write(text, self._out)

    def expect(self, text: str) -> None:
        """Nothing is shown."""

    def end(self) -> None:
        """The line's end."""
        if self._begun:
            pipe.write("\n", self._out)
        self._begun = False

    def light(self, on: bool) -> None:
        """A line of its own."""
        said = f"{LISTENING}; Ctrl-C ends it" if on else "the microphone is closed"
        print(f"browline: {said}", file=self._log, flush=True)


class TerminalLines:
    """On a terminal of ``columns()``; the tail, what may change and the light, always fits into the cursor's row."""

    def __init__(self, out: TextIO, columns: Callable[[], int]) -> None:
        self._out, self._columns = out, columns
        self._column = 0  # of the cursor, behind the committed text
        self._tail = 0  # columns that stand behind it
        self._expected, self._begun, self._light = "", False, False

    def grow(self, text: str) -> None:
        """Committed text is never touched again; what was expected was expected before it."""
        text = text if self._begun else text.lstrip()
        self._begun, self._expected = self._begun or bool(text), ""
        for letter in text:
            wide = width(letter)
            self._column = wide if self._column + wide > self._columns() else self._column + wide
        self._write(text)

    def expect(self, text: str) -> None:
        """Dimmed, and cut where the row ends."""
        self._expected = text
        self._write("")

    def end(self) -> None:
        """The cursor goes to a new row."""
        self._expected = ""
        begun, self._begun = self._begun, False
        if begun:
            self._column = 0
        self._write("\n" if begun else "")

    def light(self, on: bool) -> None:
        """At the end of what is shown, as long as it is on."""
        self._light = on
        self._write("")

    def _write(self, text: str) -> None:
        erase = f"\033[{self._tail}D\033[K" if self._tail else ""
        tail, self._tail = self._ahead()
        pipe.write(erase + text + tail, self._out)

    def _ahead(self) -> tuple[str, int]:
        """What stands behind the committed text, and how wide it is."""
        room = self._columns() - self._column - 1  # in the last column a terminal may break or not
        expected = self._expected if self._begun else self._expected.lstrip()
        light = ("" if not self._light else LISTENING if not (self._begun or expected) else f" {LIGHT}")[
            :room
        ]
        words = fitted(expected, room - width(light))
        shown = (f"{DIM}{words}{PLAIN}" if words else "") + (f"{RED}{light}{PLAIN}" if light else "")
        return shown, width(words) + width(light)


def open_lines(out: TextIO, log: TextIO) -> Lines:
    """As ``out`` can show them."""
    if not out.isatty():
        return PlainLines(out, log)
    import shutil

    return TerminalLines(out, lambda: shutil.get_terminal_size().columns)


def width(text: str) -> int:
    """Columns that a terminal gives ``text``.

    >>> width("牛奶 ok")
    7
    """
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def fitted(text: str, room: int) -> str:
    """As much of ``text`` as has room, with "…" for the rest.

    >>> fitted("where is it", 8)
    'where i…'
    """
    if width(text) <= room:
        return text
    while text and width(text) > room - 1:
        text = text[:-1]
    return text + "…" if room > 0 else ""


def tell(text: str) -> None:
    """A line to who sits before it, beside what is written."""
    print(f"browline: {text}", file=sys.stderr, flush=True)
