"""Translate and draft."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.core.errors import StoreError
from runtime.core.log import LogRing, make_logger
from runtime.core.store import Store
from runtime.features.draft.feature import KEPT
from runtime.features.speaking import TTL_S
from runtime.features.translate.feature import languages
from tests.runtime.features.speakers import Glasses


@pytest.mark.parametrize(
    ("text", "language", "into"),
    [
        ("牛奶在哪里？", "Chinese", "English"),
        ("Where is the milk?", "English", "Chinese"),
        ("3 kg 米", "Chinese", "English"),
        ("Où est le lait, s'il vous plaît ?", "French", "English"),
    ],
)
def test_english_goes_into_chinese_and_the_rest_into_english(text: str, language: str, into: str) -> None:
    glasses = Glasses("translate", "…")

    async def script() -> None:
        glasses.ask("translate", text)
        await glasses.clock.sleep(1)

    glasses.play(script)
    system, user = glasses.generator.asked[0].messages
    assert f"from {language} into {into}" in system["content"]
    assert user["content"] == text
    assert languages(text)[1] == {"English": "en", "Chinese": "zh"}[into]


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


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["Sure, here is ", "the translation: Where is the milk?"], "comment"),
        (["The milk is ", "on shelf 3."], "number"),
        (["It is on the left."], "answer"),
        (["where ", "where ", "where ", "where?"], "loop"),
        (["牛奶在哪里？"], "script"),
        ([" "], "empty"),
    ],
)
def test_words_that_do_not_hold_are_never_seen(words: list[str], reason: str) -> None:
    glasses = Glasses("translate", *words)

    async def script() -> None:
        glasses.ask("translate", "牛奶在哪里？")
        await glasses.clock.sleep(1)
        glasses.ask("next")
        await glasses.clock.sleep(0.1)

    glasses.play(script)
    assert glasses.view == ["牛奶在哪里？", f"not translated: the model's words did not hold ({reason})"]
    seen = {line.text for card in glasses.cards for line in card.lines if line.style == "model"}
    assert seen == {"…"}


def test_the_newest_words_are_the_ones_that_are_translated() -> None:
    glasses = Glasses("translate", "第", "二", "。")

    async def script() -> None:
        glasses.ask("translate", "first")
        await glasses.clock.sleep(0.15)
        glasses.ask("translate", "second")
        await glasses.clock.sleep(1)

    glasses.play(script)
    assert glasses.view == ["second", "第二。", "translated by the model"]
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


def test_blanks_at_the_end_of_a_page_are_no_page() -> None:
    glasses = Glasses("draft", "x" * 90, *["\n"] * 20, "end")

    async def script() -> None:
        glasses.ask("draft", "something")
        await glasses.clock.sleep(5)

    glasses.play(script)
    assert glasses.cards[-1].ttl_s == TTL_S


def test_a_touch_ends_a_draft() -> None:
    glasses = Glasses("draft", *["word "] * 20)

    async def script() -> None:
        glasses.ask("draft", "something")
        await glasses.clock.sleep(0.55)
        glasses.ask("next")
        await glasses.clock.sleep(1)

    glasses.play(script)
    assert glasses.view == ["something", "word word word word word", "stopped"]


def test_a_touch_ends_a_translation_and_half_of_it_is_not_shown() -> None:
    glasses = Glasses("translate", *["word "] * 20)

    async def script() -> None:
        glasses.ask("translate", "something")
        await glasses.clock.sleep(0.55)
        glasses.ask("next")
        await glasses.clock.sleep(1)

    glasses.play(script)
    assert glasses.view == ["Stopped"]
