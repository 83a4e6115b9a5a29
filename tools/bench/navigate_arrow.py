"""From a turn of the head to the arrow on the panel, on the real clock, at rest and beside snaps and captions; and
what an arrow that never rests costs.
"""

from __future__ import annotations

import asyncio
import os
import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from boards.load import load
from drivers.base import ImuSamples, Rect
from drivers.camera.decode import load_picture
from drivers.sim.outing import Outing, noise_of
from drivers.sim.scenario import FOLDER, Scenario, Step, load_scenario
from drivers.sim.world import World
from runtime.app import Glasses, Options
from runtime.core.clock import NS, RealClock
from runtime.core.messages import Arrow, Shown
from runtime.core.topics import ARROW, IMU, POSE, SHOWN
from runtime.features.captions import wishes
from runtime.features.navigate.asks import JOURNEY, Journey
from runtime.features.navigate.kept import keep_route
from runtime.features.navigate.routes.load import load_route
from runtime.hud.render import Hud
from runtime.hud.scene import Scene
from tools.bench.captions_clips import clips
from tools.bench.figures import Figure, median, percentile
from tools.bench.navigate_routes import osrm_answer
from tools.bench.probes import loaded, snap

BEGUN_S, FOLLOW_S = 22.0, 12.0  # until the heading is known; of each measure
SPIN_DEG, SPIN_S, SLOW_S = (
    2700.0,
    20.0,
    4.0,
)  # a head that spins: between the slow ends the arrow changes all the time
# A corner every 40 m: there is always a cue, and with it the arrow.
STREET = [(40.0 * ((i + 1) // 2), 40.0 * (i // 2)) for i in range(16)]


class Run(msgspec.Struct):
    """Milliseconds from a sample of the IMU to the panel that shows it or a later one, arrows, and processor seconds
    a second.
    """

    delays: list[float] = msgspec.field(default_factory=list)
    arrows: int = 0
    cpu: float = 0.0


def measure() -> Iterator[Figure]:
    """The same glasses three times: without an arrow, with one that turns all the time, and busy besides."""
    with tempfile.TemporaryDirectory() as data:
        bare, idle, busy = asyncio.run(_run(Path(data)))
    at_rest, beside = percentile(idle.delays, 99), percentile(busy.delays, 99)
    yield Figure("head turn → arrow on the panel, median", median(idle.delays), "ms")
    yield Figure("head turn → arrow on the panel, p99", at_rest, "ms", 40)
    yield Figure("… beside snaps and captions, p99", beside, "ms")
    yield Figure("beside snaps and captions / at rest, p99", beside / at_rest, "×", 1.5)
    yield Figure("arrows a second", idle.arrows / FOLLOW_S, "Hz")
    yield Figure("an arrow at that rate, of a core", 100 * (idle.cpu - bare.cpu), "%", 10)


async def _run(data: Path) -> tuple[Run, Run, Run]:
    clock = RealClock()
    glasses = _make(clock, data)
    running = asyncio.ensure_future(glasses.run())
    try:
        await loaded(glasses)
        await clock.sleep(BEGUN_S)
        glasses.request("navigate", "mute")
        await clock.sleep(2.0)
        bare = await _follow(glasses)
        glasses.request("navigate", "unmute")
        await clock.sleep(2.0)
        idle = await _follow(glasses)
        glasses.store.set(wishes.setting("on"), True)
        glasses.request(wishes.ACTION)
        snapping = asyncio.ensure_future(_snap_on(glasses))
        await clock.sleep(4.0)
        busy = await _follow(glasses)
        snapping.cancel()
        await asyncio.gather(snapping, return_exceptions=True)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        clock.close()
    return bare, idle, busy


def _make(clock: RealClock, data: Path) -> Glasses:
    """A shelf to snap, somebody who speaks without a pause, and a walk round one corner after the other."""
    route = load_route(osrm_answer(STREET), "street")
    points = tuple((float(latitude), float(longitude)) for latitude, longitude in route.line)
    outing = Outing(points=points, starts_s=3.0, noise=noise_of(2.0))
    shelf = load_scenario(FOLDER / "shelf.toml")
    spoken, at_s = list[Step](), 0.0
    for clip in clips() * 12:
        spoken.append(Step(at=at_s, say=str(clip.path)))
        at_s += clip.seconds + 0.5
    scenario = Scenario(
        name="street", ends_s=0.0, pictures=shelf.pictures, steps=tuple(spoken), walk=outing, folder=FOLDER
    )
    world = World(clock, scenario, load_picture)
    glasses = Glasses(load("sim"), clock, Options(data=data, environ=os.environ, console=False), world)
    keep_route(glasses.store, route)
    glasses.store.set(JOURNEY, Journey(on=True))
    return glasses


async def _follow(glasses: Glasses) -> Run:
    """Each sample of the IMU waits until the panel took an arrow that was made of it or of a later one."""
    assert glasses.world is not None
    yaw, _ = glasses.world.yaw_pitch(glasses.clock.now_ns())
    glasses.world.look(yaw + SPIN_DEG, 0.0, SPIN_S)
    await glasses.clock.sleep(SLOW_S)
    run, waiting = Run(), list[int]()
    made = drawn = 0
    before = glasses.bus.latest(ARROW)
    pointing = before is not None and before.degrees is not None

    def on_imu(samples: ImuSamples) -> None:
        if pointing:
            waiting.extend(samples.t_ns.tolist())

    def on_arrow(arrow: Arrow) -> None:
        nonlocal made, pointing
        pose, pointing = glasses.bus.latest(POSE), arrow.degrees is not None
        if pointing and pose is not None:
            run.arrows += 1
            made = pose.t_ns
        elif not pointing:  # between two cues nothing is to be seen
            waiting.clear()

    def on_shown(shown: Shown) -> None:
        done = int(np.searchsorted(waiting, drawn, side="right"))
        run.delays.extend((shown.t_ns - t_ns) / 1e6 for t_ns in waiting[:done])
        del waiting[:done]

    def draw(scene: Scene, shift: tuple[int, int] = (0, 0)) -> list[Rect]:
        nonlocal drawn
        drawn = made
        return Hud.draw(glasses.hud.hud, scene, shift)

    glasses.hud.hud.draw = draw  # type: ignore[method-assign]  # which arrow it draws is told nowhere
    bus = glasses.bus
    closes = [bus.tap(IMU, on_imu), bus.tap(ARROW, on_arrow), bus.tap(SHOWN, on_shown)]
    start_ns, used = glasses.clock.now_ns(), _cpu_s()
    await glasses.clock.sleep(FOLLOW_S)
    run.cpu = (_cpu_s() - used) / ((glasses.clock.now_ns() - start_ns) / NS)
    for close in closes:
        close()
    del glasses.hud.hud.draw
    await glasses.clock.sleep(SLOW_S)
    return run


async def _snap_on(glasses: Glasses) -> None:
    while True:
        await snap(glasses)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
