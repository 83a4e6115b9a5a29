"""Somebody speaks, and it stands above the eye: real sound, real models, the whole glasses on virtual time."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from drivers.sim.scenario import Scenario, Step
from models.language import built_folder
from models.speech.choice import list_speech
from runtime.core.messages import Caption
from runtime.core.topics import CAPTION, FAULT
from runtime.features.captions import wishes
from tests.glasses.sim import STILL, Sim, play

SPEECH = Path(__file__).resolve().parents[3] / "shared" / "fixtures" / "speech"
ENGLISH, MANDARIN = "en_librispeech_1995-1837-0001.wav", "zh_aishell_BAC009S0724W0121.wav"


@pytest.fixture(autouse=True)
def _whole() -> None:
    if not SPEECH.is_dir():
        pytest.skip("../shared/fixtures is not here: real test data is not part of the repository")
    if not list_speech(built_folder(os.environ)):
        pytest.skip("no speech model is built: run `browline models build whisper-base`")


def says(*clips: tuple[float, str]) -> Scenario:
    steps = tuple(Step(at=at_s, say=str(SPEECH / clip)) for at_s, clip in clips)
    return msgspec.structs.replace(STILL, steps=steps)


class Watch:
    """Captions on, and all that was shown of them."""

    def __init__(self, sim: Sim, **wished: object) -> None:
        self.sim = sim
        self.captions: list[Caption] = []
        self.faults: list[str] = []
        sim.glasses.bus.tap(CAPTION, self.captions.append)
        sim.glasses.bus.tap(FAULT, lambda fault: self.faults.append(fault.text))
        self.wish(on=True, **wished)

    def wish(self, **wished: object) -> None:
        for name, value in wished.items():
            self.sim.glasses.store.set(wishes.setting(name), value)
        self.sim.glasses.request(wishes.ACTION)


def test_two_people_speak_one_after_the_other() -> None:
    async def story(sim: Sim) -> list[Caption]:
        watch = Watch(sim)
        await sim.sleep(2.0)
        assert sim.light_is_on()
        await sim.sleep(20.0)
        watch.wish(on=False)
        await sim.sleep(0.5)
        assert not sim.light_is_on()
        return watch.captions

    captions = play(story, scenario=says((2.0, ENGLISH), (13.0, MANDARIN)))
    last = next(caption for caption in reversed(captions) if caption.committed)
    english, mandarin = last.committed.split("\n")
    assert english.startswith("It was the first great sorrow of his life. It was not so much the loss")
    assert "协会" in mandarin or "協會" in mandarin
