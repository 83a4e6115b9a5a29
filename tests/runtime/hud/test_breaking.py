from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.hud.breaking import clusters, may_follow_unspaced, pieces


@given(st.text(max_size=80))
def test_nothing_is_lost(text: str) -> None:
    assert "".join(clusters(text)) == text
    assert "".join(pieces(text)) == text
    assert all(clusters(text)) and all(pieces(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e\u0301a", ["e\u0301", "a"]),
        ("क्षत्रिय", ["क्ष", "त्रि", "य"]),
        ("น้ำที่", ["น้ำ", "ที่"]),
        ("เลี้ยว", ["เลี้", "ย", "ว"]),
        ("\u1112\u1161\u11ab\u1100", ["\u1112\u1161\u11ab", "\u1100"]),
        ("👨\u200d👩 x", ["👨\u200d👩", " ", "x"]),
        ("שָׁל", ["שָׁ", "ל"]),
    ],
)
def test_clusters_are_what_a_reader_takes_for_one(text: str, expected: list[str]) -> None:
    assert clusters(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two  words, here", ["two  ", "words, ", "here"]),
        ("净含量250克。", ["净", "含", "量", "250", "克。"]),
        ("“你好”（左转）", ["“你", "好”", "（左", "转）"]),
        ("ちょっと、ヴァ", ["ちょっ", "と、", "ヴァ"]),
        ("우유 한 병", ["우유 ", "한 ", "병"]),
        ("12\u00a0kg 5\u202f€", ["12\u00a0kg ", "5\u202f€"]),
        ("long-term 10-20 -5", ["long-", "term ", "10-20 ", "-5"]),
        ("word\u200bbreak", ["word\u200b", "break"]),
        ("¥ 12 / 500 g", ["¥ 12 ", "/ ", "500 ", "g"]),
        ("price:€3.98!", ["price:€3.98!"]),
        ("ห้าร้อยๆ", ["ห้า", "ร้", "อ", "ยๆ"]),
        ("घी, मात्रा।", ["घी, ", "मात्रा।"]),
    ],
)
def test_lines_end_where_a_typesetter_would_end_them(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize(
    ("last", "first", "expected"),
    [
        ("。", "我", True), ("了", "m", True), ("m", "我", True), ("a", "b", False), ("a", ",", True),
        ("한", "국", False), ("ย", "ว", True), ("ב", "ג", False),
    ],
)  # fmt: skip
def test_chinese_and_thai_words_follow_without_a_blank(last: str, first: str, expected: bool) -> None:
    assert may_follow_unspaced(last, first) is expected
