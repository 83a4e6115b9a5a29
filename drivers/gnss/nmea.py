"""A satellite receiver that speaks NMEA 0183 on a UART (or a USB port that looks like one)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from boards import spec
from drivers.base import Clock, Fix, GnssState
from drivers.gnss.epochs import Epochs
from drivers.gnss.lines import Lines, SentenceText
from drivers.gnss.sentences import ChecksumError, SentenceError, read_sentence
from drivers.gnss.timing import NS, HybridClock
from drivers.serial.base import ByteStream

if TYPE_CHECKING:
    from drivers.factory import BuildContext

READS = 16  # chunks a call: a port that never falls silent must not keep the thread
BITS = 10  # a byte on the line: start, eight, stop
IN_VIEW_NS = 10 * NS  # a system that has said nothing for so long has no satellite in view


class NmeaGnss:
    """The receiver behind the stream that ``connect`` opens; ``baud`` tells how long a byte takes."""

    def __init__(self, connect: Callable[[], ByteStream], clock: Clock, baud: int, latency_ns: int) -> None:
        self._connect, self._clock = connect, clock
        self._byte_ns = BITS * NS // baud
        self._stream: ByteStream | None = None
        self._state = GnssState()
        self._in_view: dict[str, tuple[int, int]] = {}
        self._lines, self._timing, self._epochs = Lines(), HybridClock(latency_ns), Epochs()

    @classmethod
    def from_board(cls, part: spec.Gnss, context: BuildContext) -> NmeaGnss:
        """As the board file says."""
        connect = context.uart(part.device, part.baud)
        return cls(connect, context.clock, part.baud, part.latency_ms * 1_000_000)

    @property
    def state(self) -> GnssState:
        """What was received so far, whatever became of it."""
        since_ns = self._clock.now_ns() - IN_VIEW_NS
        in_view = [count for heard_ns, count in list(self._in_view.values()) if heard_ns > since_ns]
        return msgspec.structs.replace(
            self._state,
            garbage_bytes=self._lines.garbage,
            clock_steps=self._timing.steps,
            in_view=sum(in_view),
            hdop=self._epochs.hdop,
        )

    def open(self) -> None:
        """Open the port; what was begun before is forgotten. Raises BusError."""
        self.close()
        self._lines.reset()
        self._timing.reset()
        self._epochs = Epochs()
        self._stream = self._connect()

    def close(self) -> None:
        """Give the port back."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def read(self) -> list[Fix]:
        """Fixes since the last read, oldest first. Raises DeviceLostError."""
        fixes: list[Fix] = []
        for _ in range(READS if self._stream is not None else 0):
            data = self._stream.read(0.0) if self._stream is not None else b""
            now_ns = self._clock.now_ns()
            if not data:
                fixes += self._epochs.idle(now_ns - self._state.last_byte_ns)
                break
            self._note(last_byte_ns=now_ns, bytes=self._state.bytes + len(data))
            for line in self._lines.feed(data):
                fixes += self._take(line, now_ns)
        self._note(fixes=self._state.fixes + len(fixes))
        return [self._timed(fix) for fix in fixes]

    def _take(self, line: SentenceText, now_ns: int) -> list[Fix]:
        try:
            said = read_sentence(line.text)
        except ChecksumError:
            self._note(bad_checksums=self._state.bad_checksums + 1)
            return []
        except SentenceError:
            self._note(unreadable=self._state.unreadable + 1)
            return []
        self._note(sentences=self._state.sentences + 1, last_sentence_ns=now_ns)
        if said is None:
            return []
        if said.in_view is not None:
            self._in_view[said.talker] = (now_ns, said.in_view)
        began_ns = now_ns - line.age_bytes * self._byte_ns
        return self._epochs.take(said, began_ns, began_ns + (len(line.text) + 2) * self._byte_ns)

    def _timed(self, fix: Fix) -> Fix:
        return msgspec.structs.replace(fix, t_ns=self._timing.at(fix.utc_s, fix.t_ns))

    def _note(self, **changes: int) -> None:
        """The state is replaced whole: another thread may be looking."""
        self._state = msgspec.structs.replace(self._state, **changes)
