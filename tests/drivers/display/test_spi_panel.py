from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from drivers.base import BusError, DeviceLostError, Rect
from drivers.display.spi_commands import SET_WINDOW, WRITE_MEMORY
from drivers.display.spi_panel import SpiPanel, pack
from drivers.sim.faults import Faults
from drivers.sim.panel import EmulatedPanel

WIDTH, HEIGHT = 37, 23  # odd, so that rows do not end on bytes
WHOLE = Rect(0, 0, WIDTH, HEIGHT)


def noise(seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 16, (HEIGHT, WIDTH), np.uint8)


class Wire:
    """A bus that remembers what went over it."""

    def __init__(self) -> None:
        self.sent: list[tuple[bool, bytes]] = []

    def write(self, data: bytes, *, command: bool) -> None:
        self.sent.append((command, data))

    def close(self) -> None:
        """Nothing to close."""


class InPieces(Wire):
    """Hands everything on in pieces, as spidev's buffer forces the real bus to."""

    def __init__(self, chip: EmulatedPanel, piece: int) -> None:
        super().__init__()
        self._chip, self._piece = chip, piece

    def write(self, data: bytes, *, command: bool) -> None:
        for start in range(0, len(data), self._piece if len(data) > 8 else 8):
            self._chip.write(data[start : start + self._piece if len(data) > 8 else None], command=command)


@st.composite
def rects(draw: st.DrawFn) -> Rect:
    x, y = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
    return Rect(x, y, draw(st.integers(0, WIDTH - x)), draw(st.integers(0, HEIGHT - y)))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.lists(rects(), max_size=4), st.integers(0, 99)), max_size=5))
def test_the_chip_holds_what_the_rects_covered(shows: list[tuple[list[Rect], int]]) -> None:
    chip = EmulatedPanel(Faults(), WIDTH, HEIGHT)
    panel = SpiPanel(chip, WIDTH, HEIGHT)
    panel.open()
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    for areas, seed in shows:
        canvas, before = noise(seed), chip.pixels
        panel.show(canvas, areas)
        for x, y, w, h in areas:
            expected[y : y + h, x : x + w] = canvas[y : y + h, x : x + w]
        assert chip.pixels - before == sum(rect.w * rect.h for rect in areas)
    assert np.array_equal(chip.memory, expected)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(1, 64), rects())
def test_a_window_may_come_in_pieces(piece: int, rect: Rect) -> None:
    chip = EmulatedPanel(Faults(), WIDTH, HEIGHT)
    SpiPanel(InPieces(chip, piece), WIDTH, HEIGHT).show(canvas := noise(piece), [rect])
    x, y, w, h = rect
    assert np.array_equal(chip.memory[y : y + h, x : x + w], canvas[y : y + h, x : x + w])
    assert chip.pixels == w * h


def test_bytes_on_the_wire() -> None:
    wire = Wire()
    canvas = np.zeros((480, 640), np.uint8)
    canvas[300, 258:261] = (1, 2, 15)
    SpiPanel(wire, 640, 480).show(canvas, [Rect(258, 300, 3, 1)])
    assert wire.sent == [
        (True, bytes([SET_WINDOW])),
        (False, bytes([1, 2, 1, 44, 1, 4, 1, 44])),
        (True, bytes([WRITE_MEMORY])),
        (False, bytes([0x12, 0xF0])),
    ]


def test_nothing_changed_sends_nothing() -> None:
    wire = Wire()
    SpiPanel(wire, WIDTH, HEIGHT).show(noise(1), [])
    assert wire.sent == []


def test_a_full_frame_is_half_as_many_bytes_as_pixels() -> None:
    assert len(pack(np.zeros((480, 640), np.uint8))) == 480 * 640 // 2


def test_opening_blanks_what_power_on_left_before_it_is_lit() -> None:
    chip = EmulatedPanel(Faults(), WIDTH, HEIGHT)
    chip.memory[:] = noise(3)
    SpiPanel(chip, WIDTH, HEIGHT).open()
    assert chip.lit and not chip.memory.any()


def test_power_keeps_the_memory() -> None:
    chip = EmulatedPanel(Faults(), WIDTH, HEIGHT)
    panel = SpiPanel(chip, WIDTH, HEIGHT)
    panel.open()
    panel.show(canvas := noise(5), [WHOLE])
    panel.power(False)
    assert not chip.shown.any()
    panel.power(True)
    assert np.array_equal(chip.shown, canvas)


def test_a_lost_panel_says_so_and_can_be_opened_again() -> None:
    faults = Faults()
    chip = EmulatedPanel(faults, WIDTH, HEIGHT)
    panel = SpiPanel(chip, WIDTH, HEIGHT)
    panel.open()
    faults.set("display", "unplug")
    with pytest.raises(DeviceLostError, match="cable"):
        panel.show(noise(1), [WHOLE])
    panel.close()
    faults.clear()
    faults.set("display", "nak")
    with pytest.raises(BusError):
        panel.power(True)
    faults.clear()
    panel.open()
    panel.show(canvas := noise(2), [WHOLE])
    assert np.array_equal(chip.shown, canvas)
    panel.close()
    assert not chip.lit
