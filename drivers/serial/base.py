"""What a byte stream promises, whatever carries it.

Errors are those of ``drivers.base``: DeviceLostError when the other end has gone for good, BusError when a port
can't be opened, ConfigError when its name makes no sense.
"""

from __future__ import annotations

from typing import Protocol

CHUNK = 4096


class ByteStream(Protocol):
    """Bytes both ways; one thread may read while another writes."""

    @property
    def name(self) -> str:
        """What a person calls it: the node, or the address."""
        ...

    def read(self, timeout_s: float) -> bytes:
        """What has come, waiting up to ``timeout_s`` for the first byte; empty when none came.

        Raises DeviceLostError.
        """
        ...

    def write(self, data: bytes) -> None:
        """Send all of ``data``. A server whose client is away drops it. Raises DeviceLostError."""
        ...

    def close(self) -> None:
        """Let go; may be called twice."""
        ...
