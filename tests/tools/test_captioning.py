"""What captions write in lines, with a model that knows what is said and translators good and bad."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest

from models.base import BackendError, Spoken
from models.speech.segments import SpeechEvent
from models.translation.guarded import Guarded
from runtime.core.clock import VirtualClock, run_virtual
from tests.runtime.features.captions.scripted import ScriptedModel
from tools.captioning import Captioner, Understood, ended
from tools.lines import PlainLines


class Slow:
    """Translates after ``wait_s``, or never; what it says of each sentence was made before."""

    def __init__(self, clock: VirtualClock, said: dict[str, str], wait_s: float = 1.0) -> None:
        self._clock, self._said, self._wait_s = clock, said, wait_s

    async def translate(
        self, spoken: Spoken, target: str, *, on_text: Callable[[str], None] | None = None
    ) -> str:
        await self._clock.sleep(self._wait_s)
        return self._said[spoken.text]


def speak(
    scripts: tuple[str, ...], translations: dict[str, str] | None = None, failing: bool = False
) -> tuple[str, list[str]]:
    """Stretches of 2 s that follow each other at once → what was written, and what was told."""
    clock, out, told = VirtualClock(), io.StringIO(), list[str]()
    model = ScriptedModel(clock, *scripts)
    model.failing = BackendError("the model is gone: build it again") if failing else None

    async def main() -> None:
        interpreter = Guarded(Slow(clock, translations)) if translations else None
        captioner = Captioner(
            clock, cast(Understood, model), PlainLines(out, out), told.append,
            interpreter=interpreter, target="de",
        )  # fmt: skip
        writing = asyncio.ensure_future(captioner.run())
        for _ in scripts:
            for step in range(20):
                kind = "begin" if step == 0 else "end" if step == 19 else "more"
                captioner.hear(SpeechEvent(kind, clock.now_ns(), np.zeros(1600, np.float32)))  # type: ignore[arg-type]
                await clock.sleep(0.1)
        if not failing:
            await captioner.settle()
        await ended(writing)

    run_virtual(clock, main())
    return out.getvalue(), told


def test_a_stretch_is_a_line() -> None:
    assert speak(("we go there now", "and what then"))[0] == "we go there now\nand what then\n"


def test_a_translation_stands_under_its_line_however_late_it_comes() -> None:
    made = {"we go there now": "wir gehen jetzt hin", "and what then": "und was dann"}
    out, told = speak(("we go there now", "and what then"), made)
    assert out == "we go there now\nwir gehen jetzt hin\nand what then\nund was dann\n"
    assert told == []


def test_one_that_can_not_be_believed_is_told_beside_it() -> None:
    out, told = speak(("we go there now",), {"we go there now": "wir gehen um 17 Uhr hin"})
    assert out == "we go there now\n"
    assert told[0].startswith("not translated (") and told[0].endswith("we go there now")


def test_a_model_that_fails_ends_it() -> None:
    with pytest.raises(BackendError, match="build it again"):
        speak(("we go there now",), failing=True)
