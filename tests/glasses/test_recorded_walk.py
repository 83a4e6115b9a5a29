"""A walk that was recorded by the glasses is told the same again, on their console and by `browline replay`."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from boards.load import load
from drivers.camera.decode import load_picture
from drivers.sim.outing import Outing, noise_of
from drivers.sim.scenario import Scenario
from drivers.sim.world import World
from runtime.app import Glasses, Options
from runtime.console.shell import Shell
from runtime.core.clock import NS, VirtualClock, run_virtual
from runtime.core.messages import Guidance
from runtime.core.topics import GUIDANCE
from runtime.features.navigate.asks import JOURNEY, Journey
from runtime.features.navigate.kept import keep_route
from runtime.features.navigate.routes.load import load_route
from tests.runtime.features.navigate.routes.samples import CORNER, at, corner
from tools.replaying import examine, play

PACE = 2.6
Recorded = tuple[Path, list[Guidance]]


def glasses_outside(
    folder: Path, scenario: Scenario, script: Callable[[Glasses], Awaitable[None]], *without: str
) -> list[Guidance]:
    """Whole glasses, the sample's route under way; what they tell, by the time since the script began."""
    clock, told = VirtualClock(), list[Guidance]()
    missing = dict.fromkeys((*without, "camera", "microphone", "capture_light"))
    board = msgspec.structs.replace(load("sim"), **missing)
    glasses = Glasses(
        board, clock, Options(folder, os.environ, console=False), World(clock, scenario, load_picture, 1)
    )
    keep_route(glasses.store, load_route(corner(), "corner"))
    glasses.store.set(JOURNEY, Journey(on=True))
    glasses.bus.tap(GUIDANCE, told.append)

    async def whole() -> int:
        running = asyncio.create_task(glasses.run())
        await clock.sleep(1.0)
        began_ns = clock.now_ns()
        await script(glasses)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return began_ns

    began_ns = run_virtual(clock, whole())
    return [msgspec.structs.replace(one, t_ns=one.t_ns - began_ns) for one in told]


@contextlib.asynccontextmanager
async def console(glasses: Glasses) -> AsyncIterator[Shell]:
    """Somebody at the console."""
    shell = Shell(glasses, bytearray().extend)
    serving = asyncio.create_task(shell.run())
    shell.type(b"json on\r")
    await glasses.clock.sleep(0.2)
    yield shell
    serving.cancel()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The recording of a walk to its end, and what was told on it."""
    folder = tmp_path_factory.mktemp("recorded")
    outing = Outing(points=(at(110, 0), *CORNER[1:]), noise=noise_of(2.0), starts_s=5.0, speed_mps=PACE)

    async def script(glasses: Glasses) -> None:
        async with console(glasses) as shell:
            shell.type(f"record start {folder}/walk.mcap\r".encode())
            await glasses.clock.sleep(113.0)
            shell.type(b"record stop\r")
            await glasses.clock.sleep(1.0)

    told = glasses_outside(folder, Scenario(name="walk", ends_s=400.0, walk=outing), script)
    assert [one.event for one in told if one.maneuver == 1] == ["prepare", "cue"]
    assert told[-1].event == "arrived"
    return folder / "walk.mcap", told


def same(told: list[Guidance], again: list[Guidance]) -> None:
    assert [(one.event, one.maneuver) for one in again] == [(one.event, one.maneuver) for one in told]
    for one, other in zip(told, again, strict=True):
        assert other.text == one.text
        assert other.t_ns / NS == pytest.approx(one.t_ns / NS, abs=1.1)
        assert other.latitude == pytest.approx(one.latitude, abs=2e-5)
        assert (other.arrow_deg is None) == (one.arrow_deg is None)
        if one.arrow_deg is not None and other.arrow_deg is not None:
            assert abs((one.arrow_deg - other.arrow_deg + 180) % 360 - 180) < 10


def test_on_the_console(recorded: Recorded, tmp_path: Path) -> None:
    async def script(glasses: Glasses) -> None:
        async with console(glasses) as shell:
            shell.type(f"replay {recorded[0]}\r".encode())
            await glasses.clock.sleep(113.0)

    nobody = Scenario(name="nobody walks", ends_s=0.0)
    same(recorded[1], glasses_outside(tmp_path, nobody, script))


def test_as_a_command(recorded: Recorded) -> None:
    material = examine(recorded[0])
    assert material.complete
    assert material.imu is not None
    walked = play(material, load_route(corner(), "corner"), "en")
    same(recorded[1], walked.told)
    assert len(walked.fixes) > 80
    assert walked.truth
