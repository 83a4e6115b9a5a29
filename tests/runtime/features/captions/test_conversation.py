"""Words while they are spoken: on time, settled for good, through a busy machine and a model that fails."""

from __future__ import annotations

import asyncio
import gc
import itertools
import weakref
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from models.base import BackendError, ModelError
from models.speech.segments import SpeechEvent
from runtime.core.clock import NS, VirtualClock, run_virtual
from runtime.features.captions.conversation import MOST_WAITING_S, Conversation, Said
from tests.runtime.features.captions.scripted import ScriptedModel, speak

TEXT = "it was the first great sorrow of his life it was not so much the loss of the cotton"


class Table:
    """A conversation with a scripted model, and what it told when."""

    def __init__(self, *scripts: str, cost_s: float = 0.1) -> None:
        self.clock = VirtualClock()
        self.model = ScriptedModel(self.clock, *scripts, cost_s=cost_s)
        self.told: list[tuple[float, Said]] = []
        self.troubles: list[str] = []
        self.conversation = Conversation(
            self.clock, self.model, self._hear, self._trouble, itertools.count(1)
        )

    def _hear(self, said: Said) -> None:
        self.told.append((self.clock.now_ns() / NS, said))

    def _trouble(self, error: ModelError | None) -> None:
        self.troubles.append("" if error is None else str(error))

    def play(self, script: Callable[[], Awaitable[None]]) -> None:
        async def main() -> None:
            task = asyncio.ensure_future(self.conversation.run())
            await script()
            await self.clock.sleep(5)
            task.cancel()

        run_virtual(self.clock, main())

    async def speak(self, seconds: float, *, begin: bool = True, end: bool = True) -> None:
        await speak(self.clock, seconds, self.conversation.hear, begin=begin, end=end)

    @property
    def finals(self) -> list[str]:
        return [said.words.settled for _, said in self.told if said.final]


def test_words_come_while_they_are_spoken_and_the_last_soon_after_the_end() -> None:
    table = Table(TEXT)
    table.play(lambda: table.speak(7.6))
    first_s = next(at for at, said in table.told if said.words.tentative)
    assert first_s < 0.4 + 1.2
    assert table.finals == [TEXT]
    assert table.told[-1][0] == pytest.approx(7.6 + 0.1, abs=0.11)


def test_what_was_understood_in_the_pause_is_settled_with_its_end() -> None:
    table = Table(TEXT)

    async def script() -> None:
        await table.speak(7.8, end=False)  # with the moment of silence that is kept behind speech
        await table.clock.sleep(0.5)
        table.conversation.hear(SpeechEvent("end", table.clock.now_ns(), np.zeros(0, np.float32)))

    table.play(script)
    assert table.finals == [TEXT]
    assert table.told[-1][0] == pytest.approx(8.3, abs=0.01)
    assert not any(final for _, _, final in table.model.calls)


def test_what_is_settled_never_changes() -> None:
    table = Table(TEXT)
    table.play(lambda: table.speak(7.6))
    before = ""
    for _, said in table.told:
        assert said.words.settled.startswith(before)
        before = said.words.settled


def test_settled_words_are_forced_upon_the_next_hypothesis() -> None:
    table = Table(TEXT)
    table.play(lambda: table.speak(7.6))
    settled = [count for _, count, _ in table.model.calls]
    assert settled == sorted(settled)
    assert settled[-1] > 10


def test_a_busy_machine_takes_larger_steps_but_does_not_fall_behind() -> None:
    table = Table(TEXT, cost_s=1.0)
    table.play(lambda: table.speak(7.6))
    heard = [heard_s for heard_s, _, final in table.model.calls if not final]
    assert min(b - a for a, b in pairwise(heard)) >= 1.0
    assert table.finals == [TEXT]
    assert table.told[-1][0] < 7.6 + 2.1


def test_stretches_that_ended_while_others_were_read_are_read_once_and_in_order() -> None:
    table = Table("one two", "three four", "five six", cost_s=1.5)

    async def script() -> None:
        for _ in range(3):
            await table.speak(0.8)

    table.play(script)
    assert table.finals == ["one two", "three four", "five six"]
    assert [final for _, _, final in table.model.calls][-2:] == [True, True]
    assert [said.number for _, said in table.told if said.final] == [1, 2, 3]


def test_a_model_that_fails_is_told_once_tried_again_and_loses_no_settled_word() -> None:
    table = Table(TEXT, TEXT)

    async def script() -> None:
        await table.speak(4.0, end=False)
        table.model.failing = BackendError("the model file is gone")
        await table.speak(2.0, end=False)
        table.model.failing = None
        await table.speak(1.6)

    table.play(script)
    assert table.troubles[0] == "the model file is gone"
    assert table.troubles[-1] == ""
    before = ""
    for _, said in (entry for entry in table.told if entry[1].number == 1):
        assert said.words.settled.startswith(before)
        before = said.words.settled
    assert before.startswith("it was the")


def test_a_model_that_comes_back_and_hears_less_is_not_asked_to_hold_on_to_more() -> None:
    table = Table(TEXT, "it was the")

    async def script() -> None:
        await table.speak(4.0, end=False)
        table.model.failing = BackendError("gone")
        await table.speak(1.0, begin=False, end=False)
        table.model.failing = None
        await table.speak(2.6, begin=False)

    table.play(script)
    assert table.troubles[-1] == ""
    (final,) = table.finals
    assert final.startswith("it was the first"), "what was settled stays"


def test_a_stretch_whose_end_was_lost_ends_with_the_next_one() -> None:
    table = Table("one two", "three four")

    async def script() -> None:
        await table.speak(0.8, end=False)
        await table.speak(0.8)

    table.play(script)
    assert table.finals == ["one two", "three four"]


def test_sound_that_waits_for_a_dead_model_is_bounded() -> None:
    table = Table(TEXT)
    table.model.failing = BackendError("gone")

    async def script() -> None:
        for _ in range(20):
            await table.speak(8.0)

    table.play(script)
    assert table.conversation.waiting_s <= MOST_WAITING_S
    assert table.conversation.given_up > 0


def test_sound_is_let_go_of_when_its_stretch_is_done() -> None:
    table = Table("one two", "three four")
    heard: list[weakref.ref[Any]] = []

    def hear(event: SpeechEvent) -> None:
        heard.append(weakref.ref(event.samples))
        table.conversation.hear(event)

    async def script() -> None:
        for _ in range(3):
            await speak(table.clock, 2.0, hear)

    table.play(script)
    gc.collect()
    assert len(heard) == 63 and not any(ref() is not None for ref in heard)
