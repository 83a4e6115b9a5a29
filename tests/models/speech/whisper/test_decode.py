from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from models.qwen_vl.sampling import Sampling
from models.speech.whisper import doubt
from models.speech.whisper.decode import Draft, Limits, listen, write
from models.speech.whisper.model import Sound
from models.speech.whisper.rules import LATEST_START, Rules
from models.speech.whisper.text import Text, Turns
from models.steps import finished
from tests.models.speech.whisper.scripted import Script, Scripted, Small

SOUND = Sound(np.zeros(1, np.float32), np.zeros(1, np.float32), 50)
NOTHING = Draft([], [])


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


def says(*tokens: int, opening: int) -> Script:
    """One token after the other, behind an opening of this length."""

    def script(_sound: Sound, fed: Sequence[int]) -> dict[int, float]:
        at = len(fed) - opening
        return {tokens[at]: 5.0} if 0 <= at < len(tokens) else {}

    return script


def written(small: Small, script: Script, seconds: float, kept: Draft = NOTHING, heat: float = 0) -> Draft:
    text = Text(Turns(Scripted(small, script)), SOUND)
    opening = small.opening("en", "transcribe", timestamps=False)
    rules = Rules(small, timestamps=False)
    steps = write(text, opening, kept, rules, Limits(seconds, 100), Sampling(temperature=heat, seed=3))
    return finished(steps)


def test_a_text_goes_on_to_its_end(small: Small) -> None:
    one, two = small.encode(" one two")
    draft = written(small, says(one, two, small.end, opening=4), 2.0)
    assert (draft.tokens, draft.doubt) == ([one, two], "")
    assert draft.mean_log == pytest.approx((sum(draft.logs) + draft.end_log) / 3)
    assert -0.1 < draft.mean_log < 0


def test_what_is_kept_is_fed_and_not_written_again(small: Small) -> None:
    one, two = small.encode(" one two")
    draft = written(small, says(one, two, small.end, opening=4), 2.0, Draft([one], [-0.5]))
    assert draft.tokens == [one, two]
    assert draft.logs[0] == -0.5


def test_a_text_never_begins_with_its_end_nor_with_a_blank(small: Small) -> None:
    def script(_sound: Sound, fed: Sequence[int]) -> dict[int, float]:
        return {small.end: 9.0, small.blank: 8.0, small.encode(" one")[0]: 1.0}

    assert written(small, script, 1.0).tokens == small.encode(" one")


def test_notes_of_subtitlers_are_not_written(small: Small) -> None:
    (note,) = small.encode("[")

    def script(_sound: Sound, fed: Sequence[int]) -> dict[int, float]:
        return {note: 9.0, small.encode(" one")[0]: 1.0} if len(fed) < 5 else {small.end: 9.0}

    assert written(small, script, 1.0).tokens == small.encode(" one")


def test_a_text_longer_than_anybody_speaks_is_cut_off_in_doubt(small: Small) -> None:
    rng = np.random.default_rng(5)
    letters = [
        int(token) for token in rng.permutation(small.encode("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP"))
    ]
    draft = written(small, says(*letters, opening=4), 2.0)
    assert draft.doubt == "long"
    assert len(draft.tokens) == 2 * doubt.TOKENS_A_SECOND + doubt.TOKENS_MORE


def test_the_bytes_of_one_character_are_counted_once(small: Small) -> None:
    text = "".join(chr(0x6000 + 37 * k) for k in range(25))
    tokens = small.encode(text)
    assert len(tokens) == 75
    draft = written(small, says(*tokens, small.end, opening=4), 2.0)
    assert (draft.doubt, draft.tokens) == ("", tokens)


def test_a_loop_is_stopped_and_said_once(small: Small) -> None:
    one, two, the = small.encode(" one two the")
    draft = written(small, says(the, *[one, two] * 20, opening=4), 1.0)
    assert (draft.doubt, draft.tokens) == ("loop", [the, one, two])
    assert len(draft.logs) == 3


