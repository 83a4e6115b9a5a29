"""Rows of the embedding as float32, from the mapped weight file.

A prompt touches only the pages of its words. Where the head shares the embedding's bytes (a tied model), they
are on disk and in memory once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.folder import ModelFolder


class Table:
    """``embed`` or ``head``: one row a token id."""

    def __init__(self, folder: ModelFolder, name: str) -> None:
        """Raises ManifestError."""
        self._width = folder.about.text.width
        blocks = f"{name}.q" in folder.about.tensors
        self._values = folder.tensor(f"{name}.q" if blocks else f"{name}.w")
        self._scales = folder.tensor(f"{name}.s") if blocks else None
        self.count = len(self._values)

    def rows(self, tokens: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """float32[n, width]. Raises IndexError for an id outside of the table."""
        ids = np.asarray(tokens, np.int64)
        if ids.size and not (int(ids.min()) >= 0 and int(ids.max()) < self.count):
            raise IndexError(f"token ids are 0 to {self.count - 1}, not {ids.min()} to {ids.max()}")
        rows = self._values[ids]
        if self._scales is None:
            return np.asarray(rows, np.float32)
        # Blocks of uint8 about 128: see tools/export/blocks.py.
        values = (rows.astype(np.float32) - 128) * self._scales[ids][..., None]
        return np.ascontiguousarray(values.reshape(len(ids), -1)[:, : self._width])


def embedding(folder: ModelFolder) -> Table:
    """The table that tokens are looked up in. Raises ManifestError."""
    return Table(folder, "embed")
