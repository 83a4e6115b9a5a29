"""A walk with the glasses whole, on virtual time: emulated receiver and IMU, real drivers, real HUD."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from boards.load import load
from drivers.camera.decode import load_picture
from drivers.sim.outing import Noise, Outage, Outing, noise_of
from drivers.sim.scenario import Scenario
from drivers.sim.world import World
from runtime.app import Glasses, Options
from runtime.core.clock import NS, VirtualClock, run_virtual
from runtime.core.messages import Card, Fault, Guidance, Place
from runtime.core.topics import CARD, FAULT, GUIDANCE, HEADING, PLACE
from runtime.features.navigate.asks import JOURNEY, KEY, Journey
from runtime.features.navigate.kept import keep_route, read_journey
from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import Route
from tests.runtime.features.navigate.routes.samples import at, osrm, step

NORTH_M, EAST_M = 80.0, 50.0
POINTS = (at(0, 0), at(NORTH_M, 0), at(NORTH_M, EAST_M))
STARTS_S, SPEED_MPS = 5.0, 1.5
CORNER_S = STARTS_S + NORTH_M / SPEED_MPS
END_S = CORNER_S + EAST_M / SPEED_MPS
OVER_S = END_S + 8.0  # the arrival is told by then

Script = Callable[["Walk"], Awaitable[None]]


class Walk:
    """80 m north, right at a corner, 50 m east; what is told and shown on it."""

    def __init__(
        self,
        folder: Path,
        noise: Noise,
        clock: VirtualClock,
        *,
        speed_mps: float = SPEED_MPS,
        fresh: bool = True,
    ) -> None:
        outing = Outing(points=POINTS, noise=noise, starts_s=STARTS_S, speed_mps=speed_mps)
        scenario = Scenario(name="walk", ends_s=400.0, walk=outing)
        self.clock = clock
        self.world = World(clock, scenario, load_picture, 1)
        board = msgspec.structs.replace(load("sim"), camera=None, microphone=None, capture_light=None)
        self.glasses = Glasses(board, clock, Options(folder, os.environ, console=False), self.world)
        if fresh:
            keep_route(self.glasses.store, way())
            self.glasses.store.set(JOURNEY, Journey(on=True))
        self.told: list[Guidance] = []
        self.places: list[Place] = []
        self.faults: list[Fault] = []
        self.cards: list[tuple[float, Card]] = []
        bus = self.glasses.bus
        bus.tap(GUIDANCE, self.told.append)
        bus.tap(PLACE, self.places.append)
        bus.tap(FAULT, self.faults.append)
        bus.tap(CARD, lambda card: self.cards.append((self.now_s, card)) if isinstance(card, Card) else None)

    @property
    def now_s(self) -> float:
        return self.clock.now_ns() / NS

    @property
    def events(self) -> list[str]:
        return [one.event for one in self.told]

    @property
    def shown(self) -> str:
        """The navigation's card as the HUD has it now."""
        card = self.glasses.hud.scene.card
        return " · ".join(line.text for line in card.lines) if card is not None and card.key == KEY else ""


def way() -> Route:
    """With a turn right at its corner."""
    steps = [
        step("depart", POINTS[0], NORTH_M, modifier="straight", name="江苏路"),
        step("turn", POINTS[1], EAST_M, modifier="right", name="愚园路 / Yuyuan Rd."),
        step("arrive", POINTS[2], 0.0, modifier="left"),
    ]
    return load_route(osrm(POINTS, [steps], NORTH_M + EAST_M), "way")


def play(folder: Path, script: Script, noise: Noise | None = None, *, speed_mps: float = SPEED_MPS) -> Walk:
    clock = VirtualClock()
    walk = Walk(folder, noise or noise_of(2.0), clock, speed_mps=speed_mps)
    run_virtual(clock, _play(walk, script))
    return walk


async def _play(walk: Walk, script: Script) -> None:
    running = asyncio.create_task(walk.glasses.run())
    await script(walk)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def to_the_end(walk: Walk) -> None:
    await walk.clock.sleep(OVER_S)


def test_from_the_first_fix_to_the_arrival(tmp_path: Path) -> None:
    walk = play(tmp_path, to_the_end)
    corner_events = [one.event for one in walk.told if one.maneuver == 1]
    assert corner_events == ["prepare", "cue"]
    assert walk.events[-1] == "arrived"
    assert not {"off_route", "wrong_way", "withdrawn"} & set(walk.events)
    turn = next(one for one in walk.told if one.event == "cue" and one.maneuver == 1)
    assert turn.arrow_deg is not None
    assert turn.sd_deg is not None
    assert turn.sd_deg < 15


