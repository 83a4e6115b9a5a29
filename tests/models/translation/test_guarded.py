"""Whatever a translator does, the wearer gets its text or the source in time, and the next sentence is translated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from models.base import BackendError, CancelledError, Spoken
from models.translation.guarded import Guarded, Translated, marked, tidy
from runtime.core.clock import VirtualClock, run_virtual
from tests.models.translation.translators import Deaf, Saying, spoken

SOURCE = "一共三百二十块。"
GOOD = "That's 320 yuan altogether."


def shown(make: Callable[[VirtualClock], Saying], text: str = SOURCE) -> tuple[Translated, float, Saying]:
    """What the wearer gets, after how many seconds, and the translator."""
    clock = VirtualClock()
    translator = make(clock)

    async def main() -> Translated:
        return await Guarded(translator, deadline_s=5).translate(spoken(text), "en")

    return run_virtual(clock, main()), clock.now_ns() / 1e9, translator


def test_a_good_translation_is_handed_on() -> None:
    result, seconds, translator = shown(lambda clock: Saying(clock, "That's 320 ", "yuan altogether."))
    assert result == Translated(GOOD)
    assert result.good
    assert seconds == pytest.approx(0.2)
    assert len(translator.asked) == 1


def test_quotes_around_it_are_taken_off() -> None:
    result, _, _ = shown(lambda clock: Saying(clock, f' "{GOOD}"\n'))
    assert result == Translated(GOOD)
    assert tidy('"Yes"', "“是”") == '"Yes"'
    assert tidy('"A" and "B"', "甲和乙") == '"A" and "B"'


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        (["It is 230 yuan."], "number"),
        (["Sure, here is ", "the translation"], "comment"),
        (["一共三百二十块。"], "script"),
        ([], "empty"),
        (["yuan "] * 9, "loop"),
    ],
)
def test_nonsense_is_the_source_with_a_mark(pieces: list[str], reason: str) -> None:
    result, _, translator = shown(lambda clock: Saying(clock, *pieces))
    assert (result.text, result.reason) == ("[zh] 一共三百二十块。", reason)
    assert len(translator.asked) == 1  # never tried again


def test_what_is_lost_is_not_made_to_its_end() -> None:
    result, seconds, translator = shown(lambda clock: Saying(clock, "Sure, ", "here is ", *["more "] * 100))
    assert result.reason == "comment"
    assert translator.ended == 1
    assert len(translator.said) < 5
    assert seconds < 1


def test_one_that_hangs_is_given_up_in_time() -> None:
    result, seconds, translator = shown(lambda clock: Saying(clock, "That's ", hangs=True))
    assert (result.text, result.reason) == (marked(SOURCE, "zh"), "late")
    assert "within 5 s" in result.detail
    assert seconds == pytest.approx(5)
    assert translator.ended == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (BackendError("the file is gone"), "failed"),
        (RuntimeError("a bug"), "failed"),
        (MemoryError(), "failed"),
        (CancelledError("the wearer said so"), "stopped"),
        (asyncio.CancelledError(), "stopped"),
        (AssertionError("never"), "failed"),
    ],
)
def test_one_that_crashes_costs_only_its_translation(error: BaseException, reason: str) -> None:
    result, _, _ = shown(lambda clock: Saying(clock, "That's ", error=error))
    assert (result.text, result.reason) == (marked(SOURCE, "zh"), reason)


def test_one_that_returns_no_text_at_all() -> None:
    class Silent(Saying):
        async def translate(self, *_: object, **__: object) -> str:
            return None  # type: ignore[return-value]

    result, _, _ = shown(Silent)
    assert result.reason == "empty"


def test_one_that_does_not_let_go_is_left_alone_and_asked_again_when_it_has() -> None:
    clock = VirtualClock()
    deaf = Deaf(clock)
    guarded = Guarded(deaf, deadline_s=5)

    async def main() -> list[tuple[str, float]]:
        seen = []
        for pause in (0, 1, 1, 60):
            await clock.sleep(pause)
            asked = clock.now_ns()
            result = await guarded.translate(spoken(SOURCE), "en")
            seen.append((result.reason, (clock.now_ns() - asked) / 1e9))
        await clock.sleep(120)
        return seen

    assert run_virtual(clock, main()) == [("late", 5.0), ("late", 0.2), ("late", 0.2), ("late", 5.0)]
    assert deaf.asked == deaf.ended == 2


def test_the_next_sentence_is_translated_after_any_fault() -> None:
    clock = VirtualClock()

    class Changing:
        turn = 0

        async def translate(
            self, spoken: Spoken, target: str, *, on_text: Callable[[str], None] | None = None
        ) -> str:
            self.turn += 1
            if self.turn == 1:
                await asyncio.Event().wait()
            if self.turn == 2:
                raise OSError("no such file")
            return "As an AI I can't say." if self.turn == 3 else GOOD

    async def main() -> list[str]:
        guarded = Guarded(Changing(), deadline_s=5)
        return [(await guarded.translate(spoken(SOURCE), "en")).reason for _ in range(4)]

    assert run_virtual(clock, main()) == ["late", "failed", "comment", ""]


def test_whoever_waits_can_be_cancelled_and_takes_the_translator_with_him() -> None:
    clock = VirtualClock()
    saying = Saying(clock, hangs=True)

    async def main() -> None:
        task = asyncio.ensure_future(Guarded(saying).translate(spoken(SOURCE), "en"))
        await clock.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await clock.sleep(0.1)

    run_virtual(clock, main())
    assert saying.ended == 1


def test_pieces_are_handed_on_as_long_as_nothing_is_wrong() -> None:
    clock = VirtualClock()
    heard: list[str] = []

    async def main() -> Translated:
        saying = Saying(clock, "That's ", "230 ", "yuan ", "all ", "in all ", "then")
        return await Guarded(saying).translate(spoken(SOURCE), "en", on_text=heard.append)

    assert run_virtual(clock, main()).reason == "number"
    assert heard[0] == "That's "
    assert "then" not in heard


def test_what_is_in_the_target_already_is_not_translated() -> None:
    clock = VirtualClock()
    saying = Saying(clock, "never")

    async def main() -> Translated:
        return await Guarded(saying).translate(Spoken("Hello.", "en", np.zeros(0, np.float32)), "en")

    assert run_virtual(clock, main()) == Translated("Hello.", "same")
    assert saying.asked == []
