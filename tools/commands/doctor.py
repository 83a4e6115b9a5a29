"""``browline doctor``: look at everything the glasses need on this machine, and say the next thing to try."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import msgspec

from boards.detect import compatible_strings, detect
from boards.load import BoardError, load
from boards.spec import Board
from drivers.base import Camera, Device, DriverError
from drivers.camera.decode import load_picture
from drivers.factory import BuildContext, Parts, build
from drivers.sim.world import World
from models.base import ModelError
from runtime.core.clock import RealClock
from tools.commands.models import open_store
from tools.folders import data_folder
from tools.simulator import choose_scenario


class Finding(msgspec.Struct, frozen=True):
    """One check: what was looked at, whether it is well, what was seen or is to be tried."""

    what: str
    well: bool
    text: str


def configure(parser: argparse.ArgumentParser) -> None:
    """Which board to look at."""
    parser.add_argument("--board", help="a board's name; detected, else sim")


def main(options: argparse.Namespace) -> int:
    """0 when everything is well, 1 when something is not, 2 when the board can't be used."""
    try:
        name = options.board or os.environ.get("BROWLINE_BOARD") or detect() or "sim"
        board = load(name)
    except BoardError as error:
        print(f"browline: {error}", file=sys.stderr)
        return 2
    ill = 0
    for finding in examine(board):
        print(f"{'ok ' if finding.well else '-> '} {finding.what:<14} {finding.text}", flush=True)
        ill += not finding.well
    print(f"\n{ill} to look after" if ill else "\neverything is well")
    return int(ill > 0)


def examine(board: Board) -> Iterator[Finding]:
    """Every check, one after the other."""
    tree = ", ".join(compatible_strings()) or "no device tree"
    yield Finding("board", True, f"{board.name} ({board.summary}); this machine: {tree}")
    yield from _libraries(board)
    yield from _models()
    yield _folder()
    yield from _parts(board)


def _libraries(board: Board) -> Iterator[Finding]:
    kinds = {bus.compatible for bus in board.buses.values()}
    wanted = {
        "spidev": "linux,spi" in kinds,
        "gpiod": board.keys is not None and "gpio" in board.keys.compatible,
    }
    for name, needed in wanted.items():
        if needed and find_spec(name) is None:
            extra = "spi" if name == "spidev" else "gpio"
            yield Finding(name, False, f"not installed: .venv/bin/pip install -e '.[{extra}]'")


def _models() -> Iterator[Finding]:
    try:
        missing = open_store().missing()
    except ModelError as error:
        yield Finding("models", False, str(error))
        return
    text = f"missing: {', '.join(missing)}; browline models pull" if missing else "all here and verified"
    yield Finding("models", not missing, text)


def _folder() -> Finding:
    try:
        folder = data_folder()
        probe = folder / ".doctor"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Finding(
            "data", False, f"{error.filename}: {error.strerror}; set BROWLINE_DATA to another folder"
        )
    return Finding("data", True, str(folder))


def _parts(board: Board) -> Iterator[Finding]:
    clock = RealClock()
    simulated = any("emulated" in bus.compatible for bus in board.buses.values())
    world = World(clock, choose_scenario(None, None), load_picture) if simulated else None
    try:
        parts = build(BuildContext(board, clock, world, Path("out")))
    except DriverError as error:
        yield Finding("parts", False, str(error))
        return
    yield from (_try(name, check) for name, check in _checks(parts))


def _checks(parts: Parts) -> Iterator[tuple[str, Callable[[], str]]]:
    if parts.light is not None:
        yield "light", lambda: _opened(parts.light, "there; lit only while something captures")
    if parts.imu is not None:
        yield "imu", lambda: _opened(parts.imu, f"answers, {parts.imu.rate_hz:g} Hz" if parts.imu else "")
    if parts.display is not None:
        yield "display", lambda: _opened(parts.display, "takes a picture")
    if parts.battery is not None:
        yield "battery", lambda: _opened(parts.battery, "gauge answers")
    if parts.keys is not None:
        yield "keys", lambda: _opened(parts.keys, "lines answer")
    camera = parts.camera
    if camera is not None:
        yield "camera", lambda: _camera(camera)
    if parts.microphone is not None:
        yield "microphone", lambda: _opened(parts.microphone, "opens")


def _try(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except (DriverError, OSError) as error:
        return Finding(name, False, str(error))


def _opened(device: Device | None, text: str) -> str:
    if device is not None:
        device.open()
        device.close()
    return text


def _camera(camera: Camera) -> str:
    camera.open()
    try:
        frame = camera.read()
        size = "no frame yet" if frame is None else "×".join(map(str, frame.image.shape[1::-1]))
        return f"opens behind its light; {size}"
    finally:
        camera.close()
