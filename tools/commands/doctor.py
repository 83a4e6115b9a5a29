"""``browline doctor``: look at everything the glasses need on this machine, and say the next thing to try."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import msgspec

from boards.detect import compatible_strings, detect
from boards.load import BoardError, load
from boards.spec import Board
from drivers.base import Device, DriverError
from drivers.camera.decode import load_picture
from drivers.factory import BuildContext, build
from drivers.sim.world import World
from models.base import ModelError
from models.speech.whisper.folder import SpeechFolder
from runtime.core.clock import RealClock
from tools.commands.models import open_store
from tools.folders import data_folder
from tools.simulator import choose_scenario
from tools.speech import FIRST, list_built_speech

# Each part of a board file: its driver's name, and what it means that it opens.
PARTS = {
    "capture_light": ("light", "there; lit only while something captures"),
    "imu": ("imu", "answers"),
    "magnetometer": ("magnetometer", "answers"),
    "display": ("display", "takes its settings"),
    "battery": ("battery", "gauge answers"),
    "keys": ("keys", "lines answer"),
    "camera": ("camera", "opens behind its light"),
    "microphone": ("microphone", "opens behind its light"),
}


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
    yield _speech()
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


def _speech() -> Finding:
    """Captions are an extra: without a model they say so, and all else is well."""
    built = list_built_speech()
    if not built:
        return Finding("speech", True, f"none built; captions want one: browline models build {FIRST}")
    damaged = []
    for path in built.values():
        try:
            SpeechFolder(path)
        except ModelError as error:
            damaged.append(f"{path.name}: browline models build {path.name} makes it again ({error})")
    return Finding("speech", not damaged, "; ".join(damaged) or f"built: {', '.join(built)}")


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
    for part, (field, text) in PARTS.items():
        if getattr(board, part) is None:
            yield Finding(part, True, "none on this board")
            continue
        others = {name: None for name in PARTS if name not in (part, "capture_light")}
        alone = BuildContext(msgspec.structs.replace(board, **others), clock, world)
        try:
            device: Device = getattr(build(alone), field)
            device.open()
            device.close()
            yield Finding(part, True, text)
        except (DriverError, OSError) as error:
            yield Finding(part, False, str(error))
