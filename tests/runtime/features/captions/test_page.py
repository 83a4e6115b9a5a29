"""Lines only grow, and leave whole."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from runtime.core.clock import NS
from runtime.features.captions.agreement import Words
from runtime.features.captions.conversation import Said
from runtime.features.captions.page import Page
from runtime.features.captions.view import RUNNING_LINES


def said(
    number: int, at_s: float, settled: str, tentative: str = "", *, until_s: float = 1.0, final: bool = False
) -> Said:
    return Said(number, round(at_s * NS), Words(settled, tentative, until_s), "en", final)


def test_words_of_a_stretch_are_settled_bit_by_bit_on_one_line() -> None:
    page = Page()
    page.hear(said(1, 0, "", " It was"))
    assert (page.caption().committed, page.caption().tentative) == ("", "It was")
    page.hear(said(1, 0, " It was", " the first"))
    page.hear(said(1, 0, " It was the first", final=True))
    assert (page.caption().committed, page.caption().tentative) == ("It was the first", "")


def test_a_pause_begins_a_new_line_and_a_breath_does_not() -> None:
    page = Page()
    page.hear(said(1, 0, "One.", until_s=1.0, final=True))
    page.hear(said(2, 1.6, "Two.", until_s=1.0, final=True))
    page.hear(said(3, 4.0, "Three.", final=True))
    assert page.caption().committed == "One. Two.\nThree."


def test_what_may_come_stands_on_the_line_it_will_stay_on() -> None:
    page = Page()
    page.hear(said(1, 0, "One.", until_s=1.0, final=True))
    page.hear(said(2, 4.0, "", "Two"))
    assert (page.caption().committed, page.caption().tentative, page.newest) == ("One.\n", "Two", "Two")
    page.hear(said(2, 4.0, "", final=True))
    assert page.caption().committed == "One."


def test_characters_follow_without_a_blank() -> None:
    page = Page()
    page.hear(said(1, 0, "你好，", final=True))
    page.hear(said(2, 1.5, "早上好。", final=True))
    assert page.caption().committed == "你好，早上好。"


def test_what_may_come_has_the_blank_that_it_will_be_settled_with() -> None:
    page = Page()
    page.hear(said(1, 0, "你好", " milk"))
    assert page.newest == page.caption().committed + page.caption().tentative == "你好 milk"
    page.hear(said(1, 0, "你好 milk", final=True))
    assert page.caption().committed == "你好 milk"
    page.hear(said(2, 1.5, "", " and tea "))
    assert page.newest == "你好 milk and tea"
    page.hear(said(2, 1.5, " and tea", final=True))
    assert page.newest == page.caption().committed == "你好 milk and tea"


def test_a_page_goes_on_behind_what_was_shown_before() -> None:
    page = Page()
    page.hear(said(1, 0, "One.", until_s=1.0, final=True))
    page.hear(said(2, 4.0, "Two.", until_s=1.0, final=True))
    other = Page()
    other.resume(page.caption())
    other.hear(said(1, 5.5, "Three.", final=True))
    assert other.caption().committed == "One.\nTwo. Three."


def test_after_a_long_silence_the_page_is_new() -> None:
    page = Page()
    page.hear(said(1, 0, "One.", final=True))
    page.hear(said(2, 30, "Two.", final=True))
    assert page.caption().committed == "Two."


def test_a_stretch_that_says_nothing_leaves_no_line() -> None:
    page = Page()
    page.hear(said(1, 0, "", final=True))
    page.hear(said(2, 5, "", "wh"))
    assert (page.caption().committed, page.caption().tentative) == ("", "wh")


def test_the_caption_says_when_its_newest_words_were_heard() -> None:
    page = Page()
    page.hear(said(1, 2, "One.", until_s=0.5, final=True))
    assert page.caption().t_ns == round(2.5 * NS)


STRETCHES = st.lists(
    st.tuples(st.lists(st.sampled_from([" a", " bb", "字", "。", " c,"]), max_size=5), st.floats(0, 15)),
    max_size=12,
)


@given(STRETCHES)
def test_what_stays_on_the_page_is_what_was_there_and_more(stretches: list[tuple[list[str], float]]) -> None:
    page, at_s, pages = Page(), 0.0, [""]
    for number, (words, pause_s) in enumerate(stretches, 1):
        for count in range(len(words) + 1):
            page.hear(said(number, at_s, "".join(words[:count]), final=count == len(words)))
            pages.append(page.caption().committed)
        at_s += 1.0 + pause_s
    for before, after in pairwise(page.rstrip("\n") for page in pages):
        old, new = before.split("\n"), after.split("\n")
        assert len(new) <= RUNNING_LINES
        stays = [start for start in range(len(old)) if "\n".join(new).startswith("\n".join(old[start:]))]
        assert stays or before == "" or len(new) == 1  # the last: after a long silence
