"""The console over real byte streams and the host's client at their other end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from boards.load import load
from boards.spec import Console
from drivers.serial.base import ByteStream
from drivers.serial.choose import connect, open_console
from drivers.serial.port import Port
from drivers.serial.pty import Pty
from runtime.app import Glasses, Options
from runtime.console.service import ConsoleService
from runtime.core.clock import RealClock
from tests.runtime.features.navigate.routes.samples import corner
from tools.commands.console import ask, find_port, push
from tools.talk import NobodyError

WAIT_S = 20.0


class Running:
    """A console service in a thread of its own, over glasses that were built but not started."""

    def __init__(self, data: Path, opened: Callable[[], ByteStream]) -> None:
        self.name: str = ""
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._data, self._opened = data, opened
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def __enter__(self) -> Running:
        self._thread.start()
        assert self._ready.wait(WAIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(WAIT_S)
        self._loop.close()

    async def _serve(self) -> None:
        clock = RealClock()
        glasses = Glasses(load("sim"), clock, Options(self._data, {}, console=False), _world(clock))
        self._task = asyncio.ensure_future(ConsoleService(glasses, self._open).run())
        await asyncio.gather(self._task, return_exceptions=True)
        glasses.store.close()
        clock.close()

    def _open(self) -> ByteStream:
        stream = self._opened()
        self.name = stream.name
        self._ready.set()
        return stream


def _world(clock: RealClock) -> Any:
    from drivers.camera.decode import load_picture
    from drivers.sim.world import World
    from tests.glasses.sim import STILL

    return World(clock, STILL, load_picture)


@pytest.fixture(params=["pty", "tcp:0"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    link = tmp_path / "console" if request.param == "pty" else None
    with Running(tmp_path, lambda: open_console(Console(port=request.param), link)) as one:
        yield one


def test_a_route_is_pushed(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    data = b" " * 100_000 + corner()  # some parts long
    assert push(connect(running.name, 115_200), "to a\nfriend's.json", data, as_json=False) == 0
    assert "to a friend's.json: 0.35 km" in capsys.readouterr().out
    assert push(connect(running.name, 115_200), "it.json", b"{}", as_json=False) == 1
    assert "no route" in capsys.readouterr().err


def test_a_program_asks_and_gets_the_status(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(connect(running.name, 115_200), ["version"], as_json=False) == 0
    assert "onnxruntime" in capsys.readouterr().out
    assert ask(connect(running.name, 115_200), ["version", "nonsense"], as_json=False) == 1
    assert "there is no command" in capsys.readouterr().err


def test_answers_as_json_lines(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(connect(running.name, 115_200), ["set"], as_json=True) == 0
    assert '"text_size":1.0' in capsys.readouterr().out


def test_an_open_line_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.talk.HELLO_S", 0.1)
    silent = Pty()
    try:
        with pytest.raises(NobodyError, match="nobody answers"):
            ask(connect(silent.name, 115_200), ["version"], as_json=False)
    finally:
        silent.close()


def test_the_port_is_found_or_what_to_do_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ports: list[Port] = []
    monkeypatch.setattr("tools.commands.console.list_ports", lambda: ports)
    with pytest.raises(NobodyError, match=r"\./run"):
        find_port(tmp_path)
    ports += [Port("/dev/ttyUSB0", "CP210x", 1), Port("/dev/ttyUSB1", "FTDI", 1), Port("/dev/ttyS0", "", 0)]
    with pytest.raises(NobodyError, match=r"browline console /dev/ttyUSB0 \| /dev/ttyUSB1$"):
        find_port(tmp_path)
    ports.insert(0, Port("/dev/ttyACM0", "Linux serial gadget", 2))
    assert find_port(tmp_path) == "/dev/ttyACM0"
    (tmp_path / "console").touch()
    assert find_port(tmp_path) == str(tmp_path / "console")
