from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.base import BusError, ConfigError
from drivers.bus.spi import CHUNK, LinuxSpi


class Spidev:
    """What the spidev package gives, writing into a list."""

    done: list[Any]

    def __init__(self) -> None:
        self.max_speed_hz = 0

    def open(self, bus: int, device: int) -> None:
        self.done.append(("open", bus, device))

    def writebytes2(self, data: bytes) -> None:
        if data == b"fail":
            raise OSError(5, "Input/output error")
        self.done.append(bytes(data))

    def close(self) -> None:
        self.done.append("close")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    Spidev.done = []
    monkeypatch.setitem(sys.modules, "spidev", SimpleNamespace(SpiDev=Spidev))
    return Spidev.done


def test_commands_and_data_differ_by_the_line(done: list[Any]) -> None:
    spi = LinuxSpi("/dev/spidev4.1", 40_000_000, lambda data: done.append("data" if data else "command"))
    spi.write(b"\x2a", command=True)
    spi.write(b"x" * (CHUNK + 1), command=False)
    spi.close()
    spi.close()
    assert done == [("open", 4, 1), "command", b"\x2a", "data", b"x" * CHUNK, b"x", "close"]


def test_a_failed_transfer_says_what_to_check(done: list[Any]) -> None:
    spi = LinuxSpi("/dev/spidev0.0", 1, lambda _: None)
    with pytest.raises(BusError, match=r"/dev/spidev0\.0: Input/output error; check the overlay"):
        spi.write(b"fail", command=False)


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spidev", None)
    with pytest.raises(ConfigError, match=r"browline\[spi\]"):
        LinuxSpi("/dev/spidev0.0", 1, lambda _: None).write(b"x", command=True)
