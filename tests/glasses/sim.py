"""The whole glasses on the sim board and virtual time, driven by a test as a wearer would."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from boards.load import load
from drivers.camera.decode import load_picture
from drivers.sim.panel import EmulatedPanel
from drivers.sim.scenario import FOLDER, Picture, Scenario
from drivers.sim.world import World
from runtime.app import Glasses, Options
from runtime.core.clock import VirtualClock, run_virtual
from runtime.core.messages import Card
from runtime.core.topics import CARD

T = TypeVar("T")
STILL = Scenario(name="still", ends_s=0.0, pictures=(Picture(file="../scenes/milk.jpg"),), folder=FOLDER)


class Sim:
    """Running glasses, and what a test asks of them."""

    def __init__(self, glasses: Glasses, world: World, clock: VirtualClock) -> None:
        self.glasses, self.world, self.clock = glasses, world, clock
        self.cards: list[Card] = []
        glasses.bus.tap(CARD, lambda card: self.cards.append(card) if isinstance(card, Card) else None)

    @property
    def panel(self) -> EmulatedPanel:
        """The emulated panel."""
        panel = self.glasses.context.panel
        assert isinstance(panel, EmulatedPanel)
        return panel

    @property
    def seen(self) -> NDArray[np.uint8]:
        """What the wearer sees: uint8[480, 640]."""
        return self.panel.shown

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        await self.clock.sleep(seconds)

    async def snap(self) -> Card:
        """Press the shutter and wait for the finished card."""
        self.world.press("shutter")
        await self.sleep(3.0)
        return next(card for card in reversed(self.cards) if card.key == "snap")

    def light_is_on(self) -> bool:
        """What the light's hardware says."""
        light = self.glasses.parts.light
        return light is not None and light.is_on()


def play(
    story: Callable[[Sim], Awaitable[T]],
    data: Path | None = None,
    scenario: Scenario = STILL,
    *,
    environ: Mapping[str, str] | None = None,
    without: Sequence[str] = (),
    **board: str,
) -> T:
    """Start the glasses, wait until they are ready, tell the ``story``, stop them; ``without`` names parts."""
    clock = VirtualClock()
    world = World(clock, scenario, load_picture)
    settings = [f"{key.replace('__', '.')}={value}" for key, value in board.items()]
    with tempfile.TemporaryDirectory() as folder:
        options = Options(data=data or Path(folder), environ=environ or dict(os.environ), console=False)
        whole = msgspec.structs.replace(load("sim", settings=settings), **dict.fromkeys(without))
        glasses = Glasses(whole, clock, options, world)
        return run_virtual(clock, _tell(Sim(glasses, world, clock), story))


async def _tell(sim: Sim, story: Callable[[Sim], Awaitable[T]]) -> T:
    running = asyncio.ensure_future(sim.glasses.run())
    await sim.sleep(1.0)
    try:
        return await story(sim)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
