from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.base import Hypothesis, Recogniser, Utterance
from models.speech.whisper.language import LanguageBelief
from models.speech.whisper.model import Sound
from models.speech.whisper.phantoms import is_phantom
from models.speech.whisper.recogniser import WhisperRecogniser, open_recogniser
from models.speech.whisper.timing import Timeline
from models.steps import finished
from tests.models.speech.sounds import warble
from tests.models.speech.test_vad import CLIPS, sound
from tests.models.speech.whisper.scripted import Script, Scripted, Small, is_silent


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


@pytest.fixture(scope="module")
def real(whisper_base: Path) -> Iterator[WhisperRecogniser]:
    recogniser = open_recogniser(whisper_base, threads=2)
    yield recogniser
    recogniser.close()


def understood(utterance: Utterance, *, settled: int = 0, final: bool = False) -> Hypothesis:
    return finished(utterance.decode(settled=settled, final=final))


def heard(recogniser: Recogniser, samples: NDArray[np.float32], language: str = "") -> Hypothesis:
    utterance = recogniser.utterance(language=language)
    utterance.accept(samples)
    return understood(utterance, final=True)


def says(
    small: Small, text: str, *, logit: float = 9.0, silence: float | None = None, no_speech: float = -9
) -> Script:
    """``text`` after any opening; of silence the same with another logit."""
    tokens = [*small.encode(text), small.end]

    def script(of: Sound, fed: Sequence[int]) -> dict[int, float]:
        if small.no_timestamps not in fed:
            return {small.languages["en"]: 5.0, small.no_speech: no_speech}
        at = len(fed) - fed.index(small.no_timestamps) - 1
        sure = silence if silence is not None and is_silent(of) else logit
        return {tokens[at]: sure} if at < len(tokens) else {small.end: 20.0}

    return script


def goes_round(small: Small) -> Script:
    """One word without an end, of any sound but silence."""
    (word,) = small.encode(" the")
    return lambda of, _fed: {small.end if is_silent(of) else word: 30.0}


def scripted(small: Small, script: Script) -> tuple[WhisperRecogniser, Scripted]:
    model = Scripted(small, script)
    return WhisperRecogniser(model, small), model


@pytest.mark.parametrize(
    ("clip", "language", "words"),
    [
        (CLIPS[0], "zh", ("广州市", "中间协会")),
        (CLIPS[1], "en", ("It was the first great sorrow", "built around it.")),
    ],
)
def test_real_speech_is_understood(
    real: WhisperRecogniser, fixtures: Path, clip: str, language: str, words: tuple[str, str]
) -> None:
    real.belief.forget()
    samples = sound(fixtures / "speech" / clip)
    hypothesis = heard(real, samples)
    assert (hypothesis.language, hypothesis.doubt) == (language, "")
    assert words[0] in hypothesis.text
    assert words[1] in hypothesis.text
    edges = [edge for piece in hypothesis.pieces for edge in (piece.start_s, piece.end_s)]
    assert edges == sorted(edges)
    assert 0 <= edges[0] < 1 < len(samples) / 16_000 - 1 < edges[-1] <= len(samples) / 16_000
    assert all(0 < piece.probability <= 1 for piece in hypothesis.pieces)


def test_what_is_settled_stays_word_for_word_as_real_speech_grows(
    real: WhisperRecogniser, fixtures: Path
) -> None:
    samples = sound(fixtures / "speech" / CLIPS[1])
    utterance = real.utterance(language="en")
    settled: tuple[object, ...] = ()
    for start in range(0, 96_000, 32_000):
        utterance.accept(samples[start : start + 32_000])
        pieces = understood(utterance, settled=len(settled)).pieces
        assert pieces[: len(settled)] == settled
        settled = pieces[: max(len(settled), len(pieces) - 3)]
    assert len(settled) > 8


def test_real_speech_is_translated(real: WhisperRecogniser, fixtures: Path) -> None:
    utterance = real.utterance(language="zh", task="translate")
    utterance.accept(sound(fixtures / "speech" / CLIPS[0]))
    assert "Guangzhou" in understood(utterance, final=True).text


@pytest.mark.parametrize("kind", ["silence", "hiss", "hum"])
def test_nothing_is_understood_where_nobody_speaks(real: WhisperRecogniser, kind: str) -> None:
    t = np.arange(48_000) / 16_000
    noise = {
        "silence": np.zeros(48_000),
        "hiss": np.random.default_rng(1).normal(0, 0.02, 48_000),
        "hum": 0.2 * np.sin(2 * np.pi * 50 * t),
    }[kind].astype(np.float32)
    assert heard(real, noise, "en").text == ""


