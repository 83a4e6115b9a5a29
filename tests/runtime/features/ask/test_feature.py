from __future__ import annotations

import numpy as np
import pytest

from drivers.base import DeviceLostError
from models.base import BackendError, ManifestError
from models.runner import Priority
from runtime.core.messages import Card, Line
from runtime.core.topics import CARD
from runtime.features.speaking import TTL_S
from tests.runtime.features.snap.fakes import FakeCode, FakeCodes, FakeSight, FakeText
from tests.runtime.features.snap.labels import line
from tests.runtime.features.speakers import Glasses

LONG = "word " * 60


def test_without_eyes_it_answers_from_what_was_read_and_says_so() -> None:
    glasses = Glasses("ask", "It costs ", "£2.50.")

    async def script() -> None:
        glasses.ask("ask", "What does it cost?")
        await glasses.clock.sleep(2)

    glasses.play(script)
    assert glasses.view == [
        "What does it cost?",
        "It costs £2.50.",
        "the model's words on what was read: check them",
    ]
    assert glasses.cards[-1].ttl_s == TTL_S
    told = glasses.generator.asked[0].messages[-1]["content"]
    assert "£2.50" in told
    assert "What does it cost?" in told
    assert glasses.generator.priorities == [Priority.ANSWER]


def test_words_appear_as_they_are_made() -> None:
    glasses = Glasses("ask", "It ", "is ", "milk.")

    async def script() -> None:
        glasses.ask("ask", "What?")
        await glasses.clock.sleep(3)

    glasses.play(script)
    said = [card.lines[1].text for card in glasses.cards if len(card.lines) == 3]
    assert said == ["…", "It", "It is", "It is milk.", "It is milk."]
    assert [card.ttl_s for card in glasses.cards[:-1]] == [None] * (len(glasses.cards) - 1)


def test_a_model_that_sees_gets_the_picture_in_rgb() -> None:
    glasses = Glasses("ask", "Milk.", sees=True)

    async def script() -> None:
        glasses.ask("ask", "What is it?")
        await glasses.clock.sleep(2)

    glasses.play(script)
    image, text = glasses.generator.asked[0].messages[-1]["content"]
    assert image["image"].shape == (64, 64, 3)
    assert image["image"].dtype == np.uint8
    assert text["text"] == "What is it?"
    assert glasses.view[-1] == "the model's words: check them"


def test_a_model_that_sees_gets_the_label_in_the_middle_after_the_whole_view() -> None:
    glasses = Glasses("ask", "Milk.", sees=True)
    glasses.parts["sight"] = FakeSight(glasses.clock, size=400)
    glasses.text = FakeText([line("Contains: milk", 120, 190), line("MILK", 160, 150)])
    glasses.codes = FakeCodes(FakeCode(box=((150, 220), (250, 220), (250, 260), (150, 260))))

    async def script() -> None:
        glasses.ask("ask", "Is there milk in it?")
        await glasses.clock.sleep(2)
        glasses.ask("ask", "What is beside it?")
        await glasses.clock.sleep(2)

    glasses.play(script)
    overview, close, _ = glasses.generator.asked[0].messages[-1]["content"]
    assert overview["image"].shape == (400, 400, 3)
    assert close["image"].shape == (190, 234, 3)
    assert glasses.generator.asked[1].messages[1] == glasses.generator.asked[0].messages[1]


@pytest.mark.parametrize("ocr", [None, FakeText(error=BackendError("out of memory"))])
def test_without_a_text_reader_the_whole_picture_is_looked_at(ocr: FakeText | None) -> None:
    glasses = Glasses("ask", "Milk.", sees=True)
    glasses.parts["ocr"] = lambda: ocr
    glasses.parts["reader"] = lambda: None

    async def script() -> None:
        glasses.ask("ask", "What is it?")
        await glasses.clock.sleep(2)

    glasses.play(script)
    image, _ = glasses.generator.asked[0].messages[-1]["content"]
    assert image["image"].shape == (64, 64, 3)
    assert glasses.view[1] == "Milk."


