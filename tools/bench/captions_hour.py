"""An hour of speech, silence and noise through the glasses whole, on virtual time: nothing tires, nothing drifts."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import soundfile

from drivers.sim.scenario import Step
from models.speech.vad import RATE_HZ
from runtime.core.clock import NS, VirtualClock, run_virtual
from runtime.core.messages import Caption
from runtime.core.topics import CAPTION
from runtime.features.captions import wishes
from tools.bench.captions_clips import Clip, clips, noisy, units
from tools.bench.figures import Figure, median
from tools.bench.probes import make, resident_mb

HOUR_S, SETTLED_S = 3600.0, 900.0
EVERY_S, NOISE_AT_S, NOISE_S = 40.0, 20.0, 10.0  # a clip, and between two of them a stretch of noise
LATE_S = 3.0  # after a clip what it said is there


class Hour(msgspec.Struct):
    """Captions with their seconds since the start, and megabytes at two moments."""

    told: list[tuple[float, Caption]] = msgspec.field(default_factory=list)
    memory: list[float] = msgspec.field(default_factory=list)


def measure() -> Iterator[Figure]:
    """One hour."""
    spoken = clips()
    plan = [
        (at_s, spoken[number % len(spoken)])
        for number, at_s in enumerate(range(10, round(HOUR_S - EVERY_S), round(EVERY_S)))
    ]
    with tempfile.TemporaryDirectory() as folder:
        hour = _live(plan, Path(folder))
    missed = [(at_s, clip) for at_s, clip in plan if not _said(hour, at_s, clip)]
    yield Figure(f"sentences of {len(plan)} that brought no caption", len(missed), "", 0)
    yield Figure("… of them after minute 20", sum(at_s > 1200 for at_s, _ in missed), "", 0)
    yield Figure("new words in silence or noise", len(_from_nothing(hour, plan)), "", 0)
    offsets = [
        [hour_s - at_s - clip.seconds for at_s, clip, hour_s in _ends(hour, plan) if clip is one]
        for one in spoken
    ]
    drift = max((abs(median(some[-5:]) - median(some[:5])) for some in offsets if some), default=99.0)
    yield Figure("times of captions: last against first", 1000 * drift, "ms", 20)
    yield Figure("memory: end against minute 15", hour.memory[-1] - hour.memory[0], "MB", 10)


def _live(plan: Sequence[tuple[float, Clip]], folder: Path) -> Hour:
    noise = noisy(np.full(round(NOISE_S * RATE_HZ), 1e-2, np.float32), 0.0, np.random.default_rng(3))
    noise = (0.05 * (noise - 1e-2) / max(float(np.std(noise)), 1e-9)).astype(np.float32)
    soundfile.write(folder / "noise.wav", noise, RATE_HZ)
    steps = [Step(at=at_s, say=str(clip.path)) for at_s, clip in plan]
    steps += [Step(at=at_s + NOISE_AT_S, say=str(folder / "noise.wav")) for at_s, _ in plan]
    return run_virtual(
        clock := VirtualClock(), _play(clock, tuple(sorted(steps, key=lambda step: step.at)), folder)
    )


async def _play(clock: VirtualClock, steps: tuple[Step, ...], folder: Path) -> Hour:
    hour, glasses = Hour(), make(clock, folder / "data", steps)
    glasses.store.set(wishes.setting("on"), True)
    glasses.bus.tap(CAPTION, lambda one: hour.told.append((clock.now_ns() / NS, one)))
    running = asyncio.ensure_future(glasses.run())
    for seconds in (SETTLED_S, HOUR_S - SETTLED_S):
        await clock.sleep(seconds)
        hour.memory.append(resident_mb())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return hour


def _during(hour: Hour, from_s: float, until_s: float) -> list[Caption]:
    return [told for at_s, told in hour.told if from_s <= at_s < until_s]


def _said(hour: Hour, at_s: float, clip: Clip) -> bool:
    """Whether at least half as many units stand there as were spoken."""
    told = _during(hour, at_s, at_s + clip.seconds + LATE_S)
    line = told[-1].committed.rpartition("\n")[2] if told else ""
    return 2 * len(units(line, clip.language)) >= len(units(clip.truth, clip.language))


def _from_nothing(hour: Hour, plan: Sequence[tuple[float, Clip]]) -> list[str]:
    """What was told while nobody spoke."""
    return [
        told.committed + told.tentative
        for at_s, clip in plan
        for told in _during(hour, at_s + clip.seconds + LATE_S, at_s + EVERY_S)
        if told.committed or told.tentative
    ]


def _ends(hour: Hour, plan: Sequence[tuple[float, Clip]]) -> Iterator[tuple[float, Clip, float]]:
    """For each clip when, by the caption, its last word was heard."""
    for at_s, clip in plan:
        told = _during(hour, at_s, at_s + clip.seconds + LATE_S)
        if told:
            yield at_s, clip, told[-1].t_ns / NS
