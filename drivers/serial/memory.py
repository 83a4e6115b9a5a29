"""Two byte streams joined in memory: what one writes the other reads; for tests and for a console in process."""

from __future__ import annotations

import threading

from drivers.base import DeviceLostError


class MemoryStream:
    """One end; ``pair`` makes both."""

    def __init__(self, name: str, condition: threading.Condition) -> None:
        self.name = name
        self._condition = condition
        self._arrived = bytearray()
        self._closed = False
        self._peer: MemoryStream = self

    def read(self, timeout_s: float) -> bytes:
        """What has come. Raises DeviceLostError when all is read and either end is closed."""
        with self._condition:
            if not self._arrived and not self._over() and timeout_s > 0:
                self._condition.wait_for(lambda: self._arrived or self._over(), timeout_s)
            data = bytes(self._arrived)
            self._arrived.clear()
            if not data and self._over():
                raise DeviceLostError(f"{self.name}: is closed; open the console again")
            return data

    def write(self, data: bytes) -> None:
        """Hand ``data`` to the other end. Raises DeviceLostError."""
        with self._condition:
            if self._over():
                raise DeviceLostError(f"{self.name}: is closed; open the console again")
            self._peer._arrived += data
            self._condition.notify_all()

    def close(self) -> None:
        """End it for both."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def _over(self) -> bool:
        return self._closed or self._peer._closed


def pair() -> tuple[MemoryStream, MemoryStream]:
    """Two ends of one line."""
    condition = threading.Condition()
    one, other = MemoryStream("memory:0", condition), MemoryStream("memory:1", condition)
    one._peer, other._peer = other, one
    return one, other
