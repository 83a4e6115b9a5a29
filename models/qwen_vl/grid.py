"""Where the patches of a picture stand: rows and columns, rotary angles, learned positions, windows.

Patches come in merged blocks, row by row, the ``merge``² patches of a block together. ``high`` and ``wide`` are the
picture's sides in patches.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.shape import VisionShape

THETA = 10000.0


def places(high: int, wide: int, merge: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of each patch, int64[n] each."""
    rows, columns = np.meshgrid(np.arange(high), np.arange(wide), indexing="ij")
    return _in_blocks(rows, merge), _in_blocks(columns, merge)


def _in_blocks(raster: NDArray[np.int64], merge: int) -> NDArray[np.int64]:
    high, wide = raster.shape
    return raster.reshape(high // merge, merge, wide // merge, merge).transpose(0, 2, 1, 3).reshape(-1)


def angles(high: int, wide: int, shape: VisionShape) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """cos, sin float32[n, head/2]: the first half turns with the row, the second with the column."""
    half = shape.width // shape.heads // 2
    exponent = np.arange(0, half, 2, dtype=np.float32) / np.float32(half)
    inverse = (1.0 / np.power(np.float32(THETA), exponent)).astype(np.float32)
    both = [at[:, None].astype(np.float32) * inverse for at in places(high, wide, shape.merge)]
    turned = np.concatenate(both, axis=1)
    return np.cos(turned), np.sin(turned)


def learned(table: NDArray[np.float32], high: int, wide: int, shape: VisionShape) -> NDArray[np.float32]:
    """The table of grid² positions stretched over the picture, corner on corner: float32[n, width]."""
    (top, below), (left, right) = (
        _between(at, count, shape.grid)
        for at, count in zip(places(high, wide, shape.merge), (high, wide), strict=True)
    )
    result = np.zeros((high * wide, shape.width), np.float32)
    for row, by_row in (top, below):
        for column, by_column in (left, right):
            result += table[row * shape.grid + column] * (by_row * by_column)[:, None]
    return result


Tap = tuple[NDArray[np.int64], NDArray[np.float32]]


def _between(at: NDArray[np.int64], count: int, grid: int) -> tuple[Tap, Tap]:
    """The table's cells before and after each place, and how much of each."""
    scaled = at.astype(np.float32) * (np.float32(grid - 1) / np.float32(max(count - 1, 1)))
    first = np.floor(scaled).astype(np.int64)
    share = (scaled - first).astype(np.float32)
    return (first, 1 - share), (np.minimum(first + 1, grid - 1), share)


def windows(
    high: int, wide: int, shape: VisionShape
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Which patch stands at each place of each window, where each patch went, and what is added to the scores.

    int64[w, s], int64[n], float32[w, 1, s, s]: windows at the edges have free places, which nobody may look at.
    """
    rows, columns = places(high, wide, shape.merge)
    across = -(-wide // shape.window)
    window = rows // shape.window * across + columns // shape.window
    order = np.argsort(window, kind="stable")
    counts = np.bincount(window)
    size = int(counts.max())
    free = np.arange(size) >= counts[:, None]
    chosen = np.zeros(free.shape, np.int64)
    chosen[~free] = order
    back = np.empty(len(order), np.int64)
    back[order] = np.flatnonzero(~free)
    closed = np.where(free, np.float32(-1e9), np.float32(0))
    mask = np.broadcast_to(closed[:, None, None, :], (len(counts), 1, size, size))
    return chosen, back, np.ascontiguousarray(mask)
