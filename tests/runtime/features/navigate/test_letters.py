from __future__ import annotations

import pytest

from runtime.features.navigate.letters import misread, same_word


@pytest.mark.parametrize(
    ("one", "other", "letters"),
    [
        ("", "", 0),
        ("park", "park", 0),
        ("willams", "wllams", 9),
        ("wiliam", "william", 1),
        ("vuyuan", "uuyuan", 1),
    ],
)
def test_letters_that_look_alike_are_counted(one: str, other: str, letters: int) -> None:
    assert misread(one, other) == misread(other, one) == letters


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ma1n", "main"),
        ("maln", "main"),
        ("bumside", "burnside"),
        ("pennsyluania", "pennsylvania"),
        ("15", "l5"),
    ],
)
def test_a_reader_takes_one_for_the_other(one: str, other: str) -> None:
    assert same_word(one, other)
    assert same_word(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("harrison", "garrison"), ("johnson", "johnston"), ("robert", "roberts"), ("oak", "ash"), ("15", "16"),
     ("street151", "street141"), ("cove", "cone"), ("", "park")],
)  # fmt: skip
def test_two_words_stay_two(one: str, other: str) -> None:
    assert not same_word(one, other)
    assert not same_word(other, one)


def test_exactly_means_so() -> None:
    assert not same_word("pennsyluania", "pennsylvania", exactly=True)
    assert same_word("rivol1", "rivoli", exactly=True)
