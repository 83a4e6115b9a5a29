"""A panel that writes what it shows as numbered PNG files, one for each picture that is new."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards import spec
from drivers.base import BusError, Rect

if TYPE_CHECKING:
    from drivers.factory import BuildContext


class PngPanel:
    """Pictures go into ``folder`` as hud-0001.png …; the folder is made when the first one comes."""

    def __init__(self, folder: Path, width: int, height: int) -> None:
        self._folder = folder
        self._memory = np.zeros((height, width), np.uint8)
        self._written: bytes = self._memory.tobytes()
        self._lit = True
        self.paths: list[Path] = []

    @classmethod
    def from_board(cls, part: spec.Display, context: BuildContext) -> PngPanel:
        """As the board file says; the folder is the context's output folder."""
        return cls(context.out / "hud", part.width, part.height)

    @property
    def width(self) -> int:
        """Columns."""
        return self._memory.shape[1]

    @property
    def height(self) -> int:
        """Rows."""
        return self._memory.shape[0]

    def open(self) -> None:
        """Nothing to find."""

    def close(self) -> None:
        """Nothing to leave."""

    def show(self, canvas: NDArray[np.uint8], rects: Sequence[Rect]) -> None:
        """Take the parts in ``rects``, and write a file when the picture differs. Raises BusError."""
        for x, y, w, h in rects:
            self._memory[y : y + h, x : x + w] = canvas[y : y + h, x : x + w]
        self._write_news()

    def power(self, on: bool) -> None:
        """A dark panel writes nothing; when it is lit again, what came meanwhile. Raises BusError."""
        self._lit = on
        self._write_news()

    def _write_news(self) -> None:
        now = self._memory.tobytes()
        if not self._lit or now == self._written:
            return
        path = self._folder / f"hud-{len(self.paths) + 1:04}.png"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_png(path, self._memory)
        except OSError as error:
            raise BusError(f"{path}: {error.strerror}; free some space or choose another folder") from error
        self._written = now
        self.paths.append(path)


def write_png(path: Path, canvas: NDArray[np.uint8]) -> None:
    """``canvas`` uint8[H, W] of 0…15 as an 8-bit grey PNG, whole or not at all. Raises OSError."""
    from PIL import Image

    part = path.with_suffix(".part")
    Image.fromarray(canvas * np.uint8(17)).save(part, format="PNG", optimize=False)
    part.replace(path)
