"""SPI: bytes out and in, chip select held for the whole transfer."""

from __future__ import annotations

from typing import Any, Protocol

from drivers.base import BusError, ConfigError

CHUNK = 4096  # spidev's default bufsiz; more in one ioctl is refused with EMSGSIZE


class SpiBus(Protocol):
    """Write-mostly SPI as panels use it."""

    def write(self, data: bytes, *, command: bool) -> None:
        """Send ``data`` with the data/command line low (``command``) or high. Raises BusError."""
        ...

    def close(self) -> None:
        """Let go of the bus."""
        ...


class LinuxSpi:
    """spidev at ``path`` ("/dev/spidev0.0"), mode 0; ``select`` drives the data/command line."""

    def __init__(self, path: str, hz: int, select: Any) -> None:
        self._path, self._hz, self._select = path, hz, select
        self._device: Any = None

    def write(self, data: bytes, *, command: bool) -> None:
        """Send ``data`` in chunks. Raises BusError."""
        try:
            device = self._open()
            self._select(not command)
            for start in range(0, len(data), CHUNK):
                device.writebytes2(data[start : start + CHUNK])
        except OSError as error:
            raise BusError(
                f"{self._path}: {error.strerror or error}; check the overlay and the wires"
            ) from error

    def close(self) -> None:
        """Close the device node."""
        if self._device is not None:
            self._device.close()
            self._device = None

    def _open(self) -> Any:
        if self._device is None:
            try:
                import spidev
            except ImportError as error:
                raise ConfigError("spidev is not installed: pip install 'browline[spi]'") from error
            bus, device = (int(number) for number in self._path.rsplit("spidev", 1)[-1].split("."))
            self._device = spidev.SpiDev()
            self._device.open(bus, device)
            self._device.max_speed_hz = self._hz
        return self._device
