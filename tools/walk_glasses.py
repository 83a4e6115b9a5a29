"""Whole glasses that follow a route on virtual time, whoever moves them: an emulated walker, or a recording."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from boards.load import load
from boards.spec import Board
from drivers.base import Fix
from drivers.sim.world import World
from runtime.app import Glasses, Options
from runtime.core.clock import NS, VirtualClock
from runtime.core.messages import Guidance, Shown
from runtime.core.topics import FIX, GUIDANCE, SHOWN
from runtime.features.navigate.asks import JOURNEY, Journey
from runtime.features.navigate.kept import keep_route
from runtime.features.navigate.routes.route import Route

TAIL_S = 6.0  # after the arrival


class Walk(msgspec.Struct):
    """What came of it: guidance in order, fixes, the true way [latitude, longitude], virtual seconds."""

    told: list[Guidance] = msgspec.field(default_factory=list)
    fixes: list[tuple[float, float]] = msgspec.field(default_factory=list)
    truth: list[tuple[float, float]] = msgspec.field(default_factory=list)
    seconds: float = 0.0

    @property
    def arrived(self) -> bool:
        """Whether the end was reached, by the glasses' own account."""
        return any(told.event == "arrived" for told in self.told)


Tell = Callable[[Guidance], None]
Show = Callable[[float, NDArray[np.uint8]], None]


def bare_board() -> Board:
    """The simulated board without what a walk does not need: no camera looks, no microphone hears."""
    return msgspec.structs.replace(
        load("sim"), camera=None, microphone=None, capture_light=None, battery=None
    )


@contextlib.contextmanager
def glasses_for(
    route: Route, board: Board, clock: VirtualClock, world: World, language: str, *, on: bool = True
) -> Iterator[Glasses]:
    """Glasses that keep ``route``, and follow it where ``on``; what they keep is gone afterwards."""
    with tempfile.TemporaryDirectory() as data:
        glasses = Glasses(board, clock, Options(Path(data), os.environ, console=False), world)
        keep_route(glasses.store, route)
        glasses.store.set(JOURNEY, Journey(on=on))
        glasses.store.set("wearer.language", language)
        yield glasses


async def follow(
    glasses: Glasses,
    clock: VirtualClock,
    move: Callable[[], Awaitable[None]],
    tell: Tell,
    show: Show | None,
    *,
    zero_s: float = 0.0,
) -> Walk:
    """Run the glasses until they say "arrived", or ``move`` ends. Times are told from ``zero_s`` on."""
    walk, there = Walk(), asyncio.Event()

    def hear(told: Guidance) -> None:
        told = msgspec.structs.replace(told, t_ns=told.t_ns - round(zero_s * NS))
        walk.told.append(told)
        tell(told)
        if told.event == "arrived":
            there.set()

    def see(_: Shown) -> None:
        if show is not None:
            show(clock.now_ns() / NS - zero_s, glasses.hud.hud.canvas)

    glasses.bus.tap(GUIDANCE, hear)
    glasses.bus.tap(FIX, lambda fix: _add(walk.fixes, fix))
    glasses.bus.tap(SHOWN, see)
    running = asyncio.create_task(glasses.run())
    moving, arrival = asyncio.ensure_future(move()), asyncio.create_task(there.wait())
    try:
        await asyncio.wait({moving, arrival}, return_when=asyncio.FIRST_COMPLETED)
        if moving.done():
            moving.result()  # what broke it off
        else:
            await clock.sleep(TAIL_S)
    finally:
        for task in (moving, arrival, running):
            task.cancel()
        await asyncio.gather(moving, arrival, running, return_exceptions=True)
    walk.seconds = clock.now_ns() / NS - zero_s
    return walk


def _add(fixes: list[tuple[float, float]], fix: Fix) -> None:
    fixes.append((fix.latitude, fix.longitude))
