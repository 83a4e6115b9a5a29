"""A panel in a terminal: half blocks in 16 greens, redrawn only where a cell changed.

Each character cell shows two pixels, the upper in its foreground and the lower in its background colour, in 24-bit
greens or in the greys of the 256-colour palette. A terminal without colour gets braille: eight dots a cell.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TextIO

import numpy as np
from numpy.typing import NDArray

from boards import spec
from drivers.base import Rect

if TYPE_CHECKING:
    from drivers.factory import BuildContext

Size = Callable[[], tuple[int, int]]
Colors = Literal["24bit", "256", "none"]
DOTS: dict[Colors, tuple[int, int]] = {"24bit": (1, 2), "256": (1, 2), "none": (2, 4)}  # columns, rows a cell
SHINE = [(level / 15) ** 0.6 for level in range(16)]  # lifted: a thin stroke fills only a part of its dot
GREENS = [f"2;{round(150 * shine)};{round(255 * shine)};{round(165 * shine)}" for shine in SHINE]
GREYS = ["5;16", *(f"5;{232 + round(23 * shine)}" for shine in SHINE[1:])]
BRAILLE = np.array(
    [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
)  # Unicode 2800–28FF: bit of each dot
LIT = 2  # the level from which a braille dot is set
GAP = 6  # unchanged cells that are cheaper to draw again than to jump over


class TerminalPanel:
    """A ``width`` × ``height`` canvas on ``out``, fitted into ``size()`` (columns, rows) less ``below``."""

    def __init__(
        self,
        out: TextIO,
        width: int,
        height: int,
        *,
        size: Size | None = None,
        colors: Colors | None = None,
        below: int = 4,
    ) -> None:
        self._out, self._width, self._height, self._below = out, width, height, below
        self._colors: Colors = colors or detect_colors(os.environ)
        self._size = size or _terminal_size
        self._canvas = np.zeros((height, width), np.uint8)
        self._lit = True
        self._stale = True
        self._fitted = (0, 0)  # the terminal's size that the picture was fitted into
        self._drawn: NDArray[np.uint8] | None = None
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
        columns, rows = self._cells(*size)
        across, down = DOTS[self._colors]
        canvas = self._canvas if self._lit else np.zeros_like(self._canvas)
        picture = shrink(canvas, columns * across, rows * down)
        if size != self._fitted or self._drawn is None:
            self._fitted = size
            self._out.write("\x1b[0m\x1b[2J")
            self._drawn = np.full_like(picture, 255)
            self._draw_footer()
        text = "".join(self._changes(picture, self._drawn))
        if text:
            self._out.write(text + "\x1b[0m")
            self._out.flush()
        self._drawn, self._stale = picture, False

    def _cells(self, columns: int, rows: int) -> tuple[int, int]:
        """Columns and rows of cells that keep the picture's shape: a cell is twice as high as wide."""
        across, down = DOTS[self._colors]
        rows = max(1, min(rows - self._below, self._height // down))
        columns = max(1, min(columns, rows * 2 * self._width // self._height, self._width // across))
        return columns, max(1, columns * self._height // self._width // 2)

    def _changes(self, picture: NDArray[np.uint8], drawn: NDArray[np.uint8]) -> Iterator[str]:
        across, down = DOTS[self._colors]
        rows, columns = picture.shape[0] // down, picture.shape[1] // across
        changed = (picture != drawn).reshape(rows, down, columns, across).any(axis=(1, 3))
        for row in np.flatnonzero(changed.any(axis=1)).tolist():
            cells = np.flatnonzero(changed[row])
            for run in np.split(cells, np.flatnonzero(np.diff(cells) > GAP) + 1):
                first, last = int(run[0]), int(run[-1])
                yield f"\x1b[{row + 1};{first + 1}H"
                dots = picture[row * down : (row + 1) * down, first * across : (last + 1) * across]
                yield _braille(dots) if self._colors == "none" else _half_blocks(dots, self._colors)

    def _draw_footer(self) -> None:
        columns, rows = self._size()
        top = self._cells(columns, rows)[1]
        for number in range(min(self._below, rows - top)):
            line = self._footer[number] if number < len(self._footer) else ""
            self._out.write(f"\x1b[0m\x1b[{top + 1 + number};1H\x1b[2K{line[:columns]}")
        self._out.flush()


def detect_colors(environ: Mapping[str, str]) -> Colors:
    """What the terminal says it can do (COLORTERM, TERM), and what its owner wants (no-color.org)."""
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term in ("", "dumb") or term.startswith("vt"):
        return "none"
    return "24bit" if environ.get("COLORTERM") in ("truecolor", "24bit") else "256"


def shrink(canvas: NDArray[np.uint8], columns: int, rows: int) -> NDArray[np.uint8]:
    """uint8[H, W] → uint8[rows, columns], not larger than the canvas: each dot the mean of its area."""
    height, width = canvas.shape
    y, x = np.arange(rows) * height // rows, np.arange(columns) * width // columns
    sums = np.add.reduceat(np.add.reduceat(canvas, y, axis=0, dtype=np.float32), x, axis=1)
    area = np.outer(np.diff(np.append(y, height)), np.diff(np.append(x, width)))
    dots: NDArray[np.uint8] = np.rint(sums / area).astype(np.uint8)
    return dots


def _half_blocks(dots: NDArray[np.uint8], colors: Colors) -> str:
    shades = GREENS if colors == "24bit" else GREYS
    text, before = [], (-1, -1)
    for upper, lower in zip(dots[0].tolist(), dots[1].tolist(), strict=True):
        if (upper, lower) != before:
            text.append(f"\x1b[38;{shades[upper]};48;{shades[lower]}m")
            before = (upper, lower)
        text.append("▀")
    return "".join(text)


def _braille(dots: NDArray[np.uint8]) -> str:
    cells = (dots >= LIT).reshape(4, -1, 2)
    return "".join(map(chr, (0x2800 + (cells * BRAILLE[:, None, :]).sum(axis=(0, 2))).tolist()))


def _terminal_size() -> tuple[int, int]:
    size = shutil.get_terminal_size()
    return size.columns, size.lines
