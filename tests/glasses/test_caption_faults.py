"""What fails around captions on the whole glasses, with real speech and the real model."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.language import built_folder
from models.speech.choice import MISSING
from models.speech.whisper.folder import list_speech
from models.store import cache_folder
from runtime.console.commands.recordings import SOURCES
from runtime.core.errors import RecordingError
from runtime.core.messages import Caption
from runtime.core.replay import play as replay
from runtime.features.captions import wishes
from tests.glasses.conversations import ENGLISH, MANDARIN, can_hear, says
from tests.glasses.sim import Sim, play
from tests.runtime.features.captions.stage import Witness

REAL = pytest.mark.skipif(
    not can_hear(),
    reason="needs ../shared/fixtures and a built speech model: `browline models build whisper-base`",
)


def on(sim: Sim, **wished: object) -> Witness:
    """Captions on, and who sees them."""
    witness = Witness(sim.glasses.bus)
    wish(sim, on=True, **wished)
    return witness


def wish(sim: Sim, **wished: object) -> None:
    for name, value in wished.items():
        sim.glasses.store.set(wishes.setting(name), value)
    sim.glasses.request(wishes.ACTION)


def test_glasses_without_a_microphone_have_no_captions_and_no_fault() -> None:
    async def story(sim: Sim) -> None:
        witness = on(sim)
        await sim.sleep(30.0)
        assert witness.faults == [] and witness.captions == []
        (part,) = (part for part in sim.glasses.supervisor.status() if part.name == wishes.KEY)
        assert (part.state, part.restarts) == ("done", 0)
        assert (await sim.snap()).lines, "the others go on"

    play(story, without=("microphone",))


@REAL
@pytest.mark.slow
def test_a_lossy_microphone_whose_clock_jumps_changes_no_settled_word() -> None:
    async def story(sim: Sim) -> Witness:
        witness = on(sim)
        await sim.sleep(4.0)
        sim.world.faults.set("microphone", "overrun", 0.2)
        await sim.sleep(2.0)
        sim.world.faults.clear()
        sim.world.faults.set("microphone", "jump")
        await sim.sleep(16.0)
        return witness

    witness = play(story, scenario=says(((1.0, ENGLISH), (15.0, MANDARIN))))
    witness.check()
    assert witness.lines == []
    assert "协会" in witness.committed


@REAL
@pytest.mark.slow
def test_the_models_folder_vanishes_and_comes_back(tmp_path: Path) -> None:
    cache, built = cache_folder(os.environ), list_speech(built_folder(os.environ))
    name, real = next(iter(built.items()))
    (tmp_path / "built").mkdir()
    (tmp_path / "models").symlink_to(cache / "models")
    place = tmp_path / "built" / name

    async def story(sim: Sim) -> Witness:
        witness = on(sim)
        await sim.sleep(5.0)
        assert witness.lines == [MISSING] and not sim.light_is_on()
        place.symlink_to(real)
        await sim.sleep(11.0)
        heard = witness.committed
        assert "sorrow" in heard and sim.light_is_on()
        place.unlink()  # what is loaded is not needed on the disk
        await sim.sleep(7.0)
        assert len(witness.committed) > len(heard)
        sim.glasses.supervisor.restart(wishes.KEY)
        await sim.sleep(1.0)
        assert witness.lines[-1] == MISSING and witness.committed, "what is shown stays"
        place.symlink_to(real)
        await sim.sleep(6.0)
        return witness

    environ = {**os.environ, "BROWLINE_CACHE": str(tmp_path)}
    witness = play(story, scenario=says(((6.0, ENGLISH), (18.0, MANDARIN))), environ=environ)
    witness.check()
    assert witness.lines == [MISSING, "Captions work again."] * 2


@REAL
@pytest.mark.slow
def test_a_translator_that_fails_shows_what_was_said() -> None:
    async def story(sim: Sim) -> Witness:
        witness = on(
            sim, translate="fr", keep=True
        )  # there is no language model, and Whisper knows only English
        await sim.sleep(9.0)
        wish(sim, on=False)
        await sim.sleep(1.0)
        assert not sim.light_is_on()
        (kept,) = sim.glasses.transcripts.newest()
        (segment,) = sim.glasses.transcripts.segments(kept.id)
        assert "广州" in segment.source and segment.translation == ""
        return witness

    witness = play(story, scenario=says(((2.0, MANDARIN),)))
    witness.may_be_emptied = True
    witness.check()
    assert witness.lines == []
    assert any(caption.committed.startswith("[zh] 广州") for caption in witness.captions)


@REAL
def test_sound_is_recorded_only_when_asked_for_and_gives_the_same_captions_again(tmp_path: Path) -> None:
    path = tmp_path / "asked.mcap"

    async def live(sim: Sim) -> list[str]:
        with pytest.raises(RecordingError, match="only when you ask"):
            await sim.glasses.recorder.start(path, ["audio"])
        await sim.glasses.recorder.start(path, include=["audio"])
        witness = on(sim)
        await sim.sleep(8.0)
        await sim.glasses.recorder.stop()
        return told(witness.captions)

    async def replayed(sim: Sim) -> list[str]:
        witness = on(sim)
        await sim.sleep(0.5)
        with sim.glasses.live.hold():
            played = await replay(path, sim.glasses.bus, sim.clock, SOURCES)
            await sim.sleep(1.0)
        assert played.complete and sim.light_is_on()
        return told(witness.captions)

    first = play(live, scenario=says(((2.0, MANDARIN),)))
    assert "广州" in first[-1]
    assert play(replayed) == first


def told(captions: list[Caption]) -> list[str]:
    """The pages one after the other."""
    return [text for text in dict.fromkeys(caption.committed for caption in captions) if text]
