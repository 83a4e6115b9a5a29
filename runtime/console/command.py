"""A command: a function, and what ``help`` and Tab know of it."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from runtime.console.errors import AbsentError, FileError, UsageError, hint
from runtime.console.glasses import Glasses


class Answer(msgspec.Struct, frozen=True):
    """What a command says: ``text`` for people, ``data`` (plain JSON values) for programs."""

    text: str = ""
    data: Any = None


class Call:
    """One call of a command: the glasses, the words typed after its name, and ``show`` to speak on the way.

    ``kept`` is what commands keep for each other while the conversation lasts; Ctrl-C and `json` empty it.
    """

    def __init__(
        self, glasses: Glasses, words: Sequence[str], show: Callable[[Answer], None], kept: dict[str, Any]
    ) -> None:
        self.glasses, self.words, self.show, self.kept = glasses, list(words), show, kept

    def word(self, i: int, what: str) -> str:
        """The word at ``i``. Raises UsageError that names ``what`` is missing."""
        if i >= len(self.words):
            raise UsageError(f"{what} is missing")
        return self.words[i]

    def number(self, i: int, what: str, default: float) -> float:
        """The word at ``i`` as a number, or ``default`` when it is not there. Raises UsageError."""
        if i >= len(self.words):
            return default
        try:
            value = float(self.words[i])
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise UsageError(f"{what} must be a number, not {self.words[i]!r}")
        return value

    def most(self, n: int) -> None:
        """Raises UsageError when more than ``n`` words were typed."""
        if len(self.words) > n:
            raise UsageError(f"{self.words[n]!r} is one word too many")


W = TypeVar("W", bound=str)
Run = Callable[[Call], Awaitable[Answer]]
Complete = Callable[[Glasses, Sequence[str]], Iterable[str]]


def no_words(_glasses: Glasses, _before: Sequence[str]) -> Iterable[str]:
    """The completion of a command without arguments."""
    return ()


class Command(msgspec.Struct, frozen=True):
    """A row of the table. ``usage`` has one line a form; ``complete(glasses, before)`` gives what may stand
    after the words ``before``.
    """

    name: str
    run: Run
    text: str
    usage: str = ""
    complete: Complete = no_words


def choose(word: str, known: Iterable[W], what: str) -> W:
    """The one of ``known`` that ``word`` names. Raises UsageError that lists them."""
    known = list(known)
    if word not in known:
        raise UsageError(f"there is no {what} {word!r}.{hint(word, known)} There are: {', '.join(known)}")
    return next(one for one in known if one == word)


def present(part: Any, what: str) -> Any:
    """``part``, which must be there. Raises AbsentError."""
    if part is None:
        raise AbsentError(f"these glasses have no {what}: see `board`")
    return part


async def write_file(glasses: Glasses, path: Path, data: bytes) -> None:
    """Write a new or old file off the loop. Raises FileError."""
    try:
        await glasses.clock.call("console file", path.write_bytes, data)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = error.strerror if isinstance(error, OSError) else error
        raise FileError(f"{path}: {why}; choose another file") from error
