from __future__ import annotations

import io
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from drivers.base import Rect
from drivers.display.terminal import GREENS, Look, TerminalPanel, detect_look, shrink

WIDTH, HEIGHT = 64, 48
WHOLE = [Rect(0, 0, WIDTH, HEIGHT)]
PLAIN, BLOCKS = Look("braille", "none"), Look("blocks", "24bit")
LOOKS = [PLAIN, BLOCKS, Look("blocks", "256"), Look("braille", "24bit"), Look("braille", "256")]
CELL = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[(2J|2K)|\x1b\[([\d;]*)m|\x1b\[\?25[lh]|(\n)|([^\x1b\n])")


class Screen:
    """A terminal that understands what the panel writes: cells of (character, attributes)."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, str]] = {}

    def take(self, text: str) -> None:
        row, column, look = 1, 1, ""
        position = 0
        while position < len(text):
            found = CELL.match(text, position)
            assert found, repr(text[position : position + 20])
            position = found.end()
            to_row, to_column, clear, attributes, _, character = found.groups()
            if to_row:
                row, column = int(to_row), int(to_column)
            elif clear == "2J":
                self.cells.clear()
            elif clear == "2K":
                self.cells = {at: cell for at, cell in self.cells.items() if at[0] != row}
            elif attributes is not None:
                look = "" if attributes in ("", "0") else attributes
            elif character:
                self.cells[row, column] = (character, "" if character == " " else look)
                column += 1

    def row(self, row: int) -> str:
        return "".join(cell[0] for at, cell in sorted(self.cells.items()) if at[0] == row)


class Bench:
    """A panel, what it wrote since it was last asked, and the size of its terminal."""

    def __init__(self, look: Look = BLOCKS, size: tuple[int, int] = (32, 14), below: int = 2) -> None:
        self.size = size
        self.out = io.StringIO()
        self.panel = TerminalPanel(self.out, WIDTH, HEIGHT, size=lambda: self.size, look=look, below=below)
        self.canvas = np.zeros((HEIGHT, WIDTH), np.uint8)

    def written(self) -> str:
        text = self.out.getvalue()
        self.out.seek(0)
        self.out.truncate()
        return text


def test_an_unchanged_picture_writes_nothing() -> None:
    bench = Bench()
    bench.canvas[10:20, 10:30] = 9
    bench.panel.open()
    bench.panel.show(bench.canvas, WHOLE)
    assert bench.written()
    bench.panel.show(bench.canvas.copy(), WHOLE)
    bench.panel.show(bench.canvas, [])
    bench.panel.power(True)
    assert bench.written() == ""


def test_one_cell_that_changes_is_all_that_is_written() -> None:
    bench = Bench()
    bench.panel.open()
    bench.written()
    bench.canvas[8:10, 20:22] = 15  # 24 rows of dots of 48: two pixels a dot
    bench.panel.show(bench.canvas, WHOLE)
    assert bench.written() == f"\x1b[3;11H\x1b[38;{GREENS[15]};48;{GREENS[0]}m▀\x1b[0m"


def test_changes_far_apart_are_jumped_to_and_near_ones_drawn_through() -> None:
    bench = Bench()
    bench.panel.open()
    bench.written()
    for x in (0, 6, 60):
        bench.canvas[0:2, x : x + 2] = 15
    bench.panel.show(bench.canvas, WHOLE)
    text = bench.written()
    assert re.findall(r"\x1b\[(\d+;\d+)H", text) == ["1;1", "1;31"]
    assert text.count("▀") == 4 + 1


@pytest.mark.parametrize("look", LOOKS)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 44), st.integers(0, 15)), min_size=1, max_size=6)
)
def test_step_by_step_shows_what_drawing_at_once_shows(
    look: Look, strokes: list[tuple[int, int, int]]
) -> None:
    stepwise, at_once = Bench(look), Bench(look)
    stepwise.panel.open()
    for x, y, level in strokes:
        stepwise.canvas[y : y + 4, x : x + 4] = level
        stepwise.panel.show(stepwise.canvas, [Rect(x, y, 4, 4)])
    at_once.panel.show(stepwise.canvas, WHOLE)
    screens = []
    for bench in (stepwise, at_once):
        screens.append(Screen())
        screens[-1].take(bench.written())
    assert screens[0].cells == screens[1].cells


def test_levels_are_distinct_and_rise() -> None:
    for look in LOOKS[1:]:
        bench = Bench(look, size=(64, 26))
        bench.canvas[:] = np.arange(WIDTH, dtype=np.uint8) // 4
        bench.panel.show(bench.canvas, WHOLE)
        screen = Screen()
        screen.take(bench.written())
        assert len(set(screen.cells.values())) == 16


def test_braille_has_eight_dots_a_cell() -> None:
    bench = Bench(PLAIN, size=(200, 100))
    bench.canvas[0:4, 0:2] = [[15, 0], [0, 15], [15, 0], [0, 15]]
    bench.panel.open()
    bench.panel.show(bench.canvas, WHOLE)
    screen = Screen()
    screen.take(bench.written())
    assert screen.cells[1, 1][0] == chr(0x2800 + 0x01 + 0x10 + 0x04 + 0x80)
    assert {character for character, _ in screen.cells.values()} == {chr(0x2895), " "}


def test_a_braille_cell_takes_the_brightness_of_its_brightest_dot() -> None:
    bench = Bench(Look("braille", "24bit"), size=(32, 14))  # one dot a pixel
    bench.canvas[0, 0], bench.canvas[1, 1], bench.canvas[2, 0] = 12, 7, 4
    bench.panel.open()
    bench.written()
    bench.panel.show(bench.canvas, WHOLE)
    assert bench.written() == f"\x1b[1;1H\x1b[38;{GREENS[12]}m{chr(0x2800 + 0x01 + 0x10)}\x1b[0m"


def test_a_dark_panel_is_black_and_keeps_its_picture() -> None:
    bench = Bench(PLAIN)
    bench.canvas[:] = 15
    bench.panel.open()
    bench.panel.show(bench.canvas, WHOLE)
    bench.panel.power(False)
    screen = Screen()
    screen.take(bench.written())
    assert {character for character, _ in screen.cells.values()} == {" "}
    bench.panel.power(True)
    screen.take(bench.written())
    assert {character for character, _ in screen.cells.values()} == {"⣿"}


def test_the_footer_stands_below_and_old_lines_go() -> None:
    bench = Bench(PLAIN, size=(32, 14), below=3)
    bench.panel.footer(["keys of the wearer", "second"])
    assert bench.written() == ""  # nothing before it is open
    bench.panel.open()
    screen = Screen()
    screen.take(bench.written())
    rows = max(row for row, _ in screen.cells) - 1
    assert screen.row(rows) == "keys of the wearer" and screen.row(rows + 1) == "second"
    bench.panel.footer(["a line that is longer than the terminal is wide"])
    screen.take(bench.written())
    assert screen.row(rows) == "a line that is longer than the t" and screen.row(rows + 1) == ""
    bench.panel.footer(["a line that is longer than the terminal is wide"])
    assert bench.written() == ""


def test_a_resized_terminal_is_drawn_anew() -> None:
    bench = Bench()
    bench.canvas[:] = 7
    bench.panel.open()
    bench.panel.show(bench.canvas, WHOLE)
    bench.written()
    bench.size = (16, 30)
    bench.panel.show(bench.canvas, [])
    screen = Screen()
    screen.take(text := bench.written())
    assert text.startswith("\x1b[0m\x1b[2J")
    assert {column for _, column in screen.cells} == set(range(1, 17))
    assert {row for row, _ in screen.cells} == set(range(1, 7))  # 16 columns of 64:48 are 12 dots high


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (500, 3), (2000, 900)])
@pytest.mark.parametrize("look", [BLOCKS, PLAIN])
def test_any_size_of_terminal_will_do(size: tuple[int, int], look: Look) -> None:
    bench = Bench(look, size)
    bench.canvas[:] = 15
    bench.panel.footer(["one", "two"])
    bench.panel.open()
    bench.panel.show(bench.canvas, WHOLE)
    screen = Screen()
    screen.take(bench.written())
    assert all(row <= size[1] and column <= size[0] for row, column in screen.cells)


def test_closing_gives_the_terminal_back_once() -> None:
    bench = Bench()
    bench.panel.close()
    assert bench.written() == ""
    bench.panel.open()
    assert "\x1b[?25l" in bench.written()
    bench.panel.close()
    assert bench.written() == "\x1b[0m\x1b[14;1H\x1b[?25h\n"
    bench.panel.close()
    assert bench.written() == ""


@pytest.mark.parametrize(
    ("environ", "look"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, Look("braille", "24bit")),
        ({"TERM": "xterm-256color"}, Look("braille", "256")),
        ({"TERM": "linux"}, Look("blocks", "256")),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, PLAIN),
        ({"TERM": "vt220"}, PLAIN),
        ({"TERM": "dumb"}, PLAIN),
        ({}, PLAIN),
    ],
)
def test_what_the_terminal_can_do(environ: dict[str, str], look: Look) -> None:
    assert detect_look(environ) == look


def mean_by_hand(canvas: NDArray[np.uint8], columns: int, rows: int) -> NDArray[np.float64]:
    height, width = canvas.shape
    down = [*(row * height // rows for row in range(rows)), height]
    across = [*(column * width // columns for column in range(columns)), width]
    return np.array([[canvas[a:b, c:d].mean() for c, d in pairwise(across)] for a, b in pairwise(down)])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(1, WIDTH), st.integers(1, HEIGHT), st.integers(0, 9))
def test_shrinking_takes_the_mean_of_each_area(columns: int, rows: int, seed: int) -> None:
    canvas = np.random.default_rng(seed).integers(0, 16, (HEIGHT, WIDTH), np.uint8)
    dots = shrink(canvas, columns, rows)
    assert dots.shape == (rows, columns)
    assert np.abs(dots - mean_by_hand(canvas, columns, rows)).max() < 1e-4
