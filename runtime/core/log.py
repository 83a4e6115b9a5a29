"""Structured logs: one line each to a stream, the last ones in memory for the console.

A logger is made by ``make_logger`` and passed in; nothing is configured at import or for the process.
Times come from the clock, so that a run on virtual time writes the same bytes again.
"""

from __future__ import annotations

import contextlib
import itertools
from collections import deque
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, TextIO

import msgspec
import structlog

from runtime.core.clock import NS, Clock

Level = Literal["debug", "info", "warning", "error"]
_RANK: dict[str, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


class Log(Protocol):
    """A logger: an event in plain words, and fields. ``bind(part="camera")`` names who speaks."""

    def bind(self, **fields: Any) -> Log:
        """A logger that adds ``fields`` to each entry."""
        ...

    def debug(self, event: str, **fields: Any) -> Any:
        """What only a developer wants to know."""
        ...

    def info(self, event: str, **fields: Any) -> Any:
        """What happened."""
        ...

    def warning(self, event: str, **fields: Any) -> Any:
        """What went wrong and is being dealt with."""
        ...

    def error(self, event: str, **fields: Any) -> Any:
        """What went wrong and needs somebody."""
        ...


class Entry(msgspec.Struct, frozen=True):
    """One log entry: ``seq`` counts from 1, ``t_ns`` monotonic, ``wall_ns`` UTC since 1970."""

    seq: int
    t_ns: int
    wall_ns: int
    level: Level
    part: str
    event: str
    fields: dict[str, Any]

    def text(self) -> str:
        """One plain line, whatever the fields hold."""
        fields = "".join(f" {key}={_plain(value)}" for key, value in self.fields.items())
        return f"{_stamp(self.wall_ns)} {self.level:<7} {self.part or '-':<10} {_line(self.event)}{fields}"

    def json(self) -> str:
        """One JSON object."""
        head = {"time": _stamp(self.wall_ns), "level": self.level, "part": self.part, "event": self.event}
        return msgspec.json.encode({**self.fields, **head}, enc_hook=str).decode()


class LogRing:
    """The last entries, for the console's ``log``; any thread may add."""

    def __init__(self, capacity: int = 2000) -> None:
        self._entries: deque[Entry] = deque(maxlen=capacity)
        self._seq = itertools.count(1)

    def add(self, t_ns: int, wall_ns: int, level: Level, fields: dict[str, Any]) -> Entry:
        """Keep an entry; the oldest goes when the ring is full."""
        part, event = str(fields.pop("part", "")), str(fields.pop("event", ""))
        entry = Entry(next(self._seq), t_ns, wall_ns, level, part, event, fields)
        self._entries.append(entry)
        return entry

    def entries(
        self, level: Level = "debug", part: str = "", after: int = 0, last: int | None = None
    ) -> list[Entry]:
        """Oldest first: those at least as grave as ``level``, of ``part`` when given, later than ``seq``
        ``after``; of these the ``last`` N.
        """
        found = [
            entry
            for entry in self._entries.copy()
            if entry.seq > after and _RANK[entry.level] >= _RANK[level] and part in ("", entry.part)
        ]
        return found if last is None else found[max(0, len(found) - last) :]


def make_logger(
    clock: Clock, ring: LogRing, stream: TextIO | None = None, json: bool = False, level: Level = "info"
) -> Log:
    """A logger into ``ring`` (every entry) and ``stream`` (from ``level`` up; text, or JSON lines).

    A stream that fails (disk full, closed pipe) is passed over: logging never takes a part down.
    """

    def finish(_: Any, method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        entry = ring.add(clock.now_ns(), clock.wall_ns(), _level(method), dict(fields))
        if stream is not None and _RANK[entry.level] >= _RANK[level]:
            with contextlib.suppress(OSError, ValueError):
                stream.write((entry.json() if json else entry.text()) + "\n")
                stream.flush()
        raise structlog.DropEvent

    bound = structlog.make_filtering_bound_logger("debug")
    logger: Log = structlog.wrap_logger(None, processors=[finish], wrapper_class=bound).bind()
    return logger


def _level(method: str) -> Level:
    match method:
        case "debug" | "info" | "warning":
            return method
    return "error"


def _stamp(wall_ns: int) -> str:
    seconds, rest = divmod(wall_ns, NS)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03d}Z"


def _line(text: str) -> str:
    return text if text.isprintable() else repr(text)[1:-1]


def _plain(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if text and text.isprintable() and " " not in text else repr(text)