def test_a_phantom_is_dropped_when_silence_would_say_it_too_and_kept_when_the_sound_does(
    small: Small,
) -> None:
    phrase = " thank you for watching"
    alike, _ = scripted(small, says(small, phrase, logit=-14, silence=-14.5))
    assert heard(alike, warble(2.0)).pieces == ()
    spoken, _ = scripted(small, says(small, phrase, logit=-12, silence=-18))
    assert heard(spoken, warble(2.0)).text == phrase.strip()


def test_a_sure_text_that_is_no_phantom_is_not_weighed_against_silence(small: Small) -> None:
    recogniser, model = scripted(small, says(small, " one two", silence=9.0))
    assert heard(recogniser, warble(2.0)).text == "one two"
    assert not any(map(is_silent, model.started))


def test_a_loop_that_silence_brings_about_as_well_is_dropped(small: Small) -> None:
    (word,) = small.encode(" the")
    recogniser, _ = scripted(small, lambda _of, _fed: {word: 30.0})
    assert heard(recogniser, warble(2.0)).text == ""


def test_an_unlikely_text_where_nobody_seems_to_speak_is_dropped(small: Small) -> None:
    recogniser, _ = scripted(small, says(small, " one two", logit=-15, no_speech=9.0))
    hypothesis = heard(recogniser, warble(2.0))
    assert hypothesis.pieces == ()
    assert hypothesis.no_speech > 0.9


def test_a_runaway_is_heard_again_with_more_of_the_silence(small: Small) -> None:
    steady, model = says(small, " one two"), [Scripted(small, says(small, ""))]

    def script(of: Sound, fed: Sequence[int]) -> dict[int, float]:
        if small.no_timestamps in fed and model[0].frames[-1] < 300:
            return {small.encode(" the")[0]: 9.0}
        return steady(of, fed)

    recogniser, model[0] = scripted(small, script)
    hypothesis = heard(recogniser, warble(2.0))
    assert (hypothesis.text, hypothesis.doubt) == ("one two", "")
    assert model[0].frames == [202, 302]


def test_a_runaway_that_stays_one_is_said_once_and_in_doubt(small: Small) -> None:
    recogniser, model = scripted(small, goes_round(small))
    hypothesis = heard(recogniser, warble(2.0))
    assert (hypothesis.text, hypothesis.doubt) == ("the", "loop")
    assert model.frames == [202, 302, 3000, 3000, 3000, 2], "and silence, to be held against"


def test_while_speech_goes_on_what_is_in_doubt_is_not_heard_again(small: Small) -> None:
    recogniser, model = scripted(small, goes_round(small))
    utterance = recogniser.utterance()
    utterance.accept(warble(2.0))
    assert understood(utterance).doubt == "loop"
    assert model.frames == [202, 2]
    assert understood(utterance, final=True).doubt == "loop"
    assert len(model.frames) > 2


def test_a_text_that_was_dropped_is_asked_for_again_at_the_end(small: Small) -> None:
    recogniser, model = scripted(small, says(small, " one two", logit=-15, silence=-15, no_speech=9.0))
    utterance = recogniser.utterance()
    utterance.accept(warble(2.0))
    assert understood(utterance).pieces == ()
    before = len(model.frames)
    assert understood(utterance, final=True).pieces == ()
    assert len(model.frames) > before


def test_what_was_heard_to_its_end_is_not_heard_again(small: Small) -> None:
    recogniser, model = scripted(small, says(small, " one two"))
    utterance = recogniser.utterance()
    utterance.accept(warble(2.0))
    before = recogniser.belief.weigh(np.ones(4, np.float32), 5.0)
    found = understood(utterance)
    assert np.array_equal(recogniser.belief.weigh(np.ones(4, np.float32), 5.0), before)
    assert understood(utterance, settled=1, final=True) == found
    assert len(model.frames) == 1
    assert recogniser.belief.weigh(np.ones(4, np.float32), 5.0).argmax() == 0, (
        "English is expected from now on"
    )


def test_a_settled_character_is_kept_though_its_token_holds_two(small: Small) -> None:
    recogniser, model = scripted(small, says(small, "你好 one"))
    utterance = recogniser.utterance(language="zh")
    utterance.accept(warble(1.0))
    assert [piece.text for piece in understood(utterance).pieces] == ["你", "好", " one"]
    fed: list[Sequence[int]] = []

    def script(_of: Sound, tokens: Sequence[int]) -> dict[int, float]:
        fed.append(list(tokens))
        return {small.end: 9.0}

    model._script = script
    utterance.accept(warble(1.0))
    hypothesis = understood(utterance, settled=1)
    assert hypothesis.text == "你"
    assert fed[-1][4:] == small.encode("你")
    with pytest.raises(ValueError, match="2 pieces can't be settled"):
        understood(utterance, settled=2)


