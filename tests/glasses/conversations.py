"""Recorded conversations and the pictures that they give: ``python -m tests.glasses.conversations``.

Draws the kept pictures again; with ``record`` the conversations are held anew first, two of them with the real speech
model. A recording holds what the captions feature published and no sound. Look at each picture before you commit it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.sim.scenario import Scenario, Step
from models.language import built_folder
from models.speech.whisper.folder import list_speech
from runtime.core.messages import Shown
from runtime.core.record import Recorder
from runtime.core.replay import play as replay
from runtime.core.topics import CAPTION, CARD, SETTINGS, SHOWN
from runtime.features.captions import wishes
from tests.glasses.sim import STILL, Sim, play
from tests.hud.regenerate import load, save
from tests.runtime.features.captions.scripted import BOOK
from tests.runtime.features.captions.stage import Stage
from tests.runtime.sense.hearing.rig import quiet

SPEECH = Path(__file__).resolve().parents[3] / "shared" / "fixtures" / "speech"
ENGLISH = SPEECH / "en_librispeech_1995-1837-0001.wav"
MANDARIN = SPEECH / "zh_aishell_BAC009S0724W0121.wav"
RECORDINGS = Path(__file__).with_name("recordings")
GOLDEN = Path(__file__).with_name("golden")
TOPICS = (CAPTION.name, CARD.name, SETTINGS.name)
READY_S = 9.0  # the greeting is over and the panel dark
LASTS_S = 26.0
LOOKS_S = (5.0, 10.0, 15.0, 19.0, 22.5, 25.0)  # when a picture is kept

Picture = NDArray[np.uint8]


class Conversation(msgspec.Struct, frozen=True):
    """Who speaks when, what is wished for, and what the wearer does meanwhile, in seconds from its beginning."""

    clips: tuple[tuple[float, Path], ...]
    wished: dict[str, object]
    does: tuple[tuple[float, Callable[[Sim], object]], ...] = ()


async def _large(sim: Sim) -> None:
    await sim.glasses.settings.set("text_size", "1.3")


CONVERSATIONS = {
    "as_it_was_said": Conversation(
        ((1.0, ENGLISH), (12.0, MANDARIN)),
        {"on": True},
        (
            (20.5, lambda sim: sim.glasses.request(wishes.REWIND)),
            (24.0, lambda sim: sim.glasses.request("forget")),
        ),
    ),
    "in_english": Conversation(
        ((1.0, MANDARIN), (8.0, ENGLISH)),
        {"on": True, "translate": "en"},
        ((20.5, lambda sim: sim.glasses.request(wishes.PAUSE)), (24.0, _large)),
    ),
}
NAMES = (*CONVERSATIONS, "in_german")


def says(clips: Iterable[tuple[float, Path]], from_s: float = 0.0) -> Scenario:
    """A world in which the clips are heard."""
    steps = tuple(Step(at=from_s + at_s, say=str(clip)) for at_s, clip in clips)
    return msgspec.structs.replace(STILL, steps=steps)


def can_hear() -> bool:
    """Whether the sound and a speech model are here."""
    return SPEECH.is_dir() and bool(list_speech(built_folder(os.environ)))


def record(conversation: Conversation, path: Path) -> None:
    """Let the glasses hear it and write what they show."""

    async def story(sim: Sim) -> None:
        glasses = sim.glasses
        for name, value in conversation.wished.items():
            glasses.store.set(wishes.setting(name), value)
        await sim.sleep(READY_S - 1.0)
        await glasses.recorder.start(path, TOPICS)
        glasses.request(wishes.ACTION)
        for at_s, do in conversation.does:
            await sim.sleep(READY_S + at_s - sim.clock.now_ns() / 1e9)
            if asyncio.iscoroutine(done := do(sim)):
                await done
        await sim.sleep(READY_S + LASTS_S - sim.clock.now_ns() / 1e9)
        await glasses.recorder.stop()

    play(story, scenario=says(conversation.clips, READY_S))


def record_scripted(path: Path) -> None:
    """What a scripted model understands and a scripted translator makes of it: this one needs no weights."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), *BOOK, every_s=6.0, book=BOOK)
        recorder = Recorder(stage.bus, stage.clock, quiet(stage.clock))

        async def story() -> None:
            await recorder.start(path, TOPICS)
            stage.wish(on=True, translate="de")
            await stage.clock.sleep(LASTS_S)
            await recorder.stop()

        stage.run(story)


def shown(path: Path) -> tuple[list[bytes], list[Picture]]:
    """Every picture that the panel shows while the recording plays, and those of ``LOOKS_S``."""

    async def story(sim: Sim) -> tuple[list[bytes], list[Picture]]:
        every: list[bytes] = []
        looks: list[Picture] = []

        def see(_: Shown) -> None:
            every.append(sim.seen.tobytes())

        await sim.sleep(READY_S - 1.0)
        sim.glasses.bus.tap(SHOWN, see)
        playing = asyncio.ensure_future(replay(path, sim.glasses.bus, sim.clock, TOPICS))
        for at_s in LOOKS_S:
            await sim.sleep(READY_S + at_s - sim.clock.now_ns() / 1e9)
            looks.append(sim.seen.copy())
        await playing
        return every, looks

    return play(story)


def main(words: list[str]) -> int:
    """Write every picture that differs and name it."""
    RECORDINGS.mkdir(exist_ok=True)
    GOLDEN.mkdir(exist_ok=True)
    for name in NAMES:
        path = RECORDINGS / f"{name}.mcap"
        if words == ["record"]:
            path.unlink(missing_ok=True)
            record(CONVERSATIONS[name], path) if name in CONVERSATIONS else record_scripted(path)
        for number, picture in enumerate(shown(path)[1]):
            file = GOLDEN / f"{name}_{number}.png"
            if not file.exists() or not np.array_equal(load(file), picture):
                save(file, picture)
                print(f"{file.name}: {file.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
