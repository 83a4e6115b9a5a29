from __future__ import annotations

import tracemalloc
from collections.abc import Generator as Steps
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from models.base import Hypothesis, Piece, Spoken, Task
from models.speech.segments import Segmenter
from models.speech.sentences import sentences
from models.speech.whole import CUTTING, Transcriber

RATE_HZ = 16_000


class Loud:
    """Voice activity by level alone."""

    def __init__(self) -> None:
        self._carry = np.zeros(0, np.float32)

    def accept(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        sound = np.concatenate((self._carry, samples))
        whole = len(sound) // 512
        self._carry = sound[whole * 512 :]
        steps = sound[: whole * 512].reshape(whole, 512)
        loud: NDArray[np.float32] = (np.abs(steps).max(axis=1, initial=0) > 0.01).astype(np.float32)
        return loud

    def reset(self) -> None:
        self._carry = np.zeros(0, np.float32)


class Counted:
    """Understands a stretch as its number and its length, as the one utterance and as the recogniser."""

    languages = ("en", "zh")
    tasks: tuple[Task, ...] = ("transcribe",)

    def __init__(self, found: Hypothesis | None = None) -> None:
        self.lengths: list[float] = []
        self.asked: list[str] = []
        self._found = found

    def utterance(self, *, language: str = "", task: Task = "transcribe", prompt: str = "") -> Counted:
        self.asked.append(language)
        self.lengths.append(0.0)
        return self

    def accept(self, samples: NDArray[np.float32]) -> None:
        self.lengths[-1] += len(samples) / RATE_HZ

    def decode(self, *, settled: int = 0, final: bool = False) -> Steps[None, None, Hypothesis]:
        assert final
        yield
        word = Piece(f" number {len(self.lengths)}.", 0.25, self.lengths[-1] - 0.25)
        return self._found or Hypothesis((word,), "en")

    def close(self) -> None:
        return None


def talk(seconds: float, starts: tuple[float, ...], each: float) -> NDArray[np.float32]:
    sound = np.zeros(round(seconds * RATE_HZ), np.float32)
    tone = 0.3 * np.sin(np.arange(round(each * RATE_HZ)) / 5).astype(np.float32)
    for start in starts:
        at = round(start * RATE_HZ)
        sound[at : at + len(tone)] = tone
    return sound


def blocks(sound: NDArray[np.float32], size: int = 4096) -> Iterator[NDArray[np.float32]]:
    yield from (sound[at : at + size] for at in range(0, len(sound), size))


def test_each_stretch_is_a_segment_with_its_place_in_the_recording() -> None:
    recogniser = Counted()
    heard = Transcriber(recogniser, Segmenter(Loud(), CUTTING), language="en")
    segments = list(heard.transcribe(blocks(talk(20, (2.0, 9.0, 15.5), 2.0))))
    assert [segment.text for segment in segments] == ["number 1.", "number 2.", "number 3."]
    assert [segment.start for segment in segments] == pytest.approx([2.0, 9.0, 15.5], abs=0.05)
    assert [segment.end for segment in segments] == pytest.approx([4.0, 11.0, 17.5], abs=0.05)
    assert recogniser.asked == ["en"] * 3


def test_what_is_spoken_to_the_very_end_is_understood() -> None:
    heard = Transcriber(Counted(), Segmenter(Loud(), CUTTING))
    assert len(list(heard.transcribe(blocks(talk(3.0, (1.0,), 2.0))))) == 1


@pytest.mark.parametrize("sound", [np.zeros(0, np.float32), np.zeros(80_000, np.float32)])
def test_nothing_is_said_in_silence_nor_in_no_sound(sound: NDArray[np.float32]) -> None:
    recogniser = Counted()
    assert list(Transcriber(recogniser, Segmenter(Loud(), CUTTING)).transcribe(blocks(sound))) == []
    assert recogniser.asked == []


def test_speech_without_a_pause_is_cut_within_what_the_model_hears() -> None:
    recogniser = Counted()
    list(Transcriber(recogniser, Segmenter(Loud(), CUTTING)).transcribe(blocks(talk(95, (0.0,), 95.0))))
    assert sum(recogniser.lengths) == pytest.approx(95, abs=0.2)
    assert max(recogniser.lengths) < 30


def test_a_stretch_of_which_nothing_is_understood_is_left_out() -> None:
    heard = Transcriber(Counted(Hypothesis((), "en", 0.9)), Segmenter(Loud(), CUTTING))
    assert list(heard.transcribe(blocks(talk(5, (1.0,), 2.0)))) == []


def test_a_stretch_is_translated_whole() -> None:
    asked: list[Spoken] = []

    def translate(spoken: Spoken) -> str:
        asked.append(spoken)
        return "translated"

    found = Hypothesis((Piece("一。", 0.3, 2.0), Piece("二。", 2.0, 3.0)), "zh")
    heard = Transcriber(Counted(found), Segmenter(Loud(), CUTTING), translate=translate)
    (segment,) = heard.transcribe(blocks(talk(6, (1.0,), 3.0)))
    start = 1.0 - 0.25 + 0.3
    assert (segment.text, segment.language, segment.translation) == ("一。二。", "zh", "translated")
    assert (segment.start, segment.end) == pytest.approx((start, start + 2.7), abs=0.05)
    assert (asked[0].text, asked[0].language) == ("一。二。", "zh")
    assert len(asked[0].samples) == pytest.approx(3.5 * RATE_HZ, abs=1200)


def test_an_hour_needs_no_more_memory_than_a_minute() -> None:
    one = talk(60, (5.0, 20.0, 40.0), 8.0)

    def peak(minutes: int) -> int:
        heard = Transcriber(Counted(), Segmenter(Loud(), CUTTING))
        sound = (block for _ in range(minutes) for block in blocks(one, RATE_HZ))
        tracemalloc.start()
        count = sum(1 for _ in heard.transcribe(sound))
        (_, most) = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == 3 * minutes
        return most

    assert peak(30) < 1.2 * peak(2)


def said(*texts: str, each: float = 0.5) -> list[Piece]:
    return [Piece(text, k * each, (k + 1) * each) for k, text in enumerate(texts)]


def joined(pieces: list[Piece]) -> list[str]:
    return ["".join(piece.text for piece in group).strip() for group in sentences(pieces)]


def test_sentences_end_at_their_signs() -> None:
    assert joined(said(" It", " is.", " “Is", " it?”", " Yes")) == ["It is.", "“Is it?”", "Yes"]
    assert joined(said("好", "的。", "走", "吧！")) == ["好的。", "走吧！"]
    assert joined([]) == []


def test_a_number_or_a_title_is_no_sentence() -> None:
    assert joined(said(" Mr.", " Smith", " came.", each=0.4)) == ["Mr. Smith came."]


def test_a_long_sentence_ends_at_a_clause_and_a_very_long_one_anywhere() -> None:
    clauses = joined(said(*[" w"] * 14, " w,", *[" w"] * 3))
    assert clauses == [" ".join(["w"] * 14) + " w,", "w w w"]
    assert [len(line.split()) for line in joined(said(*[" w"] * 30))] == [20, 10]


def test_a_pause_ends_a_sentence() -> None:
    assert joined([Piece(" one", 0, 1), Piece(" two", 2.6, 3)]) == ["one", "two"]
