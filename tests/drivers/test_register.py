from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.register import Bits, Word


class Chip:
    """Registers in a dictionary; counts the reads."""

    low = Bits(0x10, 3, 0)
    middle = Bits(0x10, 5, 4)
    flag = Bits(0x10, 7, 7)
    whole = Bits(0x11)
    other_bank = Bits(0x10, 3, 0, bank=2)
    word = Word(0x20)

    def __init__(self) -> None:
        self.values: dict[tuple[int, int], int] = {}
        self.reads = 0

    def read_register(self, bank: int, register: int, length: int = 1) -> bytes:
        self.reads += 1
        return bytes(self.values.get((bank, register + i), 0) for i in range(length))

    def write_register(self, bank: int, register: int, value: int) -> None:
        self.values[bank, register] = value


@given(st.integers(0, 255), st.integers(0, 15), st.integers(0, 3), st.integers(0, 1))
def test_a_field_is_written_and_its_neighbours_stay(before: int, low: int, middle: int, flag: int) -> None:
    chip = Chip()
    chip.values[0, 0x10] = before
    chip.low, chip.middle, chip.flag = low, middle, flag
    assert (chip.low, chip.middle, chip.flag) == (low, middle, flag)
    assert chip.values[0, 0x10] & 0b0100_0000 == before & 0b0100_0000
    assert (2, 0x10) not in chip.values


def test_a_whole_register_is_written_without_reading_it() -> None:
    chip = Chip()
    chip.whole = 0xA5
    assert (chip.values[0, 0x11], chip.reads) == (0xA5, 0)


def test_banks_are_kept_apart() -> None:
    chip = Chip()
    chip.other_bank = 7
    assert (chip.low, chip.other_bank) == (0, 7)


@pytest.mark.parametrize("value", [-1, 16])
def test_what_does_not_fit_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match=r"register 0x10: -?\d+ does not fit its 4 bits"):
        Chip().low = value


@given(st.integers(0, 0xFFFF))
def test_a_word_is_two_bytes_the_high_one_first(value: int) -> None:
    chip = Chip()
    chip.values[0, 0x20], chip.values[0, 0x21] = divmod(value, 256)
    assert chip.word == value


def test_the_class_gives_the_descriptor() -> None:
    assert Chip.low.register == 0x10
    assert Chip.word.register == 0x20
