"""Translate and draft."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.core.errors import StoreError
from runtime.core.log import LogRing, make_logger
from runtime.core.store import Store
from runtime.features.draft.feature import KEPT
from runtime.features.translate.feature import question
from tests.runtime.features.speakers import Glasses


@pytest.mark.parametrize(
    ("text", "language"),
    [("牛奶在哪里？", "English"), ("Where is the milk?", "Chinese"), ("3 kg 米", "English")],
)
def test_chinese_goes_into_english_and_the_rest_into_chinese(text: str, language: str) -> None:
    system, user = question(text).messages
    assert language in system["content"]
    assert user["content"] == text


def test_a_translation_is_shown_below_its_source() -> None:
    glasses = Glasses("translate", "Where is ", "the milk?")

    async def script() -> None:
        glasses.ask("translate", "牛奶在哪里？")
        await glasses.clock.sleep(1)
        glasses.ask("translate", "")
        await glasses.clock.sleep(0.1)

    glasses.play(script)
    assert [line.text for line in glasses.cards[-2].lines] == [
        "牛奶在哪里？",
        "Where is the milk?",
        "translated by the model",
    ]
    assert glasses.view == ["Translate what? Say `translate` and the words"]


def test_the_newest_words_are_the_ones_that_are_translated() -> None:
    glasses = Glasses("translate", "a ", "b ", "c")

    async def script() -> None:
        glasses.ask("translate", "first")
        await glasses.clock.sleep(0.15)
        glasses.ask("translate", "second")
        await glasses.clock.sleep(1)

    glasses.play(script)
    assert glasses.view == ["second", "a b c", "translated by the model"]
    assert sum(card.ttl_s is not None for card in glasses.cards) == 1


def test_a_draft_is_kept_until_it_is_forgotten(tmp_path: Path) -> None:
    glasses = Glasses("draft", "I am ", "late.")
    store = Store(tmp_path / "b.db", glasses.clock, make_logger(glasses.clock, LogRing()))
    glasses.parts["store"] = store
    kept: list[str] = []

    async def script() -> None:
        glasses.ask("draft", "tell Anna I am late")
        await glasses.clock.sleep(1)
        kept.append(store.get(KEPT, str, ""))
        assert glasses.view[1:] == ["I am late.", "a draft by the model, not sent"]
        glasses.ask("forget")
        await glasses.clock.sleep(0.1)
        kept.append(store.get(KEPT, str, ""))

    glasses.play(script)
    assert kept == ["I am late.", ""]
    assert glasses.view == ["Forgotten"]
    store.close()


def test_a_draft_that_cannot_be_kept_is_said() -> None:
    class Full:
        def set(self, key: str, value: object) -> None:
            raise StoreError("the disk is full")

    glasses = Glasses("draft", "Late.")
    glasses.parts["store"] = Full()

    async def script() -> None:
        glasses.ask("draft", "late")
        await glasses.clock.sleep(1)

    glasses.play(script)
    assert glasses.view == ["The draft is not kept: the disk is full"]


@pytest.mark.parametrize("feature", ["translate", "draft"])
def test_a_touch_ends_them(feature: str) -> None:
    glasses = Glasses(feature, *["word "] * 20)

    async def script() -> None:
        glasses.ask(feature, "something")
        await glasses.clock.sleep(0.55)
        glasses.ask("next")
        await glasses.clock.sleep(1)

    glasses.play(script)
    assert glasses.view == ["something", "word word word word word", "stopped"]
