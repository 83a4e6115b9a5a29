"""Spans for every hop from photon to pixel: a ring of tuples, read as a ledger or a Chrome trace.

``Tracer.chrome_json`` is the Trace Event Format ("Trace Event Format", Google, 2016: complete events,
ph X) that Perfetto and chrome://tracing open.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections import deque
from contextvars import ContextVar, Token
from typing import Any, NamedTuple

import msgspec

from runtime.core.clock import Clock

_trace: ContextVar[int] = ContextVar("trace", default=0)


class Span(NamedTuple):
    """``name`` is "part.stage"; times are monotonic; ``trace_id`` 0 belongs to no trace."""

    name: str
    trace_id: int
    thread: str
    start_ns: int
    end_ns: int


class Stage(msgspec.Struct, frozen=True):
    """One line of the ledger, in milliseconds."""

    name: str
    count: int
    median_ms: float
    p90_ms: float
    max_ms: float


class _Open:
    """A span being timed. What runs inside, tasks and ``clock.call`` too, inherits its trace."""

    __slots__ = ("_add", "_id", "_name", "_now_ns", "_start_ns", "_token")

    def __init__(self, tracer: Tracer, name: str, trace_id: int) -> None:
        self._add, self._now_ns = tracer.add, tracer.now_ns
        self._name, self._id = name, trace_id
        self._token: Token[int] | None = None

    def __enter__(self) -> int:
        if self._id:
            self._token = _trace.set(self._id)
        else:
            self._id = _trace.get()
        self._start_ns = self._now_ns()
        return self._id

    def __exit__(self, *error: object) -> None:
        end_ns = self._now_ns()
        self._add((self._name, self._id, threading.current_thread().name, self._start_ns, end_ns))
        if self._token is not None:
            _trace.reset(self._token)


class Tracer:
    """Records spans; any thread may. The ring keeps the last ``capacity``."""

    def __init__(self, clock: Clock, capacity: int = 32_768) -> None:
        self.now_ns = clock.now_ns
        self._ring: deque[tuple[str, int, str, int, int]] = deque(maxlen=capacity)
        self._ids = itertools.count(1)
        self.add = self._ring.append

    def new_id(self) -> int:
        """A trace id nobody has used: one for each photon that sets out."""
        return next(self._ids)

    def span(self, name: str, trace_id: int = 0) -> _Open:
        """``with tracer.span("snap.decode", id):`` times what happens inside, exceptions included.

        Without an id it belongs to the trace of the span it stands in.
        """
        return _Open(self, name, trace_id)

    def mark(self, name: str, start_ns: int, end_ns: int, trace_id: int = 0) -> None:
        """Record a span that was timed elsewhere ("photon → pixel", from a frame's time to ``Shown``)."""
        self.add((name, trace_id or _trace.get(), threading.current_thread().name, start_ns, end_ns))

    def clear(self) -> None:
        """Forget what was recorded."""
        self._ring.clear()

    def spans(self, prefix: str = "") -> list[Span]:
        """What the ring holds of names that begin with ``prefix``, in the order they ended."""
        return [Span(*entry) for entry in self._ring.copy() if entry[0].startswith(prefix)]

    def ledger(self, prefix: str = "") -> list[Stage]:
        """For each stage how often and how long, in the order the stages first began."""
        times: dict[str, list[int]] = {}
        for span in sorted(self.spans(prefix), key=lambda span: span.start_ns):
            times.setdefault(span.name, []).append(span.end_ns - span.start_ns)
        return [_stage(name, sorted(taken)) for name, taken in times.items()]

    def chrome_json(self) -> bytes:
        """The ring as a Chrome trace: save it as .json and open it at ui.perfetto.dev."""
        lanes = _lanes(self.spans())
        names = [_about("process_name", 0, "browline")]
        names += [_about("thread_name", tid, lane) for tid, lane in enumerate(lanes, 1)]
        events = [_event(span, tid) for tid, spans in enumerate(lanes.values(), 1) for span in spans]
        return msgspec.json.encode({"traceEvents": names + events, "displayTimeUnit": "ms"})


def _stage(name: str, taken: list[int]) -> Stage:
    def rank(share: float) -> float:  # nearest rank: a time that was really measured
        return taken[max(0, math.ceil(share * len(taken)) - 1)] / 1e6

    return Stage(name, len(taken), rank(0.5), rank(0.9), taken[-1] / 1e6)


def _lanes(spans: list[Span]) -> dict[str, list[Span]]:
    """Spans by track, named after their thread. The format nests spans of one track by time, but tasks on
    one loop overlap as they like: a span that would cut another goes to the thread's next track.
    """
    lanes: dict[str, list[Span]] = {}
    ends: dict[str, list[int]] = {}  # of each lane, when its open spans end, the innermost last
    for span in sorted(spans, key=lambda span: (span.start_ns, -span.end_ns)):
        for lane in itertools.chain([span.thread], (f"{span.thread} {n}" for n in itertools.count(2))):
            around = ends.setdefault(lane, [])
            while around and around[-1] <= span.start_ns:
                around.pop()
            if not around or span.end_ns <= around[-1]:
                break
        around.append(span.end_ns)
        lanes.setdefault(lane, []).append(span)
    return lanes


def _about(kind: str, tid: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": kind, "pid": 1, "tid": tid, "args": {"name": name}}


def _event(span: Span, tid: int) -> dict[str, Any]:
    event = {"ph": "X", "name": span.name, "cat": span.name.split(".")[0], "pid": 1, "tid": tid}
    times = {"ts": span.start_ns / 1000, "dur": (span.end_ns - span.start_ns) / 1000}
    return {**event, **times, "args": {"trace": span.trace_id}}
