"""The emulated panel answers as MIPI DCS describes: a window, then memory writes that fill it row by row."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.display.spi_commands import DISPLAY_OFF, DISPLAY_ON, SET_WINDOW, WRITE_MEMORY
from drivers.sim.faults import Faults
from drivers.sim.panel import EmulatedPanel


@pytest.fixture
def chip() -> EmulatedPanel:
    return EmulatedPanel(Faults(), 8, 4)


def send(chip: EmulatedPanel, command: int, *data: bytes) -> None:
    chip.write(bytes([command]), command=True)
    for part in data:
        chip.write(part, command=False)


def test_it_starts_dark_and_empty(chip: EmulatedPanel) -> None:
    assert not chip.lit and not chip.memory.any() and not chip.shown.any()


def test_a_write_fills_its_window_and_nothing_else(chip: EmulatedPanel) -> None:
    send(chip, SET_WINDOW, bytes([0, 1, 0, 1, 0, 3, 0, 2]))
    send(chip, WRITE_MEMORY, bytes([0x12, 0x3A]), bytes([0xBC]))
    expected = np.zeros((4, 8), np.uint8)
    expected[1:3, 1:4] = [[1, 2, 3], [10, 11, 12]]
    assert np.array_equal(chip.memory, expected)
    assert chip.pixels == 6


def test_a_new_write_starts_at_the_windows_corner(chip: EmulatedPanel) -> None:
    send(chip, SET_WINDOW, bytes([0, 0, 0, 0, 0, 1, 0, 0]))
    send(chip, WRITE_MEMORY, b"\x11")
    send(chip, WRITE_MEMORY, b"\x2f")
    assert chip.memory[0, :3].tolist() == [2, 15, 0]


def test_what_is_too_much_falls_away(chip: EmulatedPanel) -> None:
    send(chip, SET_WINDOW, bytes([0, 6, 0, 3, 0, 7, 0, 3]))
    send(chip, WRITE_MEMORY, bytes([0xFF] * 9))
    assert chip.memory.sum() == 30 and chip.pixels == 2


def test_on_and_off_leave_the_memory(chip: EmulatedPanel) -> None:
    chip.memory[:] = 7
    send(chip, DISPLAY_ON)
    assert chip.shown.min() == 7
    send(chip, DISPLAY_OFF)
    assert chip.shown.max() == 0 and chip.memory.min() == 7
    assert chip.transfers == 2