def test_a_further_question_is_about_the_same_picture_while_the_answer_is_in_view() -> None:
    glasses = Glasses("ask", "Yes.", sees=True)

    async def script() -> None:
        glasses.ask("ask", "Is it milk?")
        await glasses.clock.sleep(2)
        glasses.ask("ask", "And vegan?")
        await glasses.clock.sleep(2)
        glasses.bus.publish(CARD, Card("app", (Line("Something else"),)))
        glasses.ask("ask", "What is this?")
        await glasses.clock.sleep(2)

    glasses.play(script)
    first, second, third = (asked.messages for asked in glasses.generator.asked)
    assert list(second[: len(first)]) == list(first)
    assert [turn["role"] for turn in second[len(first) :]] == ["assistant", "user"]
    assert len(third) == len(first)
    assert glasses.parts["sight"].bursts == 2


def test_a_touch_ends_the_answer_and_keeps_what_was_said() -> None:
    glasses = Glasses("ask", *["word "] * 30)

    async def script() -> None:
        glasses.ask("ask", "What is it?")
        await glasses.clock.sleep(1.05)
        glasses.ask("next")
        await glasses.clock.sleep(1)

    glasses.play(script)
    assert glasses.view[-1] == "stopped"
    assert set(glasses.view[1].split()) == {"word"}
    assert len(glasses.view[1].split()) < 20


def test_a_long_answer_has_pages_and_a_touch_turns_them() -> None:
    glasses = Glasses("ask", LONG)

    async def script() -> None:
        glasses.ask("ask", "Why?")
        await glasses.clock.sleep(2)
        glasses.ask("next")
        await glasses.clock.sleep(0.1)

    glasses.play(script)
    first, second = glasses.cards[-2:]
    assert first.lines[0].text == "Why?  1/4"
    assert second.lines[0].text == "Why?  2/4"
    assert first.lines[1].text.startswith("word word")


def test_the_picture_goes_when_the_card_does() -> None:
    glasses = Glasses("ask", "Milk.", sees=True)

    async def script() -> None:
        glasses.ask("ask", "What is it?")
        await glasses.clock.sleep(2)
        assert glasses.generator.forgotten == 0
        await glasses.clock.sleep(TTL_S)

    glasses.play(script)
    assert glasses.generator.forgotten == 1


def test_forget_drops_it_at_once() -> None:
    glasses = Glasses("ask", "Milk.", sees=True)

    async def script() -> None:
        glasses.ask("ask", "What is it?")
        await glasses.clock.sleep(2)
        glasses.ask("forget")
        await glasses.clock.sleep(0.1)
        assert glasses.view == ["Forgotten"]
        glasses.ask("ask", "And now?")
        await glasses.clock.sleep(2)

    glasses.play(script)
    assert glasses.generator.forgotten == 1
    assert len(glasses.generator.asked[1].messages) == len(glasses.generator.asked[0].messages)


def test_touches_on_other_cards_are_not_its_own() -> None:
    glasses = Glasses("ask", "Milk.")

    async def script() -> None:
        for action in ("next", "forget", "save"):
            glasses.ask(action)
        await glasses.clock.sleep(1)

    glasses.play(script)
    assert glasses.cards == []


def test_a_new_snap_gives_the_answer_up_in_silence() -> None:
    glasses = Glasses("ask", *["word "] * 30)

    async def script() -> None:
        glasses.ask("ask", "What is it?")
        await glasses.clock.sleep(1.05)
        count = len(glasses.cards)
        glasses.ask("snap")
        await glasses.clock.sleep(5)
        assert len(glasses.cards) == count

    glasses.play(script)


@pytest.mark.parametrize(
    ("sight", "error", "message"),
    [
        (DeviceLostError("gone"), None, "The camera is lost: check its cable"),
        (None, ManifestError("There is no language model"), "There is no language model"),
    ],
)
def test_what_fails_is_said(sight: Exception | None, error: Exception | None, message: str) -> None:
    glasses = Glasses("ask", "Milk.", error=error)
    glasses.parts["sight"].error = sight

    async def script() -> None:
        glasses.ask("ask", "What is it?")
        await glasses.clock.sleep(3)

    glasses.play(script)
    assert glasses.view == [message]
    assert glasses.cards[-1].ttl_s is not None


def test_without_a_camera_the_question_stands_alone() -> None:
    glasses = Glasses("ask", "Paris.")
    glasses.parts["sight"] = None

    async def script() -> None:
        glasses.ask("ask", "Capital of France?")
        await glasses.clock.sleep(1)
        glasses.ask("ask", "  ")
        await glasses.clock.sleep(0.1)

    glasses.play(script)
    assert glasses.generator.asked[0].messages[-1]["content"] == "Capital of France?"
    assert glasses.view == ["Ask what? Say `ask` and a question"]