def test_repeating_oneself_at_a_natural_pace_is_no_loop(small: Small) -> None:
    (one,) = small.encode(" one")
    draft = written(small, says(*[one] * 12, small.end, opening=4), 6.0)
    assert (draft.doubt, len(draft.tokens)) == ("", 12)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 24])
def test_a_loop_of_any_size_is_found_and_cut(size: int) -> None:
    start, loop = [901, 902], list(range(size))
    tokens = start + loop * 12
    assert doubt.period(tokens) == size
    assert tokens[: doubt.without_loop(tokens, size)] == start + loop
    assert doubt.period(tokens[: size + 2 + size // 2]) == 0


def test_a_heat_draws_from_its_seed(small: Small) -> None:
    one, two = small.encode(" one two")

    def script(_sound: Sound, fed: Sequence[int]) -> dict[int, float]:
        return {one: 2.0, two: 2.0, small.end: 1.0}

    drawn = [written(small, script, 2.0, heat=0.8).tokens for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 2


def test_language_and_silence_are_read_off_the_first_step(small: Small) -> None:
    zh, en = small.languages["zh"], small.languages["en"]

    def script(_sound: Sound, fed: Sequence[int]) -> dict[int, float]:
        return {zh: 3.0, en: 2.0, small.no_speech: 1.0} if fed == [small.start] else {}

    languages, no_speech = listen(Text(Turns(Scripted(small, script)), SOUND), small)
    assert dict(zip(small.languages, languages, strict=True))["zh"] == pytest.approx(
        1 / (1 + np.exp(-1)), 1e-4
    )
    assert no_speech == pytest.approx(np.exp(1) / (np.exp(1) + np.exp(2) + np.exp(3)), 1e-4)


def test_two_texts_on_one_model_do_not_disturb_each_other(small: Small) -> None:
    one, two = small.encode(" one two")

    def script(sound: Sound, fed: Sequence[int]) -> dict[int, float]:
        return {fed[-1]: float(sound.cross[0]), small.end: float(len(fed))}

    turns = Turns(Scripted(small, script))
    texts = [Text(turns, Sound(np.full(1, k, np.float32), np.zeros(1, np.float32), 9)) for k in (1, 2)]
    for token in (one, two, one):
        for k, text in enumerate(texts, 1):
            logits = text.feed([token])
            assert (logits[token], logits[small.end]) == (k, len(text))
    texts[0].rewind(1)
    assert texts[0].feed([two])[small.end] == 2


def times(small: Small, *seconds: float) -> list[int]:
    return [small.first_timestamp + round(second / 0.02) for second in seconds]


def may(small: Small, said: Sequence[int], likely: int) -> set[int]:
    logits = np.full(small.size, -5, np.float32)
    logits[likely] = 20
    return set(np.flatnonzero(Rules(small, timestamps=True).allowed(logits, said)))


def test_times_come_in_pairs_and_never_go_back(small: Small) -> None:
    (one,) = small.encode(" one")
    first = small.first_timestamp
    assert may(small, [], one) == set(range(first, first + LATEST_START + 1))
    begun = times(small, 0.4)
    assert not {token for token in may(small, begun, one) if token >= first}, "a word after a start"
    ended = [*begun, one, *times(small, 1.0)]
    assert may(small, ended, small.end) & set(range(first)) == {small.end}, "an end, or the next start"
    assert min(token for token in may(small, ended, first + 60) if token >= first) == first + 50
    later = [*begun, one]
    assert min(token for token in may(small, later, first + 60) if token >= first) == first + 21


def test_a_time_is_taken_when_all_times_together_are_likelier_than_any_word(small: Small) -> None:
    (one,) = small.encode(" one")
    said = [*times(small, 0.0), one]
    logits = np.full(small.size, -30, np.float32)
    logits[one] = 1.0
    logits[small.first_timestamp + 10 : small.first_timestamp + 110] = -2.0  # 100 of them: −2 + ln 100 > 1
    assert not Rules(small, timestamps=True).allowed(logits, said)[: small.first_timestamp].any()
    logits[one] = 3.0
    assert Rules(small, timestamps=True).allowed(logits, said)[one]
