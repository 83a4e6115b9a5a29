"""I²C: register reads and writes with retries and bus recovery, over whatever moves the bytes.

A transport raises ``OSError`` with the errno the kernel gives (Documentation/i2c/fault-codes.rst); the
emulated one does the same, so that what happens on a bad wire is the same code.
"""

from __future__ import annotations

import errno
from typing import Any, Protocol

from drivers.base import BusError, ConfigError, DeviceLostError, NakError, StuckBusError

TRIES = 8  # a wire that loses one transfer in three still loses less than one read in 10,000
_NAK = {errno.ENXIO, errno.EREMOTEIO, errno.EIO}
_STUCK = {errno.ETIMEDOUT, errno.EBUSY, errno.EAGAIN}


class Transport(Protocol):
    """Moves bytes to and from one address."""

    def transfer(self, address: int, out: bytes, length: int) -> bytes:
        """Write ``out``, then (repeated start) read ``length`` bytes. Raises OSError with an errno."""
        ...

    def recover(self) -> None:
        """Try to free a stuck bus (UM10204 §3.1.16: nine clock pulses, or what the adapter offers)."""
        ...

    def close(self) -> None:
        """Let go of the adapter."""
        ...


class I2cBus:
    """One bus, shared by its chips. Not for two threads at once: each chip's thread holds its own."""

    def __init__(self, transport: Transport, name: str = "i2c", tries: int = TRIES) -> None:
        self._transport, self._name, self._tries = transport, name, tries
        self.retries = 0
        self.recoveries = 0

    def read(self, address: int, register: int, length: int) -> bytes:
        """``length`` bytes from ``register`` on. Raises BusError, DeviceLostError."""
        return self._transfer(address, bytes((register,)), length)

    def write(self, address: int, register: int, data: bytes) -> None:
        """Write ``data`` from ``register`` on. Raises BusError, DeviceLostError."""
        self._transfer(address, bytes((register,)) + data, 0)

    def close(self) -> None:
        """Let go of the adapter."""
        self._transport.close()

    def _transfer(self, address: int, out: bytes, length: int) -> bytes:
        for attempt in range(1, self._tries + 1):
            try:
                return self._transport.transfer(address, out, length)
            except OSError as error:
                if error.errno in (errno.ENODEV, errno.ENOENT):
                    raise DeviceLostError(
                        f"{self._name} is gone: check that the adapter is there and its driver loaded"
                    ) from error
                if attempt == self._tries:
                    raise self._plain(address, error) from error
                self._prepare_retry(error)
        raise AssertionError("the loop returns or raises")

    def _prepare_retry(self, error: OSError) -> None:
        self.retries += 1
        if error.errno in _STUCK:
            self.recoveries += 1
            self._transport.recover()

    def _plain(self, address: int, error: OSError) -> BusError:
        where = f"{self._name}, address 0x{address:02x}"
        if error.errno in _NAK:
            return NakError(f"{where}: no answer after {self._tries} tries; check power, wires and address")
        if error.errno in _STUCK:
            return StuckBusError(f"{where}: the bus is stuck and did not recover; power the chip off and on")
        return BusError(f"{where}: {error.strerror or error}")


class LinuxI2c:
    """The kernel's I²C adapter at ``path``: combined transfers through I2C_RDWR (smbus2)."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._bus: Any = None

    def transfer(self, address: int, out: bytes, length: int) -> bytes:
        """Write, then read after a repeated start. Raises OSError."""
        from smbus2 import i2c_msg

        messages = [i2c_msg.write(address, out)]
        if length:
            messages.append(i2c_msg.read(address, length))
        self._open().i2c_rdwr(*messages)
        return bytes(messages[-1]) if length else b""

    def recover(self) -> None:
        """Open the adapter afresh: the kernel's adapters pulse the clock themselves on the next start."""
        self.close()

    def close(self) -> None:
        """Close the device node."""
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    def _open(self) -> Any:
        if self._bus is None:
            from smbus2 import SMBus

            try:
                self._bus = SMBus(self._path)
            except PermissionError as error:
                raise ConfigError(f"{self._path}: no right to open it; join the group i2c") from error
        return self._bus
