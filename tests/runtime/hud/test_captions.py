"""Whatever is said next: a settled word keeps its line and its place in it, and the block only rolls up when full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.hud.bidi import is_right_to_left, levels
from runtime.hud.breaking import NOT_FIRST
from runtime.hud.captions import CaptionBlock, Row, joined, paragraphs, settled
from runtime.hud.text import Typesetter

TYPE = Typesetter()
SIZE, WIDTH, MOST = 30.0, 300.0, 3
# Pieces as a recogniser gives them: a word with the blank before it, or a character where words are not spaced.
LATIN = (
    " the",
    " quick",
    " office",
    " Donaudampfschifffahrt",
    ",",
    ".",
    " milk",
    "-free",
    " 12",
    ".50",
    "%",
    " AVATAR",
)
HAN = ("我", "们", "在", "路口", "，", "。", "“", "”", "（", "）", "12", "3,", "ー", "の")
TURNED = (
    " שלום",
    " עולם",
    " مرحبا",
    " بكم",
    "،",
    "؟",
    " لا",
    "!",
    " 12",
    "/04",
    " (",
    ")",
    " $",
    "-",
    "با",
    "לום",
)
OTHERS = (" น้ำ", "ปลา", " शुद्ध", " क्षत्रिय", " 한국어", "다", " Γάλα", "é", "\u0301", "😀", "\u200d")
STRAY = tuple(piece for piece in TURNED + LATIN if piece.strip(" ()"))  # brackets have seams for it
PIECES = st.sampled_from(LATIN + HAN + TURNED + OTHERS)
LIKELY = st.one_of(PIECES, st.sampled_from(LATIN + HAN), st.sampled_from(TURNED + LATIN))


class Step(NamedTuple):
    """What comes next: pieces that are settled, a new line perhaps, and what may follow."""

    committed: Sequence[str]
    new_line: bool
    tentative: Sequence[str]


STEPS = st.lists(
    st.builds(
        Step,
        st.lists(LIKELY, max_size=4),
        st.sampled_from([False, False, False, True]),
        st.lists(LIKELY, max_size=8),
    ),
    min_size=2,
    max_size=25,
)


class Seen(NamedTuple):
    """A settled glyph where the eye finds it: whole pixels from its side of the block, and its slot."""

    slot: int
    x: int
    font: int
    id: int


def seen(rows: Sequence[Row], *tones: str) -> Counter[Seen]:
    return Counter(
        Seen(row.slot, round(glyph.x) + (10_000 if line.right_to_left else 0), glyph.font, glyph.id)
        for row in rows
        for line, tone in row.parts
        if tone in tones
        for glyph in line.glyphs
    )


def told(steps: Sequence[Step], kept: int = 1000) -> Iterator[tuple[str, str]]:
    """The captions of a conversation; of more than ``kept`` lines the oldest are left out."""
    committed = ""
    for step in steps:
        committed += "".join(step.committed) + ("\n" if step.new_line else "")
        whole = committed.split("\n")
        yield "\n".join(whole[-kept:]), "".join(step.tentative)


def text(rows: Sequence[Row], *tones: str) -> str:
    """The words of these tones, line by line."""
    found = []
    for row in rows:
        for line, tone in row.parts:
            if tone in tones:
                at = {glyph.at for glyph in line.glyphs}
                found.append("".join(c for i, c in enumerate(line.text) if i in at))
    return "".join(found)


@settings(max_examples=400, deadline=None)
@given(STEPS, st.sampled_from([120.0, 300.0, 592.0]), st.sampled_from([2, 3, 4]))
def test_what_is_settled_never_moves_but_up_with_its_line(steps: list[Step], width: float, most: int) -> None:
    block = CaptionBlock(TYPE)
    before: Counter[Seen] = Counter()
    for committed, tentative in told(steps, kept=most + 1):
        rows = block.rows(committed, tentative, SIZE, width, most)
        assert all(0 <= row.slot < most for row in rows)
        now = seen(rows, "settled")
        up = next(
            (up for up in range(most + 1) if _rolled(before, up) <= now),
            None,
        )
        assert up is not None, (before - now, committed, tentative)
        assert up == 0 or not before or max(row.slot for row in rows) == most - 1, "it rolled with room left"
        before = now


def _rolled(glyphs: Counter[Seen], up: int) -> Counter[Seen]:
    return Counter({g._replace(slot=g.slot - up): n for g, n in glyphs.items() if g.slot >= up})


@settings(max_examples=200, deadline=None)
@given(STEPS, st.sampled_from([120.0, 300.0, 592.0]))
def test_lines_stay_in_their_width(steps: list[Step], width: float) -> None:
    block = CaptionBlock(TYPE)
    for committed, tentative in told(steps):
        for row in block.rows(committed, tentative, SIZE, width, MOST):
            for line, _ in row.parts:
                assert line.width <= width + 3, (line.text, "kerning over a break is a hair at most")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(LATIN + HAN), min_size=1, max_size=30), st.integers(0, 30))
def test_every_committed_word_is_settled_at_once_where_nothing_turns(pieces: list[str], cut: int) -> None:
    committed, tentative = "".join(pieces[:cut]), "".join(pieces[cut:])
    rows = CaptionBlock(TYPE).rows(committed, tentative, SIZE, WIDTH, 50)
    assert _inked(text(rows, "settled")) == _inked(committed)
    assert _inked(text(rows, "tentative")) == _inked(tentative)


def _inked(words: str) -> str:
    return "".join(words.split()).replace("fi", "").replace("f", "")  # one glyph stands for both letters


def test_until_it_is_full_nothing_moves_and_then_whole_lines_do() -> None:
    block = CaptionBlock(TYPE)
    slots = []
    for number in range(1, 6):
        committed = "\n".join(f"line {n}" for n in range(1, number + 1))
        slots.append([(row.slot, row.parts[0][0].text) for row in block.rows(committed, "", SIZE, WIDTH, 3)])
    assert slots == [
        [(0, "line 1")],
        [(0, "line 1"), (1, "line 2")],
        [(0, "line 1"), (1, "line 2"), (2, "line 3")],
        [(0, "line 2"), (1, "line 3"), (2, "line 4")],
        [(0, "line 3"), (1, "line 4"), (2, "line 5")],
    ]


def test_it_does_not_roll_back_when_tentative_words_are_taken_back() -> None:
    block = CaptionBlock(TYPE)
    full = "one\ntwo\nthree"
    rolled = block.rows(full, "and more words than it holds", SIZE, WIDTH, 3)
    back = block.rows(full, "", SIZE, WIDTH, 3)
    assert rolled[-1].slot == 2
    assert [(row.slot, row.parts[0][0].text) for row in back] == [(0, "two"), (1, "three")]
    assert [(row.slot, row.parts[0][0].text) for row in block.rows("three", "", SIZE, WIDTH, 3)] == [
        (1, "three")
    ]


def test_lines_stay_where_they_are_when_old_ones_are_left_out() -> None:
    block = CaptionBlock(TYPE)
    block.rows("a\nb\nc\nd", "e", SIZE, WIDTH, 3)
    before = block.rows("a\nb\nc\nd e", "f", SIZE, WIDTH, 3)
    assert block.rows("c\nd e", "f", SIZE, WIDTH, 3) == before[1:], "two still stand in the slots they had"
    assert [row.slot for row in block.rows("c\nd e\ng", "", SIZE, WIDTH, 3)] == [0, 1, 2]


def test_another_conversation_begins_at_the_top() -> None:
    block = CaptionBlock(TYPE)
    block.rows("a\nb\nc\nd", "", SIZE, WIDTH, 3)
    assert [row.slot for row in block.rows("x", "", SIZE, WIDTH, 3)] == [0]
    block.rows("a\nb\nc\nd", "", SIZE, WIDTH, 3)
    block.forget()
    assert [row.slot for row in block.rows("d", "", SIZE, WIDTH, 3)] == [0]


@pytest.mark.parametrize("word", ["milk", "牛奶"])
@pytest.mark.parametrize("mark", [",", "，", "."])
def test_a_comma_behind_a_settled_word_stands_on_its_line(word: str, mark: str) -> None:
    for count in range(1, 40):
        block, committed = CaptionBlock(TYPE), joined("x" * count, f" {word}")
        before = block.rows(committed, "", SIZE, WIDTH, 9)
        after = block.rows(committed + mark, "", SIZE, WIDTH, 9)
        assert seen(before, "settled") <= seen(after, "settled")
        if word == "milk" and mark == "，":
            continue  # a wide mark behind a narrow word may lack the room
        assert all(row.parts[0][0].text[0] not in NOT_FIRST for row in after)


def test_a_settled_word_that_gets_longer_is_cut_where_it_was() -> None:
    block = CaptionBlock(TYPE)
    block.rows("we cross a wide riv", "", SIZE, WIDTH, 3)
    rows = block.rows("we cross a wide riverside again", "", SIZE, WIDTH, 3)
    assert [row.parts[0][0].text for row in rows] == ["we cross a wide riv", "erside again"]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("a big of", "a big office"),
        ("مرح", "مرحبا"),
        ("abc שלום (עולם and", "abc שלום (עולם and then) so"),
        ("שלום abc (def ש", "שלום abc (def ש ) ש"),
    ],
)
def test_letters_that_would_join_or_turn_keep_the_form_they_had(first: str, then: str) -> None:
    block = CaptionBlock(TYPE)
    before = seen(block.rows(first, "", SIZE, 592.0, 3), "settled")
    after = seen(block.rows(then, "", SIZE, 592.0, 3), "settled")
    assert before and before <= after


def test_words_of_the_other_direction_are_settled_once_their_run_is_over() -> None:
    block = CaptionBlock(TYPE)
    rows = block.rows("say שלום", "עולם", SIZE, WIDTH, 3)
    assert text(rows, "settled") == "say "
    rows = block.rows("say שלום עולם now", "", SIZE, WIDTH, 3)
    assert text(rows, "settled") == "say שלום עולם now"
    rows = block.rows("say שלום עולם now שלום\nand", "", SIZE, WIDTH, 3)
    assert text(rows, "tentative") == "", "what is over can't be moved any more"


def test_a_right_to_left_line_stands_at_the_right_and_grows_to_the_left() -> None:
    block = CaptionBlock(TYPE)
    (row,) = block.rows("مرحبا بكم", "في", SIZE, WIDTH, 3)
    ((done, first), (open_, second)) = row.parts
    assert (first, second) == ("settled", "tentative")
    assert max(g.x for g in open_.glyphs) < min(g.x for g in done.glyphs)
    assert all(g.x < 0 for g in done.glyphs)


def test_what_was_not_translated_is_told_from_what_was() -> None:
    rows = CaptionBlock(TYPE).rows("Good morning.\n[zh] 早上好\n[ar] مرحبا", "", SIZE, WIDTH, 3)
    assert [tone for row in rows for _, tone in row.parts] == [
        "settled",
        "tag",
        "untranslated",
        "tag",
        "untranslated",
    ]
    assert not rows[1].parts[0][0].right_to_left
    assert rows[2].parts[0][0].right_to_left, "the language's mark does not turn its line"


def test_a_line_feed_begins_a_line_and_many_begin_one() -> None:
    assert paragraphs(" a \n\n\n b\n") == ["a", "b", ""]
    rows = CaptionBlock(TYPE).rows("a\n\nb\n", "c", SIZE, WIDTH, 4)
    assert [[line.text for line, _ in row.parts] for row in rows] == [["a"], ["b"], ["c"]]


@pytest.mark.parametrize(
    ("committed", "tentative", "whole"),
    [
        ("hello", "world", "hello world"),
        ("你好", "世界", "你好世界"),
        ("你好", " milk", "你好 milk"),
        ("hello", ", you", "hello, you"),
        ("", "  you", "you"),
        ("hello", " ", "hello"),
    ],
)
def test_tentative_words_follow_as_they_are_written(committed: str, tentative: str, whole: str) -> None:
    assert joined(committed, tentative) == whole


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(STRAY), max_size=12), st.lists(st.sampled_from(STRAY), max_size=6))
def test_no_later_word_turns_what_is_settled(first: list[str], more: list[str]) -> None:
    words, longer = "".join(first), "".join(first + more)
    turned = is_right_to_left(words)
    count = settled(words, turned)
    before, after = (levels(one, turned) or bytes(len(one)) for one in (words, longer))
    assert before[:count] == after[:count]
