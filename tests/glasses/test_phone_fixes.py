"""A phone that tells its fixes over the console leads along a route, alone or where the receiver is lost."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import msgspec

from boards.load import load
from drivers.camera.decode import load_picture
from drivers.sim.outing import Outing, noise_of
from drivers.sim.scenario import Scenario
from drivers.sim.world import World
from runtime.app import Glasses, Options
from runtime.console.shell import Shell
from runtime.core.clock import NS, VirtualClock, run_virtual
from runtime.core.messages import Guidance, Place
from runtime.core.topics import GUIDANCE, PLACE
from runtime.features.navigate.asks import JOURNEY, KEY, Journey
from runtime.features.navigate.kept import keep_route
from runtime.features.navigate.routes.load import load_route
from tests.runtime.features.navigate.routes.samples import CORNER, EAST, NORTH, corner


class Outside:
    """A wearer on the sample's way with a phone in the pocket; ``without`` names parts that the glasses lack."""

    def __init__(self, folder: Path, *without: str) -> None:
        self.clock = VirtualClock()
        scenario = Scenario(
            name="walk", ends_s=400.0, walk=Outing(points=CORNER, noise=noise_of(2.0), starts_s=5.0)
        )
        self.world = World(self.clock, scenario, load_picture, 1)
        missing = dict.fromkeys((*without, "camera", "microphone", "capture_light"))
        board = msgspec.structs.replace(load("sim"), **missing)
        self.glasses = Glasses(board, self.clock, Options(folder, os.environ, console=False), self.world)
        keep_route(self.glasses.store, load_route(corner(), "corner"))
        self.glasses.store.set(JOURNEY, Journey(on=True))
        self.told: list[Guidance] = []
        self.places: list[Place] = []
        self.glasses.bus.tap(GUIDANCE, self.told.append)
        self.glasses.bus.tap(PLACE, self.places.append)
        self.said = bytearray()
        self.shell = Shell(self.glasses, self.said.extend)
        self.phone_is_there = True

    @property
    def shown(self) -> str:
        card = self.glasses.hud.scene.card
        return " · ".join(line.text for line in card.lines) if card is not None and card.key == KEY else ""

    async def tell(self) -> None:
        """The phone's app: a fix a second over the console."""
        rng = random.Random(1)
        self.shell.type(b"json on\r")
        while True:
            await self.clock.sleep(1.0)
            spot = self.world.place(self.clock.now_ns())
            if spot is None or not self.phone_is_there:
                continue
            latitude = spot.latitude + rng.gauss(0, 2.0) * NORTH
            longitude = spot.longitude + rng.gauss(0, 2.0) * EAST
            moving = f" {spot.speed_mps:.2f} {spot.course_deg % 360:.1f} 0.2" if spot.speed_mps > 0.3 else ""
            self.shell.type(f"gnss phone {latitude:.7f} {longitude:.7f} 8{moving}\r".encode())


def sources(outside: Outside) -> list[str]:
    return [place.source for place in outside.places]


def play(outside: Outside, script: Callable[[Outside], Awaitable[None]]) -> None:
    async def whole() -> None:
        running = [
            asyncio.create_task(one) for one in (outside.glasses.run(), outside.shell.run(), outside.tell())
        ]
        await script(outside)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    run_virtual(outside.clock, whole())


def test_the_phone_alone_leads_to_the_end_and_may_be_away_for_a_while(tmp_path: Path) -> None:
    async def script(o: Outside) -> None:
        await o.clock.sleep(110.0)
        assert "Turn right" in o.shown
        o.phone_is_there = False
        await o.clock.sleep(7.0)
        assert o.shown == "", "no cue on the word of a phone that is gone"
        o.phone_is_there = True
        await o.clock.sleep(3.0)
        assert "Turn right" in o.shown
        await o.clock.sleep(155.0)

    outside = Outside(tmp_path, "gnss", "imu")
    play(outside, script)
    assert b'"ok":false' not in outside.said.replace(b" ", b"")
    assert {place.source for place in outside.places} == {"phone"}
    assert [one.event for one in outside.told if one.maneuver == 1] == ["prepare", "cue"]
    assert outside.told[-1].event == "arrived"
    assert "gnss" not in {part.name for part in outside.glasses.supervisor.status()}


def test_the_phone_stands_in_for_a_receiver_that_is_unplugged(tmp_path: Path) -> None:
    async def script(o: Outside) -> None:
        await o.clock.sleep(60.0)
        assert sources(o)[-1] == "gnss"
        o.world.faults.set("gnss", "unplug")
        await o.clock.sleep(30.0)
        assert sources(o)[-1] == "phone"
        o.world.faults.clear()
        await o.clock.sleep(30.0)
        assert sources(o)[-1] == "gnss"

    outside = Outside(tmp_path, "imu")
    play(outside, script)
    assert not {"withdrawn", "off_route", "wrong_way"} & {one.event for one in outside.told}
    times = [place.t_ns / NS for place in outside.places]
    assert max(after - before for before, after in pairwise(times)) < 5.0
    assert sum(one != other for one, other in pairwise(sources(outside))) <= 3
