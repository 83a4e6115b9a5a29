"""Somebody speaks, and it stands above the eye: real sound, real models, the whole glasses on virtual time."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from drivers.sim.scenario import Scenario, Step
from models.language import built_folder
from models.speech.whisper.folder import list_speech
from runtime.core.messages import Caption
from runtime.core.topics import CAPTION, FAULT
from runtime.features.captions import wishes
from runtime.features.captions.transcripts import Segment
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


def test_mandarin_comes_in_english_and_is_kept_when_that_is_asked_for() -> None:
    async def story(sim: Sim) -> tuple[list[Caption], list[Segment]]:
        watch = Watch(sim, translate="en", keep=True)
        await sim.sleep(9.0)
        watch.wish(keep=False)
        await sim.sleep(0.5)
        (kept,) = sim.glasses.transcripts.newest()
        return watch.captions, sim.glasses.transcripts.segments(kept.id)

    captions, (segment,) = play(story, scenario=says((2.0, MANDARIN)))
    last = captions[-1]
    assert any("a" <= letter <= "z" for letter in last.committed) or last.committed.startswith("[zh] ")
    assert last.source in (segment.source, "")
    assert segment.language == "zh"
    assert segment.translation in (last.committed, "")
    assert 1.0 < segment.start_s < segment.end_s < 8.0


def test_a_microphone_that_is_pulled_in_mid_word_costs_no_settled_word_and_comes_back() -> None:
    async def story(sim: Sim) -> Watch:
        watch = Watch(sim)
        await sim.sleep(5.0)
        sim.world.faults.set("microphone", "unplug", 1.0)
        await sim.sleep(3.0)
        sim.world.faults.clear("microphone")
        await sim.sleep(18.0)
        return watch

    watch = play(story, scenario=says((1.0, ENGLISH), (14.0, MANDARIN)))
    assert watch.faults[0] == "Microphone lost. Trying again."
    assert watch.faults[-1].endswith("works again.")
    texts = [caption.committed for caption in watch.captions]
    for before, after in pairwise(texts):
        assert any(after.startswith(rest) for rest in _rests(before))
    assert any("广州" in text or "廣州" in text for text in texts)
    assert len(texts[-1].split("\n")[0]) > 10


def _rests(text: str) -> list[str]:
    """The page, and what is left of it when lines go from its top."""
    lines = text.split("\n")
    return ["\n".join(lines[start:]) for start in range(len(lines) + 1)]


def test_the_wearer_pauses_and_looks_back() -> None:
    async def story(sim: Sim) -> tuple[list[Caption], list[str]]:
        watch = Watch(sim)
        await sim.sleep(15.0)
        sim.glasses.request(wishes.PAUSE)
        await sim.sleep(0.5)
        assert not sim.light_is_on()
        sim.glasses.request(wishes.REWIND)
        await sim.sleep(0.5)
        card = sim.cards[-1]
        assert card.key == wishes.KEY
        return watch.captions, [line.text for line in card.lines]

    captions, page = play(story, scenario=says((2.0, ENGLISH)))
    assert captions[-1].mark == "paused"
    assert any("dreams" in line for line in page)
