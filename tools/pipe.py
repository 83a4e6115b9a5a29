"""Being a good citizen of a pipe: what is written is there at once, and who no longer reads is left in peace."""

from __future__ import annotations

import os
import sys
from typing import TextIO

OUTPUT = "standard output"


def write(text: str, out: TextIO) -> None:
    """Write and flush; what ``out`` has no letters for becomes "?".

    Raises BrokenPipeError when nobody reads any more, OSError with OUTPUT as its filename for a full disk.
    """
    try:
        try:
            out.write(text)
        except UnicodeEncodeError:
            out.write(text.encode(out.encoding, "replace").decode(out.encoding))
        out.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, OUTPUT) from error


def give_up() -> None:
    """Let what could not be written go, or Python would try again while it ends, and complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def read(given: str) -> str:
    """``given``, or all of standard input for "-", without its last line's end. Raises ValueError."""
    if given == "-" and sys.stdin is None:
        raise ValueError("standard input is closed: there is no question")
    try:
        text = sys.stdin.read().removesuffix("\n") if given == "-" else given
        text.encode()  # what was no UTF-8 may come as lone surrogates
    except UnicodeError:
        raise ValueError("the question is no UTF-8 text") from None
    if not text.strip():
        raise ValueError("there is no question: it is empty")
    return text
