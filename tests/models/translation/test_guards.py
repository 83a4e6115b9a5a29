"""The guards, on translations that were written for them and on good ones that are spoilt by rule."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from models.translation.english_words import CARDINALS
from models.translation.guards import fault
from models.translation.prompt import interpret
from tests.models.translation.tables import Row, bad, good

SHARE = 0.02  # of good translations may be dropped


def judge(row: Row, text: str | None = None, *, final: bool = True) -> str | None:
    return fault(
        row.source, row.text if text is None else text, language=row.language, target=row.target, final=final
    )


@pytest.mark.parametrize(("prefix", "least"), [("", 200), ("held_", 60)])
def test_every_bad_translation_is_dropped(prefix: str, least: int) -> None:
    rows = bad(prefix)
    assert len(rows) >= least
    assert [row for row in rows if judge(row) is None] == []


@pytest.mark.parametrize(("prefix", "least"), [("", 200), ("held_", 60)])
def test_good_translations_are_shown(prefix: str, least: int) -> None:
    rows = good(prefix)
    assert len(rows) >= least
    dropped = [(judge(row), row) for row in rows if judge(row) is not None]
    assert len(dropped) <= SHARE * len(rows), dropped


def test_no_row_stands_twice() -> None:
    rows = [*good(), *good("held_"), *bad(), *bad("held_")]
    assert len({(row.source, row.text) for row in rows}) == len(rows)


def other_digits(row: Row) -> str:
    return re.sub(r"\d+", lambda found: str(int(found[0]) + 7), row.text)


def other_words(row: Row) -> str:
    words = {word: value for word, value in CARDINALS.items() if 2 <= value <= 9}
    changed = {word: next(w for w, v in words.items() if v == 11 - value) for word, value in words.items()}
    pattern = re.compile(rf"\b({'|'.join(words)})\b", re.IGNORECASE)
    return pattern.sub(lambda found: changed[found[0].lower()], row.text)


SPOILT: dict[str, Callable[[Row], str]] = {
    "digits": other_digits,
    "number words": other_words,
    "loop": lambda row: " ".join([row.text] * 4),
    "announced": lambda row: f"Sure, here is the translation: {row.text}",
    "labelled": lambda row: f"Translation: {row.text}",
    "explained": lambda row: f"{row.text} (this is informal)",
    "source kept": lambda row: f"{row.text} {row.source}",
    "not translated": lambda row: row.source,
    "tag": lambda row: f"{row.text}<|im_end|>",
    "bold": lambda row: f"**{row.text}**",
    "goes on": lambda row: f"{row.text}\nUser: and then?",
    "somebody": lambda row: f"{row.text.rstrip('.?!')} with Gregory.",
    "manners": lambda row: f"{row.text} Let me know if you need anything else.",
    "a number more": lambda row: f"{row.text.rstrip('.?!')}, all 4711 of them.",
    "nothing": lambda row: "",
}


@pytest.mark.parametrize("kind", SPOILT)
def test_good_translations_are_dropped_once_they_are_spoilt(kind: str) -> None:
    rows = [row for row in good() if row.target == "en" and row.language == "zh"]
    spoilt = [(row, text) for row in rows if (text := SPOILT[kind](row)) != row.text]
    assert len(spoilt) > 20
    shown = [(row.source, text) for row, text in spoilt if judge(row, text) is None]
    # "Tell me … anything else" may be said in so many words; "you know" is kept by the source's 告诉.
    assert len(shown) <= 0.02 * len(spoilt), shown


def test_of_what_is_still_being_made_nothing_good_is_dropped() -> None:
    wrong = []
    rows = good()
    for row in rows:
        ends = [found.end() for found in re.finditer(r"\S+", row.text)]
        if any(judge(row, row.text[:end], final=False) for end in ends):
            wrong.append(row)
    assert len(wrong) <= SHARE * len(rows), wrong


@pytest.mark.parametrize(
    ("source", "begun", "reason"),
    [
        ("牛奶在哪里？", "Sure, here is", "comment"),
        ("一共三百二十块。", "It is 230 yuan all together, and", "number"),
        ("我很累。", "I'm 累", "script"),
        ("好的。", "Okay okay okay okay", "loop"),
        ("他们来了。", "They say that Richard and", "name"),
    ],
)
def test_what_can_no_longer_become_right_is_dropped_at_once(source: str, begun: str, reason: str) -> None:
    assert fault(source, begun, language="zh", target="en", final=False) == reason


def test_a_number_that_may_still_grow_is_waited_for() -> None:
    for begun in ("It is two", "It is 2", "It is 2.5 million"):
        assert fault("一共两百五十万。", begun, language="zh", target="en", final=False) is None


def test_a_glossary_gives_a_name_its_source() -> None:
    source, text = "小辉子来了。", "Foxy is here, says Foxy."
    assert fault(source, text, language="zh", target="en") == "name"
    assert fault(source, text, language="zh", target="en", glossary={"小辉子": "Foxy"}) is None


def test_the_prompt_is_not_quoted() -> None:
    told = interpret("我们走吧。", "zh", "en").messages[0]["content"]
    for sentence in re.split(r"(?<=\.)\s", told):
        assert (
            fault("我们走吧，去看看吧，那边有很多人在等我们。", sentence, language="zh", target="en")
            == "comment"
        )


@pytest.mark.parametrize("language", ["", "th", "xx", "hi"])
def test_a_language_nobody_reads_is_still_guarded(language: str) -> None:
    assert fault("नमस्ते, आप कैसे हैं?", "Hello, how are you?", language=language, target="en") is None
    assert fault("कीमत २५ रुपये", "The price is 25 rupees.", language=language, target="en") is None
    assert fault("कीमत २५ रुपये", "The price is 52 rupees.", language=language, target="en") is not None
    assert fault("नमस्ते, आप कैसे हैं?", "नमस्ते, आप कैसे हैं?", language=language, target="en") == "script"


def test_the_guards_are_quick_on_hostile_text() -> None:
    """Nothing in them is quadratic in what a model may write: long runs of everything they look for end."""
    for piece in ("one hundred and ", "三百", "( ", "- ", "Aa ", "1,000 ", "half past ", "Wang"):
        fault("一" * 300, piece * 400, language="zh", target="en")
        fault(piece * 100, piece * 400, language="zh", target="en")
