"""Looking back at what was said: what is kept, how it is paged, and what a growing caption may leave out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Rect
from runtime.core.messages import Caption, Card, CardDown, WearerSettings
from runtime.features.captions.view import (
    KEPT_S,
    LONG,
    LONGEST,
    MOST_CHARACTERS,
    MOST_LINES,
    RUNNING_LINES,
    STANDS_S,
    History,
    Past,
    Rewind,
    Running,
    page_card,
    pages,
    paused_mark,
)
from runtime.hud.layout import CAPTION_LINES, Layout, Text
from runtime.hud.scene import Scene
from runtime.hud.text import ELLIPSIS, Typesetter

S = 1_000_000_000
LINES = st.lists(
    st.sampled_from(
        [
            "Yes.",
            "好的，我们车站见。",
            "Where is the station?",
            "word " * 60,
            "没有空格的很长的一句话" * 9,
            "x" * 150,
            "نعم",
        ]
    ),
    max_size=40,
)


def spoken(*lines: str) -> History:
    history = History()
    for second, line in enumerate(lines):
        history.add(line, second * S)
    return history


def words(card: Card | CardDown) -> list[str]:
    assert isinstance(card, Card)
    return [line.text for line in card.lines if line.style == "body"]


def test_at_least_half_a_minute_is_kept_and_not_for_ever() -> None:
    history = History()
    for second in range(1000):
        history.add(f"line {second}", second * S)
    assert history.since(0)[0].t_ns == (999 - int(KEPT_S)) * S
    assert [line.text for line in history.since(997 * S)] == ["line 997", "line 998", "line 999"]
    assert KEPT_S >= 30


def test_its_size_is_bounded_whatever_is_said() -> None:
    history = History()
    for _ in range(3 * MOST_LINES):
        history.add("x", 0)
    assert len(history) == MOST_LINES
    for _ in range(50):
        history.add("y" * 3000, 0, "z" * 3000)
    assert sum(len(line.text + line.source) for line in history.since(0)) <= MOST_CHARACTERS
    history.add("y" * 2 * MOST_CHARACTERS, 0)
    assert len(history) == 1, "the newest line is always there"
    history.add("  ", 0)
    assert len(history) == 1
    history.forget()
    assert history.since(0) == () and history.page(0) == ()


@given(LINES, st.sampled_from([0.5, 1.0, 1.7, 3.0]))
def test_pages_lose_nothing_and_keep_the_order(lines: list[str], size: float) -> None:
    history = spoken(*lines)
    made = pages(history.since(0), size)
    read = [part.text for page in reversed(made) for part in page]
    assert "".join("".join(read).split()) == "".join("".join(lines).split())
    assert all(made)
    assert history.page(0, size) == (made[0] if made else ())
    assert history.page(len(made), size) == history.page(-1, size) == ()


@given(LINES, st.sampled_from([0.6, 1.0, 1.4]))
def test_a_page_is_seen_whole_above_the_captions(lines: list[str], size: float) -> None:
    made = pages(spoken(*lines).since(0), size)
    for n in range(len(made)):
        scene = Scene(
            page_card(made, n, 0),
            caption=Caption("live", "words", source="源"),
            settings=WearerSettings(text_size=size),
        )
        shown = [item.line.text for item in LAYOUT.place(scene) if isinstance(item, Text)]
        assert not any(ELLIPSIS in text for text in shown), "a line was cut"
        whole = "".join("".join(shown).split())
        for part in made[n]:
            assert "".join(part.text.split()) in whole


LAYOUT = Layout(Typesetter(), Rect(24, 24, 592, 432))


def test_back_and_forward_and_live_again() -> None:
    history = spoken(*(f"This is the line with number {n:02} of many." for n in range(12)))
    rewind = Rewind()
    newest = rewind.back(history, 20 * S)
    assert words(newest)[-1].endswith("11 of many.")
    history.add("A line that came meanwhile.", 21 * S)
    older = rewind.back(history, 22 * S)
    assert words(older)[-1] < words(newest)[0]
    assert newest.lines[0].text.endswith(f"1/{len(pages(history.since(0)))}")
    assert words(rewind.forward(23 * S)) == words(newest), "the pages stand still while they are looked at"
    assert rewind.forward(24 * S) == CardDown("captions")
    assert words(rewind.back(history, 25 * S))[-1] == "A line that came meanwhile."


def test_the_oldest_page_stays_at_the_end() -> None:
    history = spoken(*(f"Line {n}." for n in range(12)))
    rewind = Rewind()
    cards = [rewind.back(history, n * S) for n in range(20, 28)]
    assert words(cards[-1]) == words(cards[-2])
    assert words(cards[-1])[0] == "Line 0."


def test_it_goes_by_itself_and_begins_anew_then() -> None:
    history = spoken(*(f"Line {n}." for n in range(12)))
    rewind = Rewind()
    first = rewind.back(history, 20 * S)
    assert first.ttl_s == STANDS_S
    late = (20 + int(STANDS_S)) * S
    assert words(rewind.back(history, late)) == words(first)
    rewind.end()
    assert words(rewind.back(history, late)) == words(first)
    assert rewind.forward(late + 13 * S) == CardDown("captions")


def test_a_page_tells_its_age_and_what_a_touch_does() -> None:
    card = page_card([(Past("Good morning", 5 * S, "早上好"),)], 0, 30 * S)
    assert [(line.text, line.style) for line in card.lines] == [
        ("25 s ago", "small"),
        ("早上好", "small"),
        ("Good morning", "body"),
        ("swipe back: older · tap: newer", "hint"),
    ]
    assert page_card([(Past("a", 5 * S),)], 0, 30 * S, "zh").lines[0].text == "25 秒前"
    assert (paused_mark(), paused_mark("zh")) == ("paused", "已暂停")


def test_with_nothing_to_look_back_at_it_says_so() -> None:
    card = Rewind().back(History(), 0)
    assert [line.text for line in card.lines] == ["Nothing was said lately"]
    assert card.ttl_s is not None and card.ttl_s < STANDS_S


def test_running_words_grow_at_their_end_and_lose_whole_lines() -> None:
    running = Running()
    before = ""
    for number in range(3 * RUNNING_LINES):
        for words_ in (f"Line {number}", " goes", " on."):
            running.say(words_)
            kept = running.text
            gone = before.split("\n")
            assert any(kept.startswith("\n".join(gone[n:])) for n in range(len(gone)))
            before = kept
        running.turn()
        running.turn()
    assert len(running.text.split("\n")) == RUNNING_LINES > CAPTION_LINES[1]
    running.forget()
    assert running.text == ""


@pytest.mark.parametrize("sentence", [" We walk on and on.", "我们一直走一直走。"])
def test_someone_who_never_pauses_gets_a_new_line_at_a_sentence(sentence: str) -> None:
    running = Running()
    for _ in range(200):
        running.say(sentence)
    assert all(len(line) < LONG + 2 * len(sentence) for line in running.text.split("\n"))
    assert all(line.strip().endswith(sentence[-1]) for line in running.text.split("\n"))


@pytest.mark.parametrize("word", [" and", "走"])
def test_someone_who_never_ends_a_sentence_gets_one_at_a_word(word: str) -> None:
    running = Running()
    for _ in range(2000):
        running.say(word)
    assert all(len(line) <= LONGEST + len(word) for line in running.text.split("\n"))
