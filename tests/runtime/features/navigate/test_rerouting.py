"""A new route arrives while the wearer stops, starts or loads another: at any moment, the wearer's wish wins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from runtime.core.clock import VirtualClock
from runtime.features.navigate import rerouting
from runtime.features.navigate.asks import SERVER, Journey
from runtime.features.navigate.following.state import fingerprint
from runtime.features.navigate.kept import keep_route, read_journey, read_route
from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import Route
from tests.runtime.features.navigate.routes.samples import at, osrm, step
from tests.runtime.features.navigate.test_feature import Glasses

T = TypeVar("T")
ASKED_S, STORED_S = 0.5, 0.1
READY_S = 0.5  # the feature has looked whether a journey was under way
OLD, NEW, LOADED = "Old Road", "New Road", "Loaded Road"
# From before the answer to after its writing, and right between the store's jobs.
MOMENTS = [0.2, *(0.5 + n / 50 for n in range(20))]


class SlowClock(VirtualClock):
    """A routing server and a store that take time; the store does one job after the other."""

    def __init__(self) -> None:
        super().__init__()
        self._store = asyncio.Lock()

    async def call(self, thread: str, work: Callable[..., T], *args: Any) -> T:
        if thread == "routes":
            await self.sleep(ASKED_S)
            return await super().call(thread, work, *args)
        async with self._store:
            await self.sleep(STORED_S / 2)
            done = await super().call(thread, work, *args)
            await self.sleep(STORED_S / 2)
            return done


def route(name: str, east_m: float = 0.0) -> Route:
    """300 m north."""
    ends = (at(0, east_m), at(300, east_m))
    steps = [step("depart", ends[0], 300.0, name=name), step("arrive", ends[1], 0.0)]
    return load_route(osrm(ends, [steps], 300.0), name)


@pytest.fixture
def glasses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Glasses:
    monkeypatch.setattr(rerouting, "ask_route", lambda *_: route(NEW, 100.0))
    glasses = Glasses(tmp_path, SlowClock())
    glasses.store.set(SERVER, "http://localhost:1")
    keep_route(glasses.store, route(OLD))
    return glasses


async def _stray(glasses: Glasses) -> None:
    """Off the way until another route is asked for."""
    await glasses.clock.sleep(READY_S)
    glasses.ask("start")
    await glasses.go(0, 40)
    for second in range(300):
        await glasses.stand(40 + 1.4 * second, min(100.0, 3.0 * second), speed=1.4, course=0.0)
        await glasses.clock.sleep(0.001)
        if ("reroute", -1) in glasses.events:
            return
    raise AssertionError(f"no other route was asked for: {glasses.events}")


async def _load(glasses: Glasses) -> None:
    """As the console does."""
    await glasses.clock.call("store", keep_route, glasses.store, route(LOADED), Journey(True))
    glasses.ask("start")


def _kept(glasses: Glasses) -> tuple[str, bool]:
    """The fingerprint of the kept route, and whether the kept progress is that one's."""
    kept, journey = read_route(glasses.store), read_journey(glasses.store)
    assert kept is not None and journey.guide is not None
    return fingerprint(kept), journey.guide.follower.route == fingerprint(kept)


def test_the_new_route_is_followed_and_kept(glasses: Glasses) -> None:
    async def script(glasses: Glasses) -> None:
        await _stray(glasses)
        await glasses.clock.sleep(2.0)
        assert _kept(glasses) == (fingerprint(route(NEW, 100.0)), True)

    glasses.play(script)


@pytest.mark.parametrize("moment_s", MOMENTS)
def test_who_stops_meanwhile_has_stopped(glasses: Glasses, moment_s: float) -> None:
    async def script(glasses: Glasses) -> None:
        await _stray(glasses)
        await glasses.clock.sleep(moment_s)
        glasses.ask("stop")
        await glasses.clock.sleep(2.0)
        assert not read_journey(glasses.store).on
        told = len(glasses.told)
        for second in range(20):
            await glasses.stand(100 + 1.4 * second, 150.0, speed=1.4, course=0.0)
        assert len(glasses.told) == told

    glasses.play(script)


@pytest.mark.parametrize("moment_s", MOMENTS)
def test_who_loads_a_route_meanwhile_follows_that_one(glasses: Glasses, moment_s: float) -> None:
    async def script(glasses: Glasses) -> None:
        await _stray(glasses)
        await glasses.clock.sleep(moment_s)
        await _load(glasses)
        await glasses.clock.sleep(2.0)
        assert _kept(glasses) == (fingerprint(route(LOADED)), True)

    glasses.play(script)


def test_who_stops_while_the_route_is_still_being_read_has_stopped(glasses: Glasses) -> None:
    async def script(glasses: Glasses) -> None:
        await glasses.clock.sleep(READY_S)
        glasses.ask("start")
        await glasses.clock.sleep(STORED_S / 2)
        glasses.ask("stop")
        await glasses.clock.sleep(1.0)
        assert not read_journey(glasses.store).on

    glasses.play(script)
