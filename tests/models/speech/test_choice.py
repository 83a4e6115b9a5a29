"""The speech model's place on the runner: opened for who listens, let go of when they are gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from models.base import Recogniser, Task
from models.runner import Runner
from models.speech.choice import MISSING, UNCHOSEN, NoSpeechModelError, Speech
from models.speech.whisper.folder import DESCRIPTION, FORMAT, Description
from models.speech.whisper.shape import Shape
from runtime.core.clock import VirtualClock, run_virtual

T = TypeVar("T")


class SlowClock(VirtualClock):
    """Whatever blocks takes a second."""

    async def call(self, thread: str, work: Callable[..., T], *args: Any) -> T:
        await self.sleep(1.0)
        return work(*args)


class Whole(Speech):
    """What opens instead of a Whisper."""

    def _open(self, place: Path) -> Recogniser:
        return Opened()


class Opened:
    languages = ("en",)
    tasks: tuple[Task, ...] = ("transcribe",)

    def close(self) -> None: ...

    def utterance(self, **_: object) -> Any: ...


def built(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).mkdir()
        about = Description(
            format=FORMAT, name=name, quant="int8", shape=SHAPE, source="", licence="", tensors={}, files={}
        )
        (folder / name / DESCRIPTION).write_bytes(msgspec.json.encode(about))
    return folder


SHAPE = Shape(mels=80, audio_layers=1, text_layers=1, width=8, heads=1, ffn=8, vocabulary=51864)


def test_whoever_gives_up_while_the_model_is_opened_does_not_hold_it(tmp_path: Path) -> None:
    clock = SlowClock()
    runner = Runner(clock)
    speech = Whole(runner, built(tmp_path, "small"), 1)

    async def listen(seconds: float) -> None:
        async with speech.opened():
            assert [entry.holders for entry in runner.shelf.loaded()] == [1]
            await clock.sleep(seconds)

    async def story() -> None:
        listening = asyncio.ensure_future(listen(5.0))
        await clock.sleep(0.5)
        listening.cancel()
        await clock.sleep(3.0)
        assert listening.cancelled()
        assert [entry.holders for entry in runner.shelf.loaded()] == [0], "it can be unloaded"
        await listen(1.0)
        await clock.sleep(3.0)
        assert runner.shelf.drop("small")

    run_virtual(clock, story())


def test_a_model_that_is_missing_or_was_not_chosen_is_said_in_one_calm_line(tmp_path: Path) -> None:
    clock = VirtualClock()
    speech = Speech(Runner(clock), tmp_path, 1)

    async def refused() -> str:
        with pytest.raises(NoSpeechModelError) as caught:
            async with speech.opened():
                pass
        return str(caught.value)

    async def story() -> None:
        assert await refused() == MISSING
        built(tmp_path, "base", "small")
        assert await refused() == UNCHOSEN
        speech.choose("base")
        (tmp_path / "base" / DESCRIPTION).unlink()
        (tmp_path / "small" / DESCRIPTION).unlink()
        assert await refused() == MISSING

    run_virtual(clock, story())
