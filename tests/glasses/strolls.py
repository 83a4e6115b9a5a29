"""A short walk in whole glasses on virtual time, whose parts fail as a test says; what stood on the HUD meanwhile.

The way: 60 m north, right at a corner, 40 m east, at 2 m/s; ten seconds of standing before.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from boards.load import load
from drivers.camera.decode import load_picture
from drivers.gnss.ground import metres_per_degree
from drivers.sim.outing import Noise, Outing, noise_of
from drivers.sim.scenario import Scenario
from drivers.sim.world import World
from runtime.app import Glasses, Options
from runtime.core.clock import NS, VirtualClock, run_virtual
from runtime.core.messages import Card, Fault, Guidance, Place
from runtime.core.topics import FAULT, GUIDANCE, PLACE
from runtime.features.navigate.asks import JOURNEY, KEY, Journey
from runtime.features.navigate.following.follower import SILENT_S
from runtime.features.navigate.kept import keep_route
from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import Route
from tests.runtime.features.navigate.routes.samples import Point, at, osrm, step

LEGS_M = (60.0, 40.0)
STARTS_S, SPEED_MPS = 10.0, 2.0
CORNER_S = STARTS_S + LEGS_M[0] / SPEED_MPS
END_S = STARTS_S + sum(LEGS_M) / SPEED_MPS
LOOK_S = 0.25  # the HUD is looked at so often

Script = Callable[["Stroll"], Awaitable[None]]


class Seen(msgspec.Struct, frozen=True):
    """Navigation's part of the HUD at a time: the card's words, "" for none, and the arrow; seconds since a place."""

    at_s: float
    words: str
    arrow: float | None
    silent_s: float


def short_route() -> Route:
    """North, right into Yuyuan Road, arrive on the left."""
    points = (at(0, 0), at(LEGS_M[0], 0), at(*LEGS_M))
    steps = [
        step("depart", points[0], LEGS_M[0], modifier="straight", name="江苏路"),
        step("turn", points[1], LEGS_M[1], modifier="right", name="愚园路 / Yuyuan Rd."),
        step("arrive", points[2], 0.0, modifier="left"),
    ]
    return load_route(osrm(points, [steps], sum(LEGS_M)), "short")


def rest_of_the_way(along_m: float) -> tuple[Point, ...]:
    """The short route's line from ``along_m`` on."""
    north = min(along_m, LEGS_M[0])
    east = max(0.0, min(along_m - LEGS_M[0], LEGS_M[1] - 0.5))
    corner = () if east else (at(LEGS_M[0], 0),)
    return (at(north, east), *corner, at(*LEGS_M)) if north < LEGS_M[0] or east else (*corner, at(*LEGS_M))


