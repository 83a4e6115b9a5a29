"""What a console line can do wrong; each message says what to type instead.

Errors::

    ConsoleError
    ├── UsageError (ValueError)     no such command, or words after it that don't fit
    ├── AbsentError (LookupError)   these glasses lack the part that was asked for
    ├── FileError (OSError)         a file can't be written or read
    └── SlowError (TimeoutError)    the answer did not come in time

What the core, the drivers and the models raise by their own error trees is shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ConsoleError(Exception):
    """Root of the console's errors."""


class UsageError(ConsoleError, ValueError):
    """No such command, or words after it that don't fit."""


class AbsentError(ConsoleError, LookupError):
    """These glasses lack the part that was asked for."""


class FileError(ConsoleError, OSError):
    """A file can't be written or read."""


class SlowError(ConsoleError, TimeoutError):
    """The answer did not come in time."""


def hint(word: str, known: Iterable[str]) -> str:
    """`` Did you mean "status"?``, or nothing when no word comes near."""
    near = get_close_matches(word.lower(), list(known), n=1)
    return f' Did you mean "{near[0]}"?' if near else ""
