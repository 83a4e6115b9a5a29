from __future__ import annotations

import pytest
from bidi import get_display
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.hud.bidi import REMOVED, is_right_to_left, levels, visual_runs

LETTERS = "abאבجد"
PLAIN = LETTERS + "12٣٤+-,./:$%€ ()[]{}!?«\u0301\u05b0\u064e"
ISOLATES = "\u2066\u2067\u2068\u2069"
EMBEDDINGS = "\u202a\u202b\u202c\u202d\u202e\u200b\u200d"


def seen(text: str, right_to_left: bool) -> str:
    """The characters from left to right."""
    runs = visual_runs(text, levels(text, right_to_left), right_to_left)
    return "".join(run.text[::-1] if run.right_to_left else run.text for run in runs)


def kept(text: str) -> str:
    """Without what rule X9 removes: where that stands is free."""
    return "".join(c for c in text if c not in EMBEDDINGS)


@settings(max_examples=400, deadline=None)
@given(st.text(PLAIN + ISOLATES, max_size=24), st.booleans())
def test_order_is_that_of_the_reference(text: str, right_to_left: bool) -> None:
    """python-bidi's engine is an implementation of UAX #9 that shares no line with ours."""
    assert seen(text, right_to_left) == get_display(text, base_dir="R" if right_to_left else "L")


@settings(max_examples=400, deadline=None)
@given(st.text(PLAIN + ISOLATES + EMBEDDINGS, max_size=24), st.sampled_from(LETTERS), st.booleans())
def test_order_with_embeddings_is_that_of_the_reference(text: str, end: str, right_to_left: bool) -> None:
    """Ends in a letter: the reference does not see an overridden isolate at the end as rule L1 does."""
    text += "\u2069\u202c" * text.count("\u2066") + end
    expected = get_display(text, base_dir="R" if right_to_left else "L")
    assert kept(seen(text, right_to_left)) == kept(expected)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60), st.booleans())
def test_nothing_is_lost_and_nothing_raises(text: str, right_to_left: bool) -> None:
    runs = visual_runs(text, levels(text, right_to_left), right_to_left)
    assert sorted(i for run in runs for i in range(run.start, run.start + len(run.text))) == list(
        range(len(text))
    )
    assert all(text[run.start : run.start + len(run.text)] == run.text for run in runs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False), ("abc", False), ("123 שלום", True), ("abc שלום", False), ("(سلام) abc", True),
        ("\u2067שלום\u2069 abc", False), ("\u200fabc", True), ("中文", False), ("123", False),
    ],
)  # fmt: skip
def test_a_paragraph_goes_with_its_first_strong_character(text: str, expected: bool) -> None:
    assert is_right_to_left(text) is expected


def test_text_without_right_to_left_costs_no_levels() -> None:
    assert levels("Whole milk 全脂牛奶 ภาษาไทย", False) is None
    assert visual_runs("abc", None, False) == [("abc", False, 0)]


@pytest.mark.parametrize("depth", [1, 60, 61, 62, 63, 124, 125, 126, 200])
@pytest.mark.parametrize("opener", ["\u202b", "\u202a", "\u2067", "\u2068", "\u202e"])
def test_embeddings_deeper_than_125_are_ignored(opener: str, depth: int) -> None:
    """UAX #9 max_depth: the overflow counters keep what opens and closes in step."""
    closer = "\u2069" if opener in ISOLATES else "\u202c"
    text = opener * depth + "א1(a)" + closer * depth + "b"
    expected = get_display(text, base_dir="L")
    assert kept(seen(text, False)) == kept(expected)


def test_a_line_takes_its_levels_from_the_whole_paragraph() -> None:
    """The number stands in Hebrew words, although its own line begins with it."""
    text = "abc שלום 123 עולם"
    depth = levels(text, False)
    assert depth is not None
    line = visual_runs(text[9:], depth[9:], False)
    assert [run.text for run in line] == [" עולם", "123"]


def test_removed_kinds_are_the_standards() -> None:
    assert {"LRE", "RLE", "LRO", "RLO", "PDF", "BN"} == REMOVED
