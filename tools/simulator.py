"""Running the glasses on a host: live in a terminal, or once through a scenario on virtual time."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from boards.spec import Board
from drivers.base import Rect
from drivers.camera.decode import load_picture
from drivers.display.png import PngPanel
from drivers.display.terminal import TerminalPanel
from drivers.sim.scenario import FOLDER, Scenario, from_photos, load_scenario
from drivers.sim.world import World
from runtime.app import Glasses, Options, end, run_until_stopped, serve
from runtime.core.clock import RealClock, VirtualClock, run_virtual
from runtime.core.messages import Shown
from runtime.core.topics import SHOWN
from tools import on_device
from tools.saying import Talk, quiet_world, speak, wished
from tools.terminal import FOOTER, Terminal

TAIL_S = 3.0  # after the scenario's last word


class Played(msgspec.Struct, frozen=True):
    """What a run on virtual time left: pictures of the panel, what each says, the log's lines, seconds."""

    pictures: tuple[Path, ...]
    story: tuple[str, ...]
    log: tuple[str, ...]
    seconds: float


def choose_scenario(path: Path | None, photos: Path | None, *, talk: bool = False) -> Scenario:
    """The given scenario, one made of photos, or the demo's shelf; in a ``talk`` nobody moves. Raises ConfigError."""
    if photos is not None:
        return from_photos(photos)
    if talk and path is None:
        return quiet_world()
    return load_scenario(path or FOLDER / "shelf.toml")


def on_board(board: Board, data: Path) -> int:
    """Serve on a real board until interrupted."""
    clock = RealClock()
    options = Options(data=data, environ=os.environ, log=sys.stderr, builder=on_device.build)
    serve(Glasses(board, clock, options), clock)
    return 0


def live(board: Board, scenario: Scenario, data: Path, talk: Talk | None = None) -> int:
    """The simulator in this terminal, until the wearer quits."""
    clock = RealClock()
    world = World(clock, scenario, load_picture)
    with (data / "browline.log").open("a", encoding="utf-8") as log:
        options = Options(data=data, environ=os.environ, log=log, builder=on_device.build)
        glasses = Glasses(board, clock, options, world)
        try:
            with wished(data, clock, talk):
                run_until_stopped(_live(glasses, world, clock, talk))
        finally:
            end(glasses, clock)
    return 0


async def _live(glasses: Glasses, world: World, clock: RealClock, talk: Talk | None) -> None:
    screen = TerminalPanel(sys.stdout, glasses.hud.hud.canvas.shape[1], glasses.hud.hud.canvas.shape[0])
    panel = glasses.context.panel
    terminal = Terminal(
        clock, world, screen, lambda: panel.shown if panel is not None else glasses.hud.hud.canvas
    )
    data = glasses.options.data
    screen.footer([FOOTER, f"console: {data / 'console'} (browline console) · log: {data / 'browline.log'}"])
    running = asyncio.create_task(glasses.run())
    shown = asyncio.create_task(terminal.run())
    speaking = asyncio.create_task(speak(talk or Talk(), glasses, world, clock))
    try:
        await asyncio.wait({running, shown}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (running, shown, speaking):
            task.cancel()
        done = await asyncio.gather(running, shown, speaking, return_exceptions=True)
    for outcome in done:
        if isinstance(outcome, Exception):
            raise outcome


def play_once(
    board: Board, scenario: Scenario, out: Path, seconds: float | None, talk: Talk | None = None
) -> int:
    """Play on virtual time, say what was shown. 0; 1 when the HUD never showed anything."""
    out.mkdir(parents=True, exist_ok=True)
    for old in (out / "hud").glob("hud-*.png"):
        old.unlink()
    played = play(board, scenario, out, seconds, talk)
    for line in played.log:
        print(line)
    print(f"\n{played.seconds:g} s of virtual time, {len(played.pictures)} HUD pictures in {out / 'hud'}:")
    for line in played.story:
        print(f"  {line}")
    return 0 if played.pictures else 1


def play(
    board: Board, scenario: Scenario, out: Path, seconds: float | None = None, talk: Talk | None = None
) -> Played:
    """Run the whole glasses on virtual time: the same input gives the same pictures and log, byte for byte."""
    clock = VirtualClock()
    world = World(clock, scenario, load_picture)

    async def story(glasses: Glasses) -> None:
        if talk is not None and seconds is None:
            await speak(talk, glasses, world, clock)
            return
        speaking = asyncio.create_task(speak(talk or Talk(), glasses, world, clock))
        await clock.sleep(seconds or (scenario.ends_s + TAIL_S))
        speaking.cancel()

    with tempfile.TemporaryDirectory() as data, wished(Path(data), clock, talk):
        options = Options(data=Path(data), environ=os.environ, out=out, console=False)
        glasses = Glasses(board, clock, options, world)
        pictures, told = run_virtual(clock, _play(glasses, clock, out, story))
    log = tuple(entry.text() for entry in glasses.ring.entries("info"))
    return Played(tuple(pictures), tuple(told), log, clock.now_ns() / 1e9)


async def _play(
    glasses: Glasses, clock: VirtualClock, out: Path, story: Callable[[Glasses], Awaitable[None]]
) -> tuple[list[Path], list[str]]:
    canvas = glasses.hud.hud.canvas
    height, width = canvas.shape
    panel = glasses.context.panel
    files = PngPanel(out / "hud", width, height)
    told: list[str] = []

    def keep(_: Shown) -> None:
        files.show(panel.shown if panel is not None else canvas, [Rect(0, 0, width, height)])
        words = " · ".join(glasses.hud.hud.words[:4]) or "(dark)"
        told.append(f"{clock.now_ns() / 1e9:6.2f} s  {files.paths[-1].name}  {words}")

    glasses.bus.tap(SHOWN, keep)
    running = asyncio.create_task(glasses.run())
    await story(glasses)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return files.paths, told
