from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from drivers.base import BusError, DeviceLostError
from drivers.serial.port import SerialPort, holder, list_ports
from drivers.serial.pty import Pty


def usb(device: str, vid: int | None, pid: int | None, description: str = "n/a") -> SimpleNamespace:
    return SimpleNamespace(device=device, vid=vid, pid=pid, description=description)


def test_the_likeliest_board_comes_first() -> None:
    ports = list_ports(
        lambda: [
            usb("/dev/ttyS0", None, None),
            usb("/dev/ttyUSB1", 0x1A86, 0x7523),
            usb("/dev/ttyUSB0", 0x10C4, 0xEA60),
            usb("/dev/ttyACM1", 0x2341, 0x0043, "Arduino Uno"),
            usb("/dev/ttyACM0", 0x0525, 0xA4A7),
        ]
    )
    assert [(port.device, port.chance) for port in ports] == [
        ("/dev/ttyACM0", 2),
        ("/dev/ttyUSB0", 1),
        ("/dev/ttyUSB1", 1),
        ("/dev/ttyACM1", 0),
        ("/dev/ttyS0", 0),
    ]
    assert [port.text for port in ports[:3]] == [
        "Linux serial gadget", "CP210x serial bridge", "CH34x serial bridge",
    ]  # fmt: skip
    assert ports[3].text == "Arduino Uno"


def test_this_machines_own_ports_can_be_listed() -> None:
    assert all(port.device.startswith("/dev/") for port in list_ports())


def test_a_port_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(BusError, match="no such port; there are: "):
        SerialPort("/dev/tty-that-is-not", 115_200)


def test_a_file_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BusError, match="can't be opened as a serial port"):
        SerialPort(str(tmp_path / "file"), 115_200)


def test_a_busy_port_says_who_has_it() -> None:
    pty = Pty()
    first = SerialPort(pty.name, 115_200)
    with pytest.raises(BusError, match=rf"in use by .+ \(pid {os.getpid()}\): close that first"):
        SerialPort(pty.name, 115_200)
    first.close()
    SerialPort(pty.name, 115_200).close()
    pty.close()


def test_a_port_that_may_not_be_opened_names_the_group() -> None:
    class Refused(OSError):
        """What the kernel says to a user outside the group."""

    from drivers.serial.port import _advice

    assert "dialout" in _advice("/dev/ttyUSB0", Refused(13, "Permission denied"), Path("/proc"))


def test_the_holder_is_found_by_its_open_files(tmp_path: Path) -> None:
    device = tmp_path / "tty"
    device.touch()
    for pid, name, target in (("12", "bash", "/dev/null"), ("812", "picocom", str(device))):
        (tmp_path / "proc" / pid / "fd").mkdir(parents=True)
        (tmp_path / "proc" / pid / "comm").write_text(f"{name}\n", encoding="utf-8")
        (tmp_path / "proc" / pid / "fd" / "3").symlink_to(target)
    (tmp_path / "proc" / "99").mkdir()  # another user's: its fd folder can't be read
    assert holder(str(device), tmp_path / "proc") == "picocom (pid 812)"
    assert holder("/dev/ttyUSB9", tmp_path / "proc") == "another program"


def test_a_cable_that_is_pulled_is_said() -> None:
    pty = Pty()
    port = SerialPort(pty.name, 115_200)
    pty.close()
    with pytest.raises(DeviceLostError, match="check the cable"):
        port.read(1.0)
    with pytest.raises(DeviceLostError, match="check the cable"):
        port.write(b"help\r")
    port.close()
    port.close()
