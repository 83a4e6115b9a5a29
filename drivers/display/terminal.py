"""A panel in a terminal: braille dots or half blocks in 16 greens, redrawn only where a cell changed.

A braille cell has eight dots of one brightness, fine enough to read the HUD's text in an ordinary window. A half
block has two pixels with brightnesses of their own, for terminals whose font has no braille.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from boards import spec
from drivers.base import Rect

if TYPE_CHECKING:
    from drivers.factory import BuildContext

Size = Callable[[], tuple[int, int]]
DOTS = {"braille": (2, 4), "blocks": (1, 2)}  # columns and rows of dots in a cell
BRAILLE = np.array(
    [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
)  # Unicode 2800–28FF: bit of each dot
SHINE = [(level / 15) ** 0.6 for level in range(16)]  # lifted: a thin stroke fills only a part of its dot
GREENS = [f"2;{round(150 * shine)};{round(255 * shine)};{round(165 * shine)}" for shine in SHINE]
GREYS = ["5;16", *(f"5;{232 + round(23 * shine)}" for shine in SHINE[1:])]
DIMMEST = 0.75  # the level below which a braille dot stays black
GAP = 6  # unchanged cells that are cheaper to draw again than to jump over


class Look(NamedTuple):
    """How a cell is drawn, and in which colours; half blocks need colours."""

    dots: Literal["braille", "blocks"] = "braille"
    colors: Literal["24bit", "256", "none"] = "24bit"


class TerminalPanel:
    """A ``width`` × ``height`` canvas on ``out``, fitted into ``size()`` (columns, rows) less ``below``."""

    def __init__(
        self,
        out: TextIO,
        width: int,
        height: int,
        *,
        size: Size | None = None,
        look: Look | None = None,
        below: int = 4,
    ) -> None:
        self._out, self._width, self._height, self._below = out, width, height, below
        self._look = look or detect_look(os.environ)
        self._size = size or _terminal_size
        self._canvas = np.zeros((height, width), np.uint8)
        self._lit = True
        self._stale = True
        self._fitted = (0, 0)  # the terminal's size that the picture was fitted into
        self._drawn: NDArray[np.int64] | None = None
        self._footer: tuple[str, ...] = ()

    @classmethod
    def from_board(cls, part: spec.Display, context: BuildContext) -> TerminalPanel:
        """As the board file says, on standard output."""
        return cls(sys.stdout, part.width, part.height)

    @property
    def width(self) -> int:
        """Columns of the canvas."""
        return self._width

    @property
    def height(self) -> int:
        """Rows of the canvas."""
        return self._height

    def open(self) -> None:
        """Clear the screen and hide the cursor."""
        self._fitted = (0, 0)
        self._out.write("\x1b[?25l")
        self._draw()

    def close(self) -> None:
        """Give the terminal back: colours off, cursor shown below the picture."""
        if self._fitted != (0, 0):
            self._out.write(f"\x1b[0m\x1b[{self._size()[1]};1H\x1b[?25h\n")
            self._out.flush()
            self._fitted = (0, 0)

    def show(self, canvas: NDArray[np.uint8], rects: Sequence[Rect]) -> None:
        """Take the parts of ``canvas`` (uint8[height, width], 0…15) in ``rects`` and redraw what changed."""
        for x, y, w, h in rects:
            mine, given = self._canvas[y : y + h, x : x + w], canvas[y : y + h, x : x + w]
            if not np.array_equal(mine, given):
                mine[:] = given
                self._stale = True
        self._draw()

    def power(self, on: bool) -> None:
        """A dark panel shows black."""
        self._stale |= on != self._lit
        self._lit = on
        self._draw()

    def footer(self, lines: Sequence[str]) -> None:
        """Lines of text below the picture, as many as were kept free; the rest is left out."""
        if tuple(lines) != self._footer:
            self._footer = tuple(lines)
            if self._fitted != (0, 0):
                self._draw_footer()

    def _draw(self) -> None:
        size = self._size()
        if size == self._fitted and not self._stale:
            return
        cells = self._picture(*self._cells(*size))
        if size != self._fitted or self._drawn is None:
            self._fitted = size
            self._out.write("\x1b[0m\x1b[2J")
            self._drawn = np.full_like(cells, -1)
            self._draw_footer()
        text = "".join(self._changes(cells, self._drawn))
        if text:
            self._out.write(text + "\x1b[0m")
            self._out.flush()
        self._drawn, self._stale = cells, False

    def _picture(self, columns: int, rows: int) -> NDArray[np.int64]:
        """int64[rows, columns]: each cell's code, which ``_text`` draws."""
        across, down = DOTS[self._look.dots]
        canvas = self._canvas if self._lit else np.zeros_like(self._canvas)
        dots = shrink(canvas, columns * across, rows * down).reshape(rows, down, columns, across)
        return _braille(dots) if self._look.dots == "braille" else _blocks(dots)

    def _cells(self, columns: int, rows: int) -> tuple[int, int]:
        """Columns and rows of cells that keep the picture's shape: a cell is twice as high as wide."""
        across, down = DOTS[self._look.dots]
        rows = max(1, min(rows - self._below, self._height // down))
        columns = max(1, min(columns, rows * 2 * self._width // self._height, self._width // across))
        return columns, max(1, columns * self._height // self._width // 2)

    def _changes(self, cells: NDArray[np.int64], drawn: NDArray[np.int64]) -> Iterator[str]:
        changed = cells != drawn
        for row in np.flatnonzero(changed.any(axis=1)).tolist():
            at = np.flatnonzero(changed[row])
            for run in np.split(at, np.flatnonzero(np.diff(at) > GAP) + 1):
                first, last = int(run[0]), int(run[-1])
                yield f"\x1b[{row + 1};{first + 1}H{self._text(cells[row, first : last + 1])}"

    def _text(self, cells: NDArray[np.int64]) -> str:
        """A run of cells: a colour is named only when it differs from the one before."""
        parts, before = [], ""
        for code in cells.tolist():
            color, character = _cell(self._look, code)
            if color and color != before:
                parts.append(f"\x1b[{color}m")
                before = color
            parts.append(character)
        return "".join(parts)

    def _draw_footer(self) -> None:
        columns, rows = self._size()
        top = self._cells(columns, rows)[1]
        for number in range(min(self._below, rows - top)):
            line = self._footer[number] if number < len(self._footer) else ""
            self._out.write(f"\x1b[0m\x1b[{top + 1 + number};1H\x1b[2K{line[:columns]}")
        self._out.flush()


def detect_look(environ: Mapping[str, str]) -> Look:
    """What the terminal says it can do (COLORTERM, TERM), and what its owner wants (no-color.org)."""
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term in ("", "dumb") or term.startswith("vt"):
        return Look("braille", "none")
    if term == "linux":  # the kernel's own console: no braille in its font
        return Look("blocks", "256")
    return Look("braille", "24bit" if environ.get("COLORTERM") in ("truecolor", "24bit") else "256")


def shrink(canvas: NDArray[np.uint8], columns: int, rows: int) -> NDArray[np.float32]:
    """uint8[H, W] → float32[rows, columns], not larger than the canvas: each dot the mean of its area."""
    height, width = canvas.shape
    y, x = np.arange(rows) * height // rows, np.arange(columns) * width // columns
    sums = np.add.reduceat(np.add.reduceat(canvas, y, axis=0, dtype=np.float32), x, axis=1)
    area = np.outer(np.diff(np.append(y, height)), np.diff(np.append(x, width)))
    return np.asarray(sums / area, np.float32)


def _blocks(dots: NDArray[np.float32]) -> NDArray[np.int64]:
    """float[rows, 2, columns, 1] → upper level · 16 + lower level."""
    levels = np.rint(dots[:, :, :, 0]).astype(np.int64)
    return levels[:, 0] * 16 + levels[:, 1]


def _braille(dots: NDArray[np.float32]) -> NDArray[np.int64]:
    """float[rows, 4, columns, 2] → level · 256 + bits; a dot is set when it has half of its cell's brightest."""
    brightest = dots.max(axis=(1, 3))
    set_ = dots >= np.maximum(brightest / 2, DIMMEST)[:, None, :, None]
    bits = (set_ * BRAILLE[:, None, :]).sum(axis=(1, 3))
    return np.where(bits, np.rint(brightest).astype(np.int64) * 256 + bits, 0)


@lru_cache(4096)
def _cell(look: Look, code: int) -> tuple[str, str]:
    """A code's colours, empty when any will do, and its character."""
    shades = GREENS if look.colors == "24bit" else GREYS
    if look.dots == "blocks":
        return f"38;{shades[code // 16]};48;{shades[code % 16]}", "▀"
    level, bits = divmod(code, 256)
    color = "" if look.colors == "none" or not bits else f"38;{shades[level]}"
    return color, chr(0x2800 + bits) if bits else " "


def _terminal_size() -> tuple[int, int]:
    size = shutil.get_terminal_size()
    return size.columns, size.lines