def test_a_prompt_stands_before_the_start(small: Small) -> None:
    recogniser, model = scripted(small, says(small, " one"))
    utterance = recogniser.utterance(prompt="two")
    utterance.accept(warble(1.0))
    assert understood(utterance).text == "one"
    assert model._fed[:3] == [small.previous, *small.encode(" two"), small.start]


def test_too_little_sound_says_nothing_and_too_much_is_left_out(small: Small) -> None:
    recogniser, model = scripted(small, says(small, " one"))
    utterance = recogniser.utterance()
    utterance.accept(warble(0.05))
    assert not understood(utterance, final=True).pieces
    utterance.accept(warble(40.0))
    assert understood(utterance).text == "one"
    assert model.frames == [3000]


def test_what_it_does_not_know_is_refused(small: Small) -> None:
    recogniser, _ = scripted(small, says(small, " one"))
    with pytest.raises(ValueError, match="does not know the language 'tlh'"):
        recogniser.utterance(language="tlh")
    small.multilingual = False
    with pytest.raises(ValueError, match="only English"):
        recogniser.utterance(task="translate")


def test_a_short_sound_does_not_change_the_language_and_a_long_one_does() -> None:
    belief = LanguageBelief(("en", "zh", "cy"))
    english, chinese = np.array([0.9, 0.06, 0.04], np.float32), np.array([0.01, 0.97, 0.02], np.float32)
    welsh = np.array([0.2, 0.1, 0.7], np.float32)
    for _ in range(3):
        belief.remember(belief.weigh(english, 4.0))
    assert belief.weigh(welsh, 0.5).argmax() == 0
    assert belief.weigh(chinese, 0.3).argmax() == 0
    assert belief.weigh(chinese, 4.0).argmax() == 1
    belief.forget()
    assert belief.weigh(welsh, 4.0).argmax() == 2


def test_moderate_evidence_that_goes_on_changes_the_language() -> None:
    belief = LanguageBelief(("en", "zh"))
    belief.remember(belief.weigh(np.array([0.999, 0.001], np.float32), 5.0))
    found = []
    for _ in range(3):
        weighed = belief.weigh(np.array([0.12, 0.88], np.float32), 3.0)
        belief.remember(weighed)
        found.append(int(weighed.argmax()))
    assert found == [0, 1, 1]


@pytest.mark.parametrize(
    ("text", "phantom"),
    [
        ("Thank you for watching!", True),
        ("Thanks for watching. Thanks for watching.", True),
        ("請不吝點贊 訂閱 轉發 打賞支持明鏡與點點欄目", True),
        ("字幕由Amara.org社区提供", True),
        ("ご視聴ありがとうございました", True),
        ("Thank you for watching the children yesterday", False),
        ("谢谢你帮我拿行李", False),
        ("请在电影里打开字母表", False),
        ("", False),
    ],
)
def test_phantoms_are_whole_phrases(text: str, phantom: bool) -> None:
    assert is_phantom(text) == phantom


def test_pieces_stand_where_somebody_is_heard() -> None:
    mel = np.full((80, 300), -1.0, np.float32)
    mel[:, 50:100] = mel[:, 200:250] = 1.0
    timeline = Timeline(mel)
    assert timeline.bounds == (0.5, 2.5)
    (a, b), (c, d) = timeline.spread([" ab", " cd"], *timeline.bounds)
    assert (a, d) == pytest.approx((0.5, 2.5), abs=0.02)
    assert 0.98 <= b == c <= 2.02, "between the two sounds"
    assert Timeline(np.zeros((80, 0), np.float32)).bounds == (0.0, 0.0)


def test_the_model_may_say_itself_when_each_sentence_is_spoken(small: Small) -> None:
    one, two = small.encode(" one two")
    time = [small.first_timestamp + at for at in (20, 50, 60, 80)]  # 0.4, 1.0, 1.2, 1.6 s
    tokens = [time[0], one, time[1], time[2], two, time[3], small.end]

    def script(_of: Sound, fed: Sequence[int]) -> dict[int, float]:
        at = len(fed) - 3
        return {tokens[at]: 9.0} if 0 <= at < len(tokens) else {small.languages["en"]: 5.0}

    recogniser = WhisperRecogniser(Scripted(small, script), small, timestamps=True)
    first, second = heard(recogniser, warble(2.0)).pieces
    assert (first.text, second.text) == (" one", " two")
    assert (first.start_s, first.end_s, second.start_s, second.end_s) == pytest.approx((0.4, 1.0, 1.2, 1.6))
