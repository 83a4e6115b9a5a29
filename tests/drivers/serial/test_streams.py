"""TCP on loopback, the pair in memory, and the choice of a stream by its name."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from boards.spec import Console
from drivers.base import BusError, ConfigError, DeviceLostError
from drivers.serial.base import ByteStream
from drivers.serial.choose import connect, open_console
from drivers.serial.memory import pair
from drivers.serial.pty import Pty
from drivers.serial.tcp import TcpClient, TcpServer

WAIT_S = 5.0


def all_of(stream: ByteStream, n: int) -> bytes:
    data = b""
    for _ in range(100):
        if len(data) >= n:
            break
        data += stream.read(WAIT_S)
    return data


def test_tcp_carries_bytes_both_ways() -> None:
    server = TcpServer(0)
    client = TcpClient(server.port)
    client.write(b"help\n")
    assert all_of(server, 5) == b"help\n"
    server.write(bytes(range(256)))
    assert all_of(client, 256) == bytes(range(256))
    assert client.read(0) == b"" and server.read(0) == b""
    client.close()
    server.close()


def test_a_new_client_takes_the_place_of_the_old() -> None:
    server = TcpServer(0)
    server.write(b"to nobody")
    first = TcpClient(server.port)
    first.write(b"1")
    assert all_of(server, 1) == b"1"
    second = TcpClient(server.port)
    second.write(b"2")
    assert all_of(server, 1) == b"2"
    with pytest.raises(DeviceLostError, match="connect again"):
        first.read(WAIT_S)
    server.write(b"hi")
    assert all_of(second, 2) == b"hi"
    for stream in (first, second, server):
        stream.close()


def test_a_client_that_leaves_does_not_end_the_server() -> None:
    server = TcpServer(0)
    for word in (b"one", b"two"):
        client = TcpClient(server.port)
        client.write(word)
        assert all_of(server, 3) == word
        client.close()
        assert server.read(WAIT_S) == b""
    server.close()
    with pytest.raises(DeviceLostError, match="is closed"):
        server.read(0)


def test_only_this_machine_is_let_in() -> None:
    server = TcpServer(0)
    assert server._listener.getsockname()[0] == "127.0.0.1"
    server.close()


def test_a_port_that_is_taken_and_one_where_nobody_listens() -> None:
    server = TcpServer(0)
    with pytest.raises(BusError, match="choose another port"):
        TcpServer(server.port)
    server.close()
    with pytest.raises(BusError, match="are the glasses running"):
        TcpClient(server.port)


def test_the_pair_in_memory() -> None:
    one, other = pair()
    one.write(b"ab")
    one.write(b"c")
    assert other.read(WAIT_S) == b"abc" and other.read(0) == b""
    other.write(b"d")
    assert one.read(0) == b"d"
    one.write(b"last words")
    one.close()
    assert other.read(0) == b"last words"
    for act in (lambda: other.read(WAIT_S), lambda: other.write(b"x")):
        with pytest.raises(DeviceLostError, match="is closed"):
            act()


def test_a_reader_in_memory_is_woken() -> None:
    one, other = pair()
    threading.Timer(0.01, one.write, [b"now"]).start()
    assert other.read(WAIT_S) == b"now"


def test_a_stream_by_its_name(tmp_path: Path) -> None:
    pty = open_console(Console(port="pty"), tmp_path / "link")
    assert isinstance(pty, Pty) and (tmp_path / "link").is_symlink()
    client = connect(pty.name, 115_200)
    client.write(b"x")
    assert pty.read(WAIT_S) == b"x"
    client.close()
    server = open_console(Console(port="tcp:0"))
    client = connect(server.name, 0)
    client.write(b"y")
    assert all_of(server, 1) == b"y"
    with pytest.raises(BusError, match="no such port"):
        open_console(Console(port="/dev/tty-that-is-not"))
    for stream in (pty, client, server):
        stream.close()


@pytest.mark.parametrize("port", ["tcp:", "tcp:x", "tcp:70000", "tcp:-1", "tcp:127.0.0.1:80"])
def test_a_name_that_makes_no_sense(port: str) -> None:
    with pytest.raises(ConfigError, match="no port"):
        open_console(Console(port=port))
    with pytest.raises(ConfigError, match="no port"):
        connect(port, 0)