class Stroll:
    """Running glasses, their world, and what the wearer was told and shown."""

    def __init__(
        self,
        folder: Path,
        clock: VirtualClock,
        noise: Noise,
        *,
        outing: Outing | None = None,
        fresh: bool = True,
        compass: bool = True,
    ) -> None:
        outing = outing or Outing(
            points=rest_of_the_way(0.0), speed_mps=SPEED_MPS, starts_s=STARTS_S, noise=noise
        )
        self.clock = clock
        self.world = World(clock, Scenario(name="stroll", ends_s=600.0, walk=outing), load_picture, 1)
        board = msgspec.structs.replace(load("sim"), camera=None, microphone=None, capture_light=None)
        if not compass:
            board = msgspec.structs.replace(board, magnetometer=None)
        self.glasses = Glasses(board, clock, Options(folder, os.environ, console=False), self.world)
        self.glasses.readers.run = _nothing  # type: ignore[method-assign]  # nothing is read on a walk
        if fresh:
            keep_route(self.glasses.store, short_route())
            self.glasses.store.set(JOURNEY, Journey(on=True))
        self.told: list[tuple[float, Guidance]] = []
        self.faults: list[tuple[float, Fault]] = []
        self.seen: list[Seen] = []
        self.places: list[Place] = []
        bus = self.glasses.bus
        bus.tap(GUIDANCE, lambda told: self.told.append((self.now_s, told)))
        bus.tap(FAULT, lambda fault: self.faults.append((self.now_s, fault)))
        bus.tap(PLACE, self.places.append)

    @property
    def now_s(self) -> float:
        """Virtual seconds."""
        return self.clock.now_ns() / NS

    @property
    def events(self) -> list[str]:
        """What was told."""
        return [told.event for _, told in self.told]

    @property
    def cued(self) -> list[int]:
        """The maneuvers that were cued."""
        return [told.maneuver for _, told in self.told if told.event == "cue"]

    @property
    def words(self) -> str:
        """Of navigation's card as the HUD has it now."""
        card = self.glasses.hud.scene.card
        return _words(card) if card is not None and card.key == KEY else ""

    @property
    def along_m(self) -> float:
        """How far the wearer truly has walked."""
        walker = self.world.walker
        assert walker is not None
        return max(0.0, min(self.now_s - STARTS_S, END_S - STARTS_S)) * SPEED_MPS

    def arrow(self) -> float | None:
        """On the HUD when it was last looked at."""
        return self.seen[-1].arrow

    def lines(self, part: str, *, up: bool = False) -> list[str]:
        """The lines about ``part`` that the wearer was told: faults, or that it works again."""
        return [fault.text for _, fault in self.faults if fault.part == part and fault.up == up]

    async def until(self, at_s: float) -> None:
        """Let time pass, looking at the HUD."""
        while at_s - self.now_s > 1e-6:  # the clock counts whole nanoseconds
            await self.clock.sleep(min(LOOK_S, at_s - self.now_s))
            self._look()

    async def sleep(self, seconds: float) -> None:
        """As ``until``, from now."""
        await self.until(self.now_s + seconds)

    def _look(self) -> None:
        scene = self.glasses.hud.scene
        last = self.glasses.bus.latest(PLACE)
        silent_s = self.now_s - (last.t_ns / NS if last is not None else 0.0)
        self.seen.append(Seen(self.now_s, self.words, scene.arrow, silent_s))

    def away_m(self, place: Place) -> float:
        """How far ``place`` is from where the wearer truly was."""
        truth = self.world.place(place.t_ns)
        assert truth is not None
        north, east = metres_per_degree(truth.latitude)
        off = ((place.latitude - truth.latitude) * north, (place.longitude - truth.longitude) * east)
        return float((off[0] ** 2 + off[1] ** 2) ** 0.5)


def stroll(folder: Path, script: Script, *, fresh: bool = True, compass: bool = True) -> Stroll:
    """Walk once, while ``script`` goes on; not ``fresh``: with what ``folder`` keeps. Not ``compass``: without a
    magnetometer.
    """
    clock = VirtualClock()
    one = Stroll(folder, clock, noise_of(1.5), fresh=fresh, compass=compass)
    run_virtual(clock, tell(one, script))
    return one


async def tell(one: Stroll, script: Script) -> None:
    """Run the glasses while ``script`` goes on, and stop them."""
    running = asyncio.create_task(one.glasses.run())
    try:
        await script(one)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def check_nothing_stale(one: Stroll) -> None:
    """The promise: nothing of navigation stands when no place has come for longer than the limit and a second. That
    the wearer has arrived stays true.
    """
    stale = [
        seen
        for seen in one.seen
        if seen.silent_s > SILENT_S + 1.0
        and (seen.arrow is not None or (seen.words and not seen.words.startswith("Arrived")))
    ]
    assert not stale, f"stale: {stale[:3]}"


def check_no_parts_died(one: Stroll) -> None:
    """No part of the software crashed: only what has a cable may have been started again."""
    for part in one.glasses.supervisor.status():
        if part.name not in ("gnss", "imu", "magnetometer", "display", "battery", "console"):
            assert part.restarts == 0, f"{part.name}: {part.last_error}"


def _words(card: Card) -> str:
    return " · ".join(line.text for line in card.lines)


async def _nothing() -> None:
    await asyncio.get_running_loop().create_future()
