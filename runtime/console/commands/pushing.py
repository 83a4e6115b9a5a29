"""A file that comes over the console in pieces, as a phone sends a route: begin, parts in base64, end.

It belongs to one conversation and is gone with it, with Ctrl-C, and with any mistake in its making: what is taken in
the end is whole. A line may be as long as the shell's backlog, so a part is a good deal shorter.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from runtime.console.command import Answer, Call
from runtime.console.errors import UsageError

MOST_BYTES = 8 << 20
MOST_PART = 32_768  # characters of base64 in a line
_KEY = "push"
_AGAIN = "; `nav push begin` again"


class Pushed(msgspec.Struct):
    """What has come; ``size`` as it was announced, None where it was not."""

    size: int | None
    data: bytearray = msgspec.field(default_factory=bytearray)


def begin(call: Call) -> Answer:
    """``push begin [BYTES]``: what was begun before is forgotten. Raises UsageError."""
    call.most(3)
    call.kept.pop(_KEY, None)
    size = None
    if len(call.words) > 2:
        size = _size(call.words[2])
    call.kept[_KEY] = Pushed(size)
    return Answer("ready: `nav push PART…`, then `nav push end NAME`", {"most_part": MOST_PART})


def add(call: Call) -> Answer:
    """``push PART``: some base64, padded by itself. Raises UsageError, and then all of it is forgotten."""
    call.most(2)
    pushed = _take(call)
    part = call.word(1, "the part")
    if len(part) > MOST_PART:
        raise UsageError(f"a part has {MOST_PART} characters at most, this one {len(part)}{_AGAIN}")
    try:
        pushed.data += base64.b64decode(part, validate=True)
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        raise UsageError(f"this part is no base64: each is padded by itself{_AGAIN}") from None
    if len(pushed.data) > min(MOST_BYTES, pushed.size or MOST_BYTES):
        raise UsageError(f"more than the {_limit(pushed)}{_AGAIN}")
    call.kept[_KEY] = pushed
    return Answer(f"{len(pushed.data)} bytes so far", {"bytes": len(pushed.data)})


def end(call: Call) -> tuple[str, bytes]:
    """``push end NAME`` → the name and all of it. Raises UsageError where something is missing."""
    call.most(3)
    name = call.word(2, "the route's name")
    pushed = _take(call)
    if pushed.size is not None and len(pushed.data) != pushed.size:
        raise UsageError(f"{len(pushed.data)} of {pushed.size} bytes have come{_AGAIN}")
    return name, bytes(pushed.data)


def _take(call: Call) -> Pushed:
    """What has come so far, forgotten until all is well with what comes now."""
    pushed = call.kept.pop(_KEY, None)
    if not isinstance(pushed, Pushed):
        raise UsageError("nothing was begun, or it was broken off: `nav push begin`")
    return pushed


def _size(word: str) -> int:
    if not (word.isascii() and word.isdecimal() and 0 < len(word) < 12 and 0 < int(word) <= MOST_BYTES):
        raise UsageError(f"the size must be 1 to {MOST_BYTES} bytes, not {word[:20]!r}")
    return int(word)


def _limit(pushed: Pushed) -> str:
    return f"{pushed.size} bytes announced" if pushed.size else f"{MOST_BYTES >> 20} MB that a route may have"
