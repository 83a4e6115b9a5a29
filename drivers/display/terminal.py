"""A panel in a terminal: half blocks in 16 greens, redrawn only where a cell changed.

Each character cell shows two pixels, the upper in its foreground and the lower in its background colour.
Without colour it falls back to a ramp of characters, one a cell.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TextIO

import numpy as np
from numpy.typing import NDArray

from boards import spec
from drivers.base import Rect

if TYPE_CHECKING:
    from drivers.factory import BuildContext

Size = Callable[[], tuple[int, int]]
RAMP = " .·:-=+*oxOX#%&@"
GREENS = [f"{round(level * 10)};{round(level * 17)};{round(level * 11)}" for level in range(16)]


class TerminalPanel:
    """A ``width`` × ``height`` canvas on ``out``, fitted into ``size()`` (columns, rows) less ``below``."""

    def __init__(
        self,
        out: TextIO,
        width: int,
        height: int,
        *,
        size: Size | None = None,
        color: bool = True,
        below: int = 4,
    ) -> None:
        self._out, self._width, self._height, self._color, self._below = out, width, height, color, below
        self._size = size or _terminal_size
        self._canvas = np.zeros((height, width), np.uint8)
        self._lit = True
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
        self._drawn = None
        self._out.write("\x1b[2J\x1b[?25l")
        self._draw()

    def close(self) -> None:
        """Give the terminal back: colours off, cursor shown below the picture."""
        self._out.write(f"\x1b[0m\x1b[{self._size()[1]};1H\x1b[?25h\n")
        self._out.flush()

    def show(self, canvas: NDArray[np.uint8], rects: Sequence[Rect]) -> None:
        """Take the parts of ``canvas`` (uint8[height, width], 0…15) in ``rects`` and redraw what changed."""
        for x, y, w, h in rects:
            self._canvas[y : y + h, x : x + w] = canvas[y : y + h, x : x + w]
        self._draw()

    def power(self, on: bool) -> None:
        """A dark panel shows black."""
        self._lit = on
        self._draw()

    def footer(self, lines: Sequence[str]) -> None:
        """Lines of text below the picture."""
        if tuple(lines) != self._footer:
            self._footer = tuple(lines)
            self._draw_footer()

    def _draw(self) -> None:
        columns, rows = self._cells()
        dots = rows * 2 if self._color else rows
        picture = shrink(self._canvas, columns, dots) if self._lit else np.zeros((dots, columns), np.uint8)
        if self._drawn is None or self._drawn.shape != picture.shape:
            self._out.write("\x1b[0m\x1b[2J")
            self._drawn = np.full_like(picture, 255)
            self._draw_footer()
        text = self._changes(picture)
        if text:
            self._out.write(text + "\x1b[0m")
            self._out.flush()
        self._drawn = picture

    def _cells(self) -> tuple[int, int]:
        """Columns and rows of cells that keep the picture's shape: a cell is twice as high as wide."""
        columns, rows = self._size()
        rows = max(1, rows - self._below)
        columns = max(1, min(columns, rows * 2 * self._width // self._height))
        return columns, max(1, columns * self._height // self._width // 2)

    def _changes(self, picture: NDArray[np.uint8]) -> str:
        assert self._drawn is not None
        step = 2 if self._color else 1
        changed = (picture != self._drawn).reshape(-1, step, picture.shape[1]).any(axis=1)
        parts: list[str] = []
        for row in np.flatnonzero(changed.any(axis=1)):
            cells = np.flatnonzero(changed[row])
            first, last = int(cells[0]), int(cells[-1])
            parts.append(f"\x1b[{row + 1};{first + 1}H")
            parts.append(self._row(picture[row * step : row * step + step, first : last + 1]))
        return "".join(parts)

    def _row(self, dots: NDArray[np.uint8]) -> str:
        if not self._color:
            return "".join(RAMP[level] for level in dots[0])
        text, before = [], (-1, -1)
        for upper, lower in zip(dots[0].tolist(), dots[1].tolist(), strict=True):
            if (upper, lower) != before:
                text.append(f"\x1b[38;2;{GREENS[upper]};48;2;{GREENS[lower]}m")
                before = (upper, lower)
            text.append("▀")
        return "".join(text)

    def _draw_footer(self) -> None:
        rows, columns = self._cells()[1], self._size()[0]
        for number, line in enumerate(self._footer[: self._below]):
            self._out.write(f"\x1b[0m\x1b[{rows + 1 + number};1H\x1b[2K{line[:columns]}")
        self._out.flush()


def shrink(canvas: NDArray[np.uint8], columns: int, rows: int) -> NDArray[np.uint8]:
    """uint8[H, W] → uint8[rows, columns]: each dot the mean of its area, lifted so that thin strokes stay."""
    height, width = canvas.shape
    y, x = np.arange(rows) * height // rows, np.arange(columns) * width // columns
    sums = np.add.reduceat(np.add.reduceat(canvas.astype(np.float32), y, axis=0), x, axis=1)
    area = np.outer(np.diff(np.append(y, height)), np.diff(np.append(x, width)))
    mean = sums / area / 15.0
    dots: NDArray[np.uint8] = np.rint(15 * mean**0.6).clip(0, 15).astype(np.uint8)
    return dots


def _terminal_size() -> tuple[int, int]:
    size = shutil.get_terminal_size()
    return size.columns, size.lines
