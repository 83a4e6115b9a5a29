"""When a fix was valid on the machine's own clock: the receiver's seconds, anchored where the bytes arrive."""

from __future__ import annotations

NS = 1_000_000_000
LEAK_PPM = 200  # receiver and host part by less
APART_NS = 5 * NS  # further apart than any stall: the receiver's clock was set


class HybridClock:
    """Arrival is never early but often late (a busy loop, a polled port), the receiver's seconds are even.

    So the smallest distance seen between the two is their true one. ``latency_ns`` is what a receiver needs from the
    moment that it measures to the first byte; ``steps`` counts how often its clock was set.
    """

    def __init__(self, latency_ns: int) -> None:
        self._latency_ns = latency_ns
        self._offset_ns: int | None = None
        self._anchored_ns = 0
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
        else:
            drift = max(0, arrived_ns - self._anchored_ns) * LEAK_PPM // 1_000_000
            self._offset_ns = min(self._offset_ns + drift, apart)
        self._anchored_ns = arrived_ns
        return round(utc_s * NS) + self._offset_ns - self._latency_ns

    def reset(self) -> None:
        """The receiver was opened anew."""
        self._offset_ns = None
