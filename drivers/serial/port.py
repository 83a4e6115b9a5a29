"""Serial ports through pyserial: which are there, which is likely a board, and what to do when one won't open."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from drivers.base import BusError, DeviceLostError
from drivers.serial.base import CHUNK

# USB vendors (and products) of what boards put on a console cable, from the Linux USB ID list.
GADGETS = {(0x0525, 0xA4A7): "Linux serial gadget", (0x1D6B, 0x0104): "Linux composite gadget"}
BRIDGES = {0x0403: "FTDI", 0x10C4: "CP210x", 0x1A86: "CH34x", 0x067B: "PL2303", 0x04B4: "Cypress"}
PROC = Path("/proc")


class Port(msgspec.Struct, frozen=True):
    """A port that is there; ``chance`` 2: a board's own USB gadget, 1: a USB serial bridge, 0: something else."""

    device: str
    text: str
    chance: int


def list_ports(found: Callable[[], Iterable[Any]] | None = None) -> list[Port]:
    """The serial ports of this machine, the likeliest board first; ``found`` stands for pyserial's own list."""
    ports = [_judge(info) for info in (found or _comports)()]
    return sorted(ports, key=lambda port: (-port.chance, port.device))


def _comports() -> Iterable[Any]:
    from serial.tools.list_ports import comports

    return comports()


def _judge(info: Any) -> Port:
    if (info.vid, info.pid) in GADGETS:
        return Port(info.device, GADGETS[info.vid, info.pid], 2)
    if info.vid in BRIDGES:
        return Port(info.device, f"{BRIDGES[info.vid]} serial bridge", 1)
    return Port(info.device, info.description or "", 0)


class SerialPort:
    """An open port, 8N1, held by this program alone."""

    def __init__(self, device: str, baud: int, proc: Path = PROC) -> None:
        """Open it. Raises BusError, which says what to do."""
        import serial

        self._device = device
        self._broken = (serial.SerialException, OSError)
        try:
            self._serial = serial.Serial(device, baud, timeout=0, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            raise BusError(f"{device}: {_advice(device, error, proc)}") from error

    @property
    def name(self) -> str:
        """The node."""
        return self._device

    def read(self, timeout_s: float) -> bytes:
        """What has come. Raises DeviceLostError."""
        try:
            self._serial.timeout = timeout_s
            first = self._serial.read(1)
            return first + self._serial.read(min(CHUNK, self._serial.in_waiting)) if first else b""
        except self._broken as error:
            raise self._lost() from error

    def write(self, data: bytes) -> None:
        """Send all of ``data``. Raises DeviceLostError."""
        try:
            self._serial.write(data)
        except self._broken as error:
            raise self._lost() from error

    def close(self) -> None:
        """Give the port back."""
        self._serial.close()

    def _lost(self) -> DeviceLostError:
        return DeviceLostError(f"{self._device}: the port is gone; check the cable")


def _advice(device: str, error: Exception, proc: Path) -> str:
    code = getattr(error, "errno", None)
    if code == errno.EACCES:
        return "this user may not open it: sudo usermod -aG dialout $USER, then log in again"
    if code in (errno.EBUSY, errno.EAGAIN):
        return f"is in use by {holder(device, proc)}: close that first"
    if code in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        ports = ", ".join(port.device for port in list_ports()) or "none; is the board's cable plugged in?"
        return f"there is no such port; there are: {ports}"
    return f"can't be opened as a serial port ({error})"


def holder(device: str, proc: Path = PROC) -> str:
    """The program that has ``device`` open, as "picocom (pid 812)"; other users' programs can't be seen."""
    with contextlib.suppress(OSError):
        wanted = Path(device).stat()
        for folder in proc.glob("[0-9]*"):
            if any(_is_open_on(link, wanted) for link in _open_files(folder)):
                return f"{(folder / 'comm').read_text(encoding='utf-8').strip()} (pid {folder.name})"
    return "another program"


def _open_files(folder: Path) -> list[Path]:
    try:
        return list((folder / "fd").iterdir())
    except OSError:  # it ended meanwhile, or is another user's
        return []


def _is_open_on(link: Path, wanted: os.stat_result) -> bool:
    """By device and inode: names repeat where containers have a /dev of their own."""
    try:
        there = link.stat()
    except OSError:  # closed meanwhile
        return False
    return (there.st_dev, there.st_ino) == (wanted.st_dev, wanted.st_ino)
