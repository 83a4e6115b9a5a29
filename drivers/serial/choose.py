"""A stream by its name: "pty", "tcp:PORT", or the node of a serial port."""

from __future__ import annotations

from pathlib import Path

from boards import spec
from drivers.base import ConfigError
from drivers.serial.base import ByteStream
from drivers.serial.port import SerialPort
from drivers.serial.pty import Pty
from drivers.serial.tcp import TcpClient, TcpServer


def open_console(part: spec.Console, link: Path | None = None) -> ByteStream:
    """The glasses' end of the console as the board file says; ``link`` names a pty. Raises BusError, ConfigError."""
    if part.port == "pty":
        return Pty(link)
    if part.port.startswith("tcp:"):
        return TcpServer(_number(part.port))
    return SerialPort(part.port, part.baud)


def connect(port: str, baud: int) -> ByteStream:
    """A client's end. Raises BusError, ConfigError."""
    return TcpClient(_number(port)) if port.startswith("tcp:") else SerialPort(port, baud)


def _number(port: str) -> int:
    digits = port.removeprefix("tcp:")
    if not digits.isdecimal() or int(digits) > 65535:
        raise ConfigError(
            f"console.port: {port!r} is no port; write tcp: and a number up to 65535, as tcp:4000"
        )
    return int(digits)