def test_the_heading_of_a_walker_who_looks_aside(tmp_path: Path) -> None:
    errors = []

    async def script(walk: Walk) -> None:
        await walk.clock.sleep(30.0)
        for yaw in (0.0, 60.0, 0.0, -45.0, 0.0):
            walk.world.look(yaw, 0.0)
            await walk.clock.sleep(3.0)
            heading, truth = walk.glasses.bus.latest(HEADING), walk.world.heading(walk.clock.now_ns())
            assert heading is not None
            assert truth is not None
            errors.append(abs((heading.degrees - truth + 180) % 360 - 180))

    play(tmp_path, script)
    assert max(errors) < 15


def test_a_tunnel_is_walked_through_by_counted_steps(tmp_path: Path) -> None:
    tunnel = msgspec.structs.replace(noise_of(2.0), outages=(Outage(at_s=20.0, for_s=25.0),))
    walk = play(tmp_path, to_the_end, tunnel)
    inside = [place for place in walk.places if place.source == "steps"]
    assert len(inside) > 15
    accuracies = [place.accuracy_m for place in inside]
    assert accuracies == sorted(accuracies)
    truth = walk.world.place(inside[-1].t_ns)
    assert truth is not None
    assert abs(inside[-1].latitude - truth.latitude) * 110_857 < 10
    assert walk.events[-1] == "arrived"
    assert "withdrawn" not in walk.events


@pytest.mark.parametrize(
    "kind", ["unplug", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("silent", "garbage"))]
)
def test_a_receiver_that_fails_takes_the_cue_down_and_it_comes_back(tmp_path: Path, kind: str) -> None:
    slow_mps = 1.0  # so that the cue is there before and after
    corner_s = STARTS_S + NORTH_M / slow_mps

    async def script(walk: Walk) -> None:
        await walk.clock.sleep(corner_s - 32.0)
        assert "Turn right" in walk.shown
        walk.world.faults.set("gnss", kind)
        walk.world.faults.set("imu", "unplug")  # no steps either
        await walk.clock.sleep(9.0)
        assert walk.shown == ""
        walk.world.faults.clear()
        await walk.clock.sleep(14.0)  # the supervisor's pauses have grown meanwhile
        assert "Turn right" in walk.shown
        await walk.clock.sleep(EAST_M / slow_mps + 15.0)

    walk = play(tmp_path, script, speed_mps=slow_mps)
    assert walk.events[-1] == "arrived"
    assert [one.event for one in walk.told if one.maneuver == 1 and one.event == "cue"] == ["cue"]
    texts = {fault.text for fault in walk.faults if fault.part == "gnss" and not fault.up}
    assert len(texts) <= 1, "one calm line"


@pytest.mark.parametrize("kind", [pytest.param("backwards", marks=pytest.mark.slow), "jump"])
def test_a_receiver_that_lies_for_three_seconds_raises_no_alarm(tmp_path: Path, kind: str) -> None:
    async def script(walk: Walk) -> None:
        await walk.clock.sleep(30.0)
        walk.world.faults.set("gnss", kind)
        await walk.clock.sleep(3.0)
        walk.world.faults.clear()
        await walk.clock.sleep(OVER_S - walk.now_s)

    walk = play(tmp_path, script)
    assert not {"off_route", "wrong_way", "reroute"} & set(walk.events)
    assert walk.events[-1] == "arrived"


def test_the_way_goes_on_after_a_kill(tmp_path: Path) -> None:
    """The store is all that is left of the first glasses; the second ones go on where they were."""

    async def first(walk: Walk) -> None:
        await walk.clock.sleep(CORNER_S - 5.0)

    done = play(tmp_path, first)
    kept_m = 0.0

    async def second(walk: Walk) -> None:
        nonlocal kept_m
        await walk.clock.sleep(1.0)
        kept = read_journey(walk.glasses.store)
        assert kept.on
        assert kept.guide is not None
        kept_m = kept.guide.follower.along_m
        await walk.clock.sleep(20.0)
        assert walk.places

    clock = VirtualClock()
    again = Walk(tmp_path, noise_of(2.0), clock, fresh=False)
    run_virtual(clock, _play(again, second))
    assert kept_m > NORTH_M - 40
    assert done.told
