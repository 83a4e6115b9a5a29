"""A canvas as characters, for a console without pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

INKS = " .:-=+*%@"
ASPECT = 2  # a character cell is about twice as high as wide


def to_text(canvas: NDArray[np.uint8], columns: int = 80) -> str:
    """``canvas`` uint8[H, W] of 0…15 as lines of at most ``columns`` characters; dark rows at the end left out.

    A cell takes its brightest pixel, so that thin strokes stay. Raises ValueError for less than one column.
    """
    if columns < 1:
        raise ValueError(f"{columns} columns: give one at least")
    height, width = canvas.shape
    step = -(-width // columns)
    padded = np.pad(canvas, ((0, -height % (step * ASPECT)), (0, -width % step)))
    cells = padded.reshape(-1, step * ASPECT, padded.shape[1] // step, step).max(axis=(1, 3))
    inks = np.array(list(INKS))[cells.astype(int) * (len(INKS) - 1) // 15]
    return "\n".join("".join(row).rstrip() for row in inks).rstrip("\n")
