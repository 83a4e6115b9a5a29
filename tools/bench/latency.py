"""Shutter → HUD and head turn → panel on the real clock, at rest and while snaps go on without a pause."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

from runtime.app import Glasses
from runtime.core.clock import RealClock
from runtime.core.messages import Arrow, Pose, Shown
from runtime.core.topics import ARROW, IMU, POSE, SHOWN
from tools.bench.figures import Figure, median, percentile
from tools.bench.probes import loaded, make, snap

SNAPS, ARROWS_S = 12, 8.0


def measure() -> Iterator[Figure]:
    """Milliseconds on this machine, the simulator's glasses whole."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as data:
        asyncio.run(_run(Path(data), figures))
    yield from figures


async def _run(data: Path, figures: list[Figure]) -> None:
    clock = RealClock()
    glasses = make(clock, data)
    running = asyncio.ensure_future(glasses.run())
    try:
        await loaded(glasses)
        await snap(glasses)
        figures += await _snaps(glasses)
        figures += await _arrows(glasses)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        clock.close()


async def _snaps(glasses: Glasses) -> list[Figure]:
    reactions: list[float] = []
    cards: list[float] = []
    shown: list[int] = []
    close = glasses.bus.tap(SHOWN, lambda message: shown.append(message.t_ns))
    for _ in range(SNAPS):
        await glasses.clock.sleep(0.3)
        shown.clear()
        start_ns = glasses.clock.now_ns()
        await snap(glasses)
        await glasses.clock.sleep(0.1)  # until the panel has taken the card that was just published
        reactions.append((shown[0] - start_ns) / 1e6)
        cards.append((shown[-1] - start_ns) / 1e6)
    close()
    stages = [
        Figure(f"  of which {stage.name}, median", stage.median_ms, "ms")
        for stage in glasses.tracer.ledger("snap.")
    ]
    return [
        Figure("shutter → first HUD reaction, median", median(reactions), "ms", 50),
        Figure("shutter → first HUD reaction, worst", max(reactions), "ms", 50),
        Figure("shutter → card on the panel, median", median(cards), "ms", 1000),
        *stages,
    ]


async def _arrows(glasses: Glasses) -> list[Figure]:
    """Each pose moves the arrow; from the pose's own time to the panel having taken it."""
    idle = await follow(glasses)
    busy_snaps = asyncio.ensure_future(_snap_on(glasses))
    before = _counts(glasses)
    busy = await follow(glasses)
    samples = _counts(glasses) - before
    busy_snaps.cancel()
    await asyncio.gather(busy_snaps, return_exceptions=True)
    glasses.bus.publish(ARROW, Arrow(None))
    at_rest, under_load = percentile(idle, 99), percentile(busy, 99)
    return [
        Figure("pose → panel at rest, p99", at_rest, "ms"),
        Figure("pose → panel while snapping, p99", under_load, "ms"),
        Figure("pose → panel: while snapping / at rest, p99", under_load / at_rest, "×", 1.5),
        Figure("IMU batches a second while snapping", samples / ARROWS_S, "Hz", 95, "more"),
    ]


async def follow(glasses: Glasses) -> list[float]:
    """For ``ARROWS_S`` seconds, milliseconds from each pose to the next picture on the panel."""
    waiting: list[int] = []
    delays: list[float] = []

    def on_pose(pose: Pose) -> None:
        if not waiting:
            waiting.append(pose.t_ns)
            glasses.bus.publish(ARROW, Arrow(float(pose.t_ns // 10_000_000 * 7 % 360)))

    def on_shown(shown: Shown) -> None:
        if waiting:
            delays.append((shown.t_ns - waiting.pop()) / 1e6)

    closes = [glasses.bus.tap(POSE, on_pose), glasses.bus.tap(SHOWN, on_shown)]
    await glasses.clock.sleep(ARROWS_S)
    for close in closes:
        close()
    return delays


async def _snap_on(glasses: Glasses) -> None:
    while True:
        await snap(glasses)


def _counts(glasses: Glasses) -> int:
    return glasses.bus.stats[IMU.name].count
