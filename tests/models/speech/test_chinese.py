from __future__ import annotations

import pytest

from models.speech.chinese import simplified


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (["廣", "州", "市，", " iPhone", "協會"], ["广", "州", "市，", " iPhone", "协会"]),
        (["头发", "發", "展"], ["头发", "发", "展"]),
        (["乾", "坤", "乾", "燥"], ["乾", "坤", "干", "燥"]),
        (["Hello", " é"], ["Hello", " é"]),
        ([], []),
    ],
)
def test_each_piece_keeps_its_place(texts: list[str], shown: list[str]) -> None:
    assert simplified(texts) == shown


def test_what_is_simplified_stays_so() -> None:
    once = simplified(["裏面", "著", "乾杯"])
    assert simplified(once) == once
