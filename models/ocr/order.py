"""Reading order: rows by vertical overlap, then along the row, in the text's own direction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.base import TextLine


def reading_order(lines: Sequence[TextLine]) -> list[TextLine]:
    """Top row first, each row from its start; a picture held on its side or head down reads the same."""
    if not lines:
        return []
    quads = np.array([line.box.quad for line in lines])  # [N, 4, 2]
    turned = quads @ _upright(quads).T
    top, bottom = turned[:, :, 1].min(axis=1), turned[:, :, 1].max(axis=1)
    left = turned[:, :, 0].min(axis=1)
    rows = _rows(top, bottom)
    return [lines[i] for row in rows for i in sorted(row, key=lambda i: float(left[i]))]


def _upright(quads: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation that lays the mean baseline level; long lines say more about it."""
    x, y = (quads[:, 1] - quads[:, 0]).sum(axis=0)
    norm = float(np.hypot(x, y))
    if norm < 1e-6:
        return np.eye(2)
    return np.array(((x, y), (-y, x))) / norm


def _rows(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> list[list[int]]:
    """Lines that share more than half of the smaller one's height with the row's first line."""
    rows: list[list[int]] = []
    for index in np.argsort(top + bottom, kind="stable"):
        if rows:
            first = rows[-1][0]
            shared = min(bottom[first], bottom[index]) - max(top[first], top[index])
            if shared > 0.5 * min(bottom[first] - top[first], bottom[index] - top[index]):
                rows[-1].append(int(index))
                continue
        rows.append([int(index)])
    return rows
