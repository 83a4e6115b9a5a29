from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import BusError, DeviceLostError
from drivers.serial.port import SerialPort
from drivers.serial.pty import Pty

WAIT_S = 5.0
BAUD = 1_500_000


def all_of(stream: Pty | SerialPort, n: int) -> bytes:
    data = b""
    while len(data) < n:
        more = stream.read(WAIT_S)
        assert more, f"only {len(data)} of {n} bytes came"
        data += more
    return data


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.binary(min_size=1, max_size=2_000), st.binary(min_size=1, max_size=2_000))
def test_bytes_come_through_unchanged_both_ways(typed: bytes, answer: bytes) -> None:
    pty = Pty()
    client = SerialPort(pty.name, BAUD)
    client.write(typed)
    assert all_of(pty, len(typed)) == typed
    pty.write(answer)
    assert all_of(client, len(answer)) == answer
    client.close()
    pty.close()


def test_nothing_typed_is_nothing_read() -> None:
    pty = Pty()
    assert pty.read(0) == b"" and pty.read(0.01) == b""
    pty.close()


def test_a_client_may_leave_and_come_back() -> None:
    pty = Pty()
    for word in (b"one", b"two"):
        client = SerialPort(pty.name, BAUD)
        client.write(word)
        assert all_of(pty, 3) == word
        client.close()
        assert pty.read(0) == b""
    pty.close()


def test_with_nobody_there_writing_never_blocks() -> None:
    pty = Pty()
    pty.write(b"x" * 1_000_000)
    client = SerialPort(pty.name, BAUD)
    client.write(b"a")
    assert all_of(pty, 1) == b"a"
    client.close()
    pty.close()


def test_the_link_leads_to_it_and_goes_with_it(tmp_path: Path) -> None:
    link = tmp_path / "console"
    link.symlink_to("/dev/pts/left-by-a-run-that-was-killed")
    pty = Pty(link)
    client = SerialPort(str(link), BAUD)
    client.write(b"hi")
    assert all_of(pty, 2) == b"hi"
    client.close()
    pty.close()
    pty.close()
    assert not link.is_symlink()


def test_a_newer_runs_link_is_left_alone(tmp_path: Path) -> None:
    link = tmp_path / "console"
    older, newer = Pty(link), Pty(link)
    older.close()
    assert str(link.readlink()) == newer.name
    newer.close()


def test_a_link_that_can_not_be_made_says_so(tmp_path: Path) -> None:
    with pytest.raises(BusError, match="choose another folder"):
        Pty(tmp_path / "absent" / "console")


def test_closed_it_says_so() -> None:
    pty = Pty()
    pty.close()
    with pytest.raises(DeviceLostError, match="open the console again"):
        pty.read(0)
    with pytest.raises(DeviceLostError, match="open the console again"):
        pty.write(b"x")
