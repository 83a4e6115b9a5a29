"""When a fix was valid on the machine's own clock: the receiver's seconds, anchored where the bytes arrive."""

from __future__ import annotations

NS = 1_000_000_000
LEAK_PPM = 200  # receiver and host part by less
APART_NS = 5 * NS  # further apart than any stall: the receiver's clock was set
# Set back by less (leap seconds, once it has heard of them) it looks like a host that is late, but for good.
LATE_NS = 300_000_000  # no receiver's own jitter
LATE_FIXES = 5
LATE_FOR_NS = 3 * NS  # what waited while the host was busy comes all at once


class HybridClock:
    """Arrival is never early but often late (a busy loop, a polled port), the receiver's seconds are even.

    So the smallest distance seen between the two is their true one, until fix after fix is later than that.
    ``latency_ns`` is what a receiver needs from the moment that it measures to the first byte; ``steps`` counts how
    often its clock was set, other than forward by little.
    """

    def __init__(self, latency_ns: int) -> None:
        self._latency_ns = latency_ns
        self._offset_ns: int | None = None
        self._anchored_ns = 0
        self._late: list[tuple[int, int]] = []  # the late ones in a row: when they arrived, how far apart
        self.steps = 0

    def at(self, utc_s: float | None, arrived_ns: int) -> int:
        """Nanoseconds, monotonic, at which what arrived at ``arrived_ns`` was measured."""
        if utc_s is None:
            return arrived_ns - self._latency_ns
        apart = arrived_ns - round(utc_s * NS)
        if self._offset_ns is None:
            self._offset_ns = apart
        elif abs(apart - self._offset_ns) > APART_NS:
            self._offset_ns, self.steps = apart, self.steps + 1
            self._late.clear()
        else:
            drift = max(0, arrived_ns - self._anchored_ns) * LEAK_PPM // 1_000_000
            self._offset_ns = self._or_set_back(min(self._offset_ns + drift, apart), apart, arrived_ns)
        self._anchored_ns = arrived_ns
        return round(utc_s * NS) + self._offset_ns - self._latency_ns

    def reset(self) -> None:
        """The receiver was opened anew."""
        self._offset_ns = None
        self._late.clear()

    def _or_set_back(self, offset_ns: int, apart_ns: int, arrived_ns: int) -> int:
        """``offset_ns``; the distance now, once fixes have been late for so long that the clock was set back."""
        if apart_ns - offset_ns <= LATE_NS:
            self._late.clear()
            return offset_ns
        self._late.append((arrived_ns, apart_ns))
        if len(self._late) < LATE_FIXES or arrived_ns - self._late[0][0] < LATE_FOR_NS:
            return offset_ns
        nearest = min(apart for _, apart in self._late)
        self._late.clear()
        self.steps += 1
        return nearest
