"""Which words are settled, and that none of them ever changes."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from models.base import Hypothesis, Piece
from runtime.features.captions.agreement import Agreement


def said(text: str, doubt: str = "") -> Hypothesis:
    words = text.split()
    return Hypothesis(
        tuple(Piece(f" {word}", i / 2, (i + 1) / 2) for i, word in enumerate(words)), doubt=doubt
    )


def test_what_two_hypotheses_begin_with_is_settled() -> None:
    agreement = Agreement()
    assert agreement.hear(said("it was the"), 1.7).settled == ""
    words = agreement.hear(said("it was the first great"), 2.7)
    assert (words.settled, words.tentative, words.until_s) == (" it was the", " first great", 2.5)
    assert agreement.settled == 3


def test_the_word_at_the_edge_of_the_sound_waits_even_when_it_is_heard_twice() -> None:
    agreement = Agreement()
    agreement.hear(said("he said no"), 1.6)
    assert agreement.hear(said("he said no"), 1.7).tentative == " no"
    assert agreement.hear(said("he said no"), 2.0).tentative == ""


def test_a_comma_or_a_capital_makes_no_other_word() -> None:
    agreement = Agreement()
    agreement.hear(said("It was, Great"), 9.0)
    assert agreement.hear(said("it was great joy"), 9.0).settled == " it was great"


def sure(text: str, *chances: float) -> Hypothesis:
    words = zip(text.split(), chances, strict=True)
    return Hypothesis(tuple(Piece(f" {word}", i / 2, (i + 1) / 2, p) for i, (word, p) in enumerate(words)))


def test_of_what_is_not_settled_only_what_the_model_is_rather_sure_of_is_shown() -> None:
    assert Agreement().hear(sure("it was the", 0.9, 0.2, 0.4), 9.0).tentative == " it"
    assert Agreement().hear(sure("hit was", 0.3, 0.4), 9.0).tentative == ""


def test_a_first_word_is_believed_with_those_behind_it() -> None:
    """Its own chance is low, for nothing is known of the sentence yet."""
    assert Agreement().hear(sure("it was the", 0.3, 0.95, 0.9), 9.0).tentative == " it was the"


def test_what_the_model_is_not_sure_of_is_settled_when_it_was_said_four_times() -> None:
    agreement, unsure = Agreement(), sure("it was the", 0.9, 0.2, 0.9)
    told = [agreement.hear(unsure, 9.0) for _ in range(4)]
    assert [words.settled for words in told] == ["", " it", " it", " it was the"]
    assert [words.tentative for words in told] == [" it", " was the", " was the", ""]


def test_a_word_that_changes_begins_to_be_counted_anew() -> None:
    agreement = Agreement()
    for text in ("it was a", "it was a", "it was the", "it was the", "it was the"):
        agreement.hear(sure(text, 0.9, 0.3, 0.9), 9.0)
    assert agreement.settled == 3
    agreement = Agreement()
    for text in ("it was", "it saw", "it was", "it saw", "it was"):
        agreement.hear(sure(text, 0.9, 0.3), 9.0)
    assert agreement.settled == 1


def test_where_the_sound_stops_the_sentence_need_not() -> None:
    agreement = Agreement()
    assert agreement.hear(said("of his life."), 9.0).tentative == " of his life"
    assert agreement.hear(said("of his life."), 9.0, final=True).settled == " of his life."


def test_the_end_settles_all_there_is() -> None:
    agreement = Agreement()
    agreement.hear(said("it was"), 9.0)
    words = agreement.hear(said("so it goes"), 9.0, final=True)
    assert (words.settled, words.tentative) == (" so it goes", "")


def test_a_doubtful_hypothesis_changes_nothing_and_at_the_end_settles_nothing() -> None:
    agreement = Agreement()
    agreement.hear(said("one two three"), 9.0)
    agreement.hear(said("one two three four"), 9.0)
    words = agreement.hear(said("one two three three three three", doubt="loop"), 9.0)
    assert (words.settled, words.tentative) == (" one two three", " four")
    words = agreement.hear(said("one two three three three", doubt="loop"), 9.0, final=True)
    assert (words.settled, words.tentative) == (" one two three", "")


WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "A,", "b.", "c!"]), max_size=8)


@given(st.lists(WORDS, max_size=8))
def test_settled_words_only_ever_grow(hypotheses: Sequence[Sequence[str]]) -> None:
    """Even of a recogniser that says something new each time."""
    agreement, before = Agreement(), ""
    for number, words in enumerate(hypotheses):
        now = agreement.hear(said(" ".join(words)), 9.0, final=number == len(hypotheses) - 1).settled
        assert now.startswith(before)
        before = now
