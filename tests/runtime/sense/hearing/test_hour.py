"""An hour of silence or noise with a few words in it, heard by the real model over the simulated microphone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from drivers.audio.files import read_sound
from drivers.audio.microphones import SimMicrophone
from drivers.sim.scenario import Scenario, Step
from drivers.sim.world import World
from models.base import VoiceActivity
from models.manifest import list_manifests
from models.speech.segments import SpeechEvent
from models.speech.vad import SileroVad, open_vad
from runtime.core.clock import VirtualClock
from runtime.sense.health import process_usage
from tests.models.conftest import ModelFiles, fixtures, model_files
from tests.runtime.sense.hearing.rig import Rig

__all__ = ["fixtures", "model_files"]

NS = 1_000_000_000
ZH, EN = "zh_aishell_BAC009S0724W0121.wav", "en_librispeech_1995-1837-0001.wav"


@pytest.fixture
def vad(model_files: ModelFiles) -> SileroVad:
    return open_vad(list_manifests()["silero-vad"], model_files("silero-vad"))


def listen(
    vad: SileroVad, folder: Path, said: list[tuple[float, str]], minutes: float, noise_dbfs: float | None
) -> tuple[Rig, list[SpeechEvent], list[int]]:
    """The rig, what it heard of ``said`` (seconds, file) in so many minutes, resident bytes each minute."""
    steps = tuple(Step(at=at, say=file) for at, file in said)
    clock = VirtualClock()
    scenario = Scenario(name="hour", ends_s=0, steps=steps, noise_dbfs=noise_dbfs, folder=folder)
    world = World(clock, scenario, lambda path: np.zeros((1, 1, 3), np.uint8))

    @contextmanager
    def voice() -> Iterator[VoiceActivity]:
        yield vad.another()

    rig = Rig(lambda clock: SimMicrophone(world, clock, 48_000), voice, clock)
    resident: list[int] = []

    async def story() -> list[SpeechEvent]:
        gathering = asyncio.ensure_future(rig.gather(60 * minutes))
        while not gathering.done():
            resident.append(process_usage()[1])
            await asyncio.wait([gathering], timeout=60)
        return await gathering

    return rig, rig.run(story), resident


def begun(events: list[SpeechEvent]) -> list[float]:
    return [event.t_ns / NS for event in events if event.kind == "begin"]


def check_words(events: list[SpeechEvent], said: list[tuple[float, str]], folder: Path) -> None:
    """Each file was heard as one stretch that holds its loud part, and nothing else was."""
    assert len(begun(events)) == len(said)
    for t_s, (at, file) in zip(begun(events), said, strict=True):
        clip = read_sound(folder / file, 16_000)
        loud = np.flatnonzero(np.abs(clip) > 0.3 * np.abs(clip).max()) / 16_000
        end_s = next(
            e.t_ns / NS + len(e.samples) / 16_000 for e in events if e.kind == "end" and e.t_ns / NS > t_s
        )
        assert at - 0.3 <= t_s <= at + loud[0] and at + loud[-1] <= end_s <= at + len(clip) / 16_000 + 0.5


@pytest.mark.parametrize("noise_dbfs", [None, -50.0])
def test_words_are_heard_where_they_are_said(
    vad: SileroVad, fixtures: Path, noise_dbfs: float | None
) -> None:
    folder, said = fixtures / "speech", [(5.0, ZH), (20.0, EN), (40.0, ZH)]
    rig, events, _ = listen(vad, folder, said, 1.0, noise_dbfs)
    check_words(events, said, folder)
    assert rig.told == [] and rig.hearing.heard.lost_s == 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("noise_dbfs", [-45.0, None])
def test_an_hour(vad: SileroVad, fixtures: Path, noise_dbfs: float | None) -> None:
    folder = fixtures / "speech"
    said = [(1230.0, ZH), (2400.0, EN), (3541.0, ZH)]  # 20 minutes of nothing first, the last in minute 59
    rig, events, resident = listen(vad, folder, said, 60.0, noise_dbfs)
    check_words(events, said, folder)
    assert rig.told == [] and rig.hearing.heard.lost_s == 0 and rig.hearing.heard.dropped_s == 0
    assert max(resident[10:]) - resident[10] < 4 * 2**20
