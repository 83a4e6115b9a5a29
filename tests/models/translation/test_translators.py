"""The translators: Whisper's own task, a language model, and which of them it is."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import numpy as np
import pytest

from models.base import Spoken
from models.runner import Runner
from models.translation.choice import Choice
from models.translation.errors import TranslationError
from models.translation.guarded import Guarded
from models.translation.language_model import LanguageTranslator
from models.translation.prompt import interpret, limit_of
from models.translation.tongue import language_of
from models.translation.whisper import WhisperTranslator
from runtime.core.clock import VirtualClock, run_virtual
from tests.models.translation.translators import Hearing, Saying, Writing, spoken

T = TypeVar("T")


def virtual(main: Callable[[VirtualClock], Coroutine[Any, Any, T]]) -> T:
    clock = VirtualClock()
    return run_virtual(clock, main(clock))


def test_whisper_hears_the_sentence_once_more_in_english() -> None:
    model, heard = Hearing("Where is the milk?"), list[str]()

    async def main(clock: VirtualClock) -> str:
        translator = WhisperTranslator(Runner(clock), lambda: model)
        return await translator.translate(spoken("牛奶在哪里？"), "en", on_text=heard.append)

    assert virtual(main) == "Where is the milk?"
    assert heard == ["Where is the milk?"]
    assert model.asked == [("zh", "translate")]
    assert model.heard == 1600


@pytest.mark.parametrize(
    ("samples", "target", "doubt", "message"),
    [(1600, "fr", "", "not fr"), (0, "en", "", "no sound"), (1600, "en", "loop", "loop")],
)
def test_whisper_says_what_it_cannot(samples: int, target: str, doubt: str, message: str) -> None:
    async def main(clock: VirtualClock) -> None:
        translator = WhisperTranslator(Runner(clock), lambda: Hearing("Thanks for watching", doubt))
        with pytest.raises(TranslationError, match=message):
            await translator.translate(Spoken("谢谢", "zh", np.zeros(samples, np.float32)), target)

    virtual(main)


def test_a_language_model_gets_the_talk_so_far_and_the_names() -> None:
    model: list[Writing] = []

    async def main(clock: VirtualClock) -> str:
        model.append(Writing(clock, "Xiao Ming ", "is here."))
        translator = LanguageTranslator(model[0], lambda: {"小明": "Xiao Ming", "小红": "Xiao Hong"})
        before = [("一", "One."), ("你好", "Hello."), ("谁啊？", "Who is it?")]
        return await translator.translate(spoken("小明来了。", before=before), "en")

    assert virtual(main) == "Xiao Ming is here."
    (question,) = model[0].asked
    system, *turns = question.messages
    assert "from Chinese into English" in system["content"]
    assert "小明 = Xiao Ming" in system["content"]
    assert "小红" not in system["content"]  # it is not spoken of
    assert [turn["content"] for turn in turns] == ["你好", "Hello.", "谁啊？", "Who is it?", "小明来了。"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user", "assistant", "user"]


def test_the_first_line_is_the_translation_and_nothing_is_made_after_it() -> None:
    heard: list[str] = []
    model: list[Writing] = []

    async def main(clock: VirtualClock) -> str:
        model.append(Writing(clock, "\n", " Where is", " the milk?\nUser", ": no", "!"))
        return await LanguageTranslator(model[0]).translate(
            spoken("牛奶在哪里？"), "en", on_text=heard.append
        )

    assert virtual(main) == "Where is the milk?"
    assert "".join(heard) == "Where is the milk?"
    assert model[0].written == 3


def test_a_real_runner_stops_a_model_at_the_end_of_the_line() -> None:
    steps: list[int] = []

    class OnRunner(Writing):
        def __init__(self, clock: VirtualClock) -> None:
            super().__init__(clock)
            self.runner = Runner(clock)

        async def generate(self, question: object, *, on_text: Any = None, **_: Any) -> str:
            def tokens() -> Any:
                for number, piece in enumerate(("Where", " is it?", "\n", "and", " so", " on")):
                    steps.append(number)
                    yield piece
                return "all"

            return await self.runner.run(tokens(), on_step=on_text)

    async def main(clock: VirtualClock) -> str:
        said = await LanguageTranslator(OnRunner(clock)).translate(spoken("在哪里？"), "en")
        await clock.sleep(1)
        return said

    assert virtual(main) == "Where is it?"
    assert steps == [0, 1, 2]


def test_the_limit_follows_the_source() -> None:
    assert limit_of("好") < 24
    assert 40 <= limit_of("我们明天早上八点半出发，") < 60
    assert limit_of("a" * 100) < 120
    assert (
        interpret("好", "", "en")
        .messages[0]["content"]
        .startswith("You are an interpreter from any language")
    )


@pytest.mark.parametrize(
    ("way", "has_language", "target", "picked"),
    [
        ("auto", False, "en", "whisper"), ("auto", True, "en", "language"), ("auto", True, "fr", "language"),
        ("whisper", True, "en", "whisper"), ("language", False, "en", "language"),
        ("auto", False, "fr", ""), ("whisper", True, "fr", ""),
    ],
)  # fmt: skip
def test_the_language_model_where_there_is_one_else_whisper(
    way: Any, has_language: bool, target: str, picked: str
) -> None:
    async def main(clock: VirtualClock) -> str:
        one, other = Saying(clock, "whisper"), Saying(clock, "language")
        choice = Choice(whisper=one, language=other, has_language=lambda: has_language, way=way)
        return await choice.translate(spoken("好"), target)

    if picked:
        assert virtual(main) == picked
    else:
        with pytest.raises(TranslationError, match=r"browline models build|another way"):
            virtual(main)


def test_a_failing_choice_is_the_source_with_a_mark() -> None:
    async def main(clock: VirtualClock) -> tuple[str, str]:
        saying = Saying(clock, "never")
        choice = Choice(whisper=saying, language=saying, has_language=lambda: False)
        result = await Guarded(choice).translate(spoken("好"), "fr")
        return result.text, result.reason

    assert virtual(main) == ("[zh] 好", "failed")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("牛奶", "zh"), ("牛乳はどこですか", "ja"), ("우유", "ko"), ("молоко", "ru"), ("حليب", "ar"),
        ("milk", "en"),
        ("Wo ist die Milch?", "de"), ("¿Dónde está la leche?", "es"), ("3 kg 米", "zh"), ("42", "en"),
        ("ᚠᚢᚦ", ""),
    ],
)  # fmt: skip
def test_the_language_of_typed_text(text: str, language: str) -> None:
    assert language_of(text) == language
