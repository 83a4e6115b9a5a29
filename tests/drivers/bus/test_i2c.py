from __future__ import annotations

import errno
import os
from typing import Any

import pytest

from drivers.base import BusError, ConfigError, DeviceLostError, NakError, StuckBusError
from drivers.bus.i2c import I2cBus, LinuxI2c


class Wire:
    """Fails as told, then answers; keeps what was sent."""

    def __init__(self, *failures: int) -> None:
        self.failures = list(failures)
        self.sent: list[tuple[int, bytes, int]] = []
        self.recovered = 0

    def transfer(self, address: int, out: bytes, length: int) -> bytes:
        self.sent.append((address, out, length))
        if self.failures:
            number = self.failures.pop(0)
            raise OSError(number, os.strerror(number))
        return bytes(range(length))

    def recover(self) -> None:
        self.recovered += 1

    def close(self) -> None: ...


def test_a_read_names_its_register_and_a_write_carries_its_data() -> None:
    wire = Wire()
    bus = I2cBus(wire)
    assert bus.read(0x68, 0x75, 3) == b"\0\1\2"
    bus.write(0x68, 0x4E, b"\x0f")
    assert wire.sent == [(0x68, b"\x75", 3), (0x68, b"\x4e\x0f", 0)]


@pytest.mark.parametrize("number", [errno.ENXIO, errno.EREMOTEIO, errno.EIO])
def test_a_missed_acknowledge_is_tried_again(number: int) -> None:
    wire = Wire(number, number, number)
    bus = I2cBus(wire, tries=4)
    assert bus.read(0x68, 0, 1) == b"\0"
    assert (bus.retries, bus.recoveries, wire.recovered) == (3, 0, 0)


def test_a_stuck_bus_is_recovered_before_the_next_try() -> None:
    wire = Wire(errno.ETIMEDOUT, errno.EBUSY)
    bus = I2cBus(wire)
    bus.write(0x68, 0, b"\1")
    assert (bus.retries, bus.recoveries, wire.recovered) == (2, 2, 2)


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (
            errno.ENXIO,
            NakError,
            "bus1, address 0x68: no answer after 2 tries; check power, wires and address",
        ),
        (errno.ETIMEDOUT, StuckBusError, "bus1, address 0x68: the bus is stuck"),
        (errno.EINVAL, BusError, "bus1, address 0x68: Invalid argument"),
    ],
)
def test_what_does_not_pass_is_told_with_what_to_check(number: int, kind: type[BusError], said: str) -> None:
    with pytest.raises(kind) as caught:
        I2cBus(Wire(*[number] * 9), "bus1", tries=2).read(0x68, 0, 1)
    assert str(caught.value).startswith(said)


def test_an_adapter_that_is_gone_is_not_tried_again() -> None:
    wire = Wire(errno.ENODEV)
    with pytest.raises(DeviceLostError, match="adapter"):
        I2cBus(wire).read(0x68, 0, 1)
    assert len(wire.sent) == 1


def test_the_kernels_adapter_gets_one_combined_transfer(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[list[Any]] = []

    class Smbus:
        def __init__(self, path: str) -> None:
            self.path = path

        def i2c_rdwr(self, *messages: Any) -> None:
            done.append([(m.addr, m.flags & 1, m.len) for m in messages])
            if messages[-1].flags & 1:
                messages[-1].buf[0] = b"\x47"

        def close(self) -> None:
            done.append([])

    monkeypatch.setattr("smbus2.SMBus", Smbus)
    adapter = LinuxI2c("/dev/i2c-7")
    assert adapter.transfer(0x68, b"\x75", 1) == b"\x47"
    assert adapter.transfer(0x68, b"\x4e\x0f", 0) == b""
    adapter.recover()
    assert done == [[(0x68, 0, 1), (0x68, 1, 1)], [(0x68, 0, 2)], []]


def test_no_such_adapter_and_no_right_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeviceLostError, match="/dev/i2c-none"):
        I2cBus(LinuxI2c("/dev/i2c-none"), "/dev/i2c-none").read(0x68, 0, 1)

    def refuse(path: str) -> None:
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr("smbus2.SMBus", refuse)
    with pytest.raises(ConfigError, match="join the group i2c"):
        I2cBus(LinuxI2c("/dev/i2c-7")).read(0x68, 0, 1)
