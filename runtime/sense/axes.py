"""From a chip's axes to the head's, as the board file says how it is mounted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

COLUMNS = {"x": 0, "y": 1, "z": 2}


class Mounting:
    """``axes`` names, for head x (forward), y (left) and z (up), the chip's axis and sign ("-y+x+z")."""

    def __init__(self, axes: str) -> None:
        self._columns = [COLUMNS[axes[i]] for i in (1, 3, 5)]
        self._signs = np.array([1 if axes[i] == "+" else -1 for i in (0, 2, 4)], np.float32)
        self._plain = axes == "+x+y+z"

    def to_head(self, chip: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32[N, 3] in the chip's axes → in the head's."""
        if self._plain:
            return chip
        turned: NDArray[np.float32] = chip[:, self._columns] * self._signs
        return turned
