"""Captions on the simulator's glasses whole, on the real clock: how soon words are there, alone and beside snaps.

When a word was spoken is what faster-whisper's alignment says, where it is installed; else our own times.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from drivers.base import AudioChunk, ImuSamples
from drivers.sim.scenario import Step
from models.speech.whisper.recogniser import open_recogniser
from runtime.app import Glasses
from runtime.core.clock import NS, RealClock
from runtime.core.messages import Caption
from runtime.core.topics import AUDIO, CAPTION, IMU
from runtime.features.captions import wishes
from tools.bench import captions_weights
from tools.bench.captions_clips import Clip, clips, units
from tools.bench.captions_peer import Word, faster_whisper
from tools.bench.captions_stream import whole
from tools.bench.figures import Figure, median, percentile
from tools.bench.probes import loaded, make, snap

START_S, GAP_S = 6.0, 2.5  # until the first clip, and of silence between two
ROUNDS = 3


class Spoken(msgspec.Struct, frozen=True):
    """A clip in the run: when it begins, and for each of its units (see ``units``) when that was spoken."""

    clip: Clip
    at_s: float
    ends_s: list[float]


class Run(msgspec.Struct):
    """Captions with their seconds since the start, and what was lost."""

    told: list[tuple[float, Caption]] = msgspec.field(default_factory=list)
    imu_lost: int = 0
    overruns: int = 0
    snaps: int = 0


def measure() -> Iterator[Figure]:
    """The same clips alone, and while snaps follow each other."""
    plan = _plan()
    alone, busy = (_run(plan, snapping=snapping) for snapping in (False, True))
    first, last = [_first(alone, one) for one in plan], [_last(alone, one) for one in plan]
    yield Figure(f"first word → HUD, worst of {len(plan)}", max(first), "s", 1.2)
    yield Figure("first word → HUD, median", median(first), "s")
    yield Figure("end of speech → all committed, worst", max(last), "s", 0.8)
    yield Figure("end of speech → all committed, median", median(last), "s")
    lags = [percentile([lag for one in plan for lag in _lags(run, one)], 95) for run in (alone, busy)]
    yield Figure("word → HUD, p95", lags[0], "s")
    yield Figure(f"word → HUD, p95, beside {busy.snaps} snaps", lags[1], "s")
    yield Figure("beside snaps / alone, p95", lags[1] / lags[0], "×", 1.3)
    yield Figure("IMU samples and microphone periods lost", busy.imu_lost + busy.overruns, "", 0)


def _plan() -> list[Spoken]:
    plan, at_s = [], START_S
    spoken = {clip.name: _ends(clip) for clip in clips()}
    for clip in clips() * ROUNDS:
        plan.append(Spoken(clip, at_s, spoken[clip.name]))
        at_s += clip.seconds + GAP_S
    return plan


def _ends(clip: Clip) -> list[float]:
    peer = faster_whisper()
    if peer is not None:
        words = peer.words(clip.samples, clip.language)
    else:
        model = open_recogniser(captions_weights.built())
        pieces = whole(model.utterance(language=clip.language), clip.samples).pieces
        words = [Word(piece.text, piece.end_s) for piece in pieces]
    return [word.end_s for word in words for _ in units(word.text, clip.language)]


def _run(plan: Sequence[Spoken], *, snapping: bool) -> Run:
    with tempfile.TemporaryDirectory() as data:
        return asyncio.run(_play(plan, Path(data), snapping))


async def _play(plan: Sequence[Spoken], data: Path, snapping: bool) -> Run:
    clock, run = RealClock(), Run()
    glasses = make(clock, data, tuple(Step(at=one.at_s, say=str(one.clip.path)) for one in plan))
    glasses.store.set(wishes.setting("on"), True)
    assert glasses.world is not None
    start_ns = glasses.world.start_ns
    glasses.bus.tap(CAPTION, lambda one: run.told.append(((clock.now_ns() - start_ns) / NS, one)))
    running = asyncio.ensure_future(glasses.run())
    try:
        await loaded(glasses)
        _count_losses(glasses, run)
        snaps = asyncio.ensure_future(_snap_on(glasses, run)) if snapping else None
        await clock.sleep(plan[-1].at_s + plan[-1].clip.seconds + 4.0 - (clock.now_ns() - start_ns) / NS)
        if snaps is not None:
            snaps.cancel()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        clock.close()
    return run


def _count_losses(glasses: Glasses, run: Run) -> None:
    def imu(samples: ImuSamples) -> None:
        run.imu_lost += samples.lost

    def audio(chunk: AudioChunk) -> None:
        run.overruns += chunk.overruns

    glasses.bus.tap(IMU, imu)
    glasses.bus.tap(AUDIO, audio)


async def _snap_on(glasses: Glasses, run: Run) -> None:
    while True:
        await snap(glasses)
        run.snaps += 1


def _counts(run: Run, one: Spoken) -> Iterator[tuple[float, int, int]]:
    """Seconds since the clip began; how many of its units are shown, and committed, on the last line then."""
    before = next((told.committed for at_s, told in reversed(run.told) if at_s < one.at_s), "")
    for at_s, told in run.told:
        since_s = at_s - one.at_s
        if not 0 < since_s < one.clip.seconds + GAP_S:
            continue
        line = told.committed.rpartition("\n")[2] if told.committed != before else ""
        settled = len(units(line, one.clip.language))
        yield since_s, len(units(f"{line} {told.tentative}", one.clip.language)), settled


def _lags(run: Run, one: Spoken) -> list[float]:
    """For each unit, seconds from its end until it is first shown."""
    lags = []
    for number, end_s in enumerate(one.ends_s, 1):
        shown_s = next((at for at, shown, _ in _counts(run, one) if shown >= number), None)
        if shown_s is not None:
            lags.append(shown_s - end_s)
    return lags


def _first(run: Run, one: Spoken) -> float:
    return next((at for at, shown, _ in _counts(run, one) if shown), 99.0) - one.ends_s[0]


def _last(run: Run, one: Spoken) -> float:
    counts = list(_counts(run, one))
    most = max((settled for _, _, settled in counts), default=0)
    return next((at for at, _, settled in counts if settled == most and most), 99.0) - one.ends_s[-1]
