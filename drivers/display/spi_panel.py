"""A microdisplay modelled as "framebuffer over SPI with partial updates", two pixels a byte.

No public register sheet of JBD's micro-LED panels was found: see ``drivers.display.spi_commands``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards import spec
from drivers.base import Rect
from drivers.bus.spi import SpiBus
from drivers.display import spi_commands as command

if TYPE_CHECKING:
    from drivers.factory import BuildContext


class SpiPanel:
    """``width`` × ``height`` pixels of 16 grey levels behind ``bus``."""

    def __init__(self, bus: SpiBus, width: int, height: int) -> None:
        self._bus, self._width, self._height = bus, width, height

    @classmethod
    def from_board(cls, part: spec.Display, context: BuildContext) -> SpiPanel:
        """As the board file says."""
        return cls(context.spi(part), part.width, part.height)

    @property
    def width(self) -> int:
        """Columns."""
        return self._width

    @property
    def height(self) -> int:
        """Rows."""
        return self._height

    def open(self) -> None:
        """Blank the memory, then light the panel: what it held at power-on is noise. Raises DriverError."""
        whole = Rect(0, 0, self._width, self._height)
        self.show(np.zeros((self._height, self._width), np.uint8), [whole])
        self.power(True)

    def close(self) -> None:
        """Turn the panel off; one that is gone is left alone."""
        try:
            self.power(False)
        except OSError:
            return

    def show(self, canvas: NDArray[np.uint8], rects: Sequence[Rect]) -> None:
        """Send the parts of ``canvas`` (uint8[height, width], 0…15) in ``rects``. Raises BusError."""
        for x, y, w, h in rects:
            if not w or not h:
                continue
            window = np.array([x, y, x + w - 1, y + h - 1], ">u2").tobytes()
            self._bus.write(bytes((command.SET_WINDOW,)), command=True)
            self._bus.write(window, command=False)
            self._bus.write(bytes((command.WRITE_MEMORY,)), command=True)
            self._bus.write(pack(canvas[y : y + h, x : x + w]), command=False)

    def power(self, on: bool) -> None:
        """Light the panel or turn it off. Raises BusError."""
        self._bus.write(bytes((command.DISPLAY_ON if on else command.DISPLAY_OFF,)), command=True)


def pack(pixels: NDArray[np.uint8]) -> bytes:
    """uint8[h, w] of 0…15 → two pixels a byte, the left one high; an odd count ends in a zero nibble."""
    flat = pixels.reshape(-1)
    if len(flat) % 2:
        flat = np.append(flat, np.uint8(0))
    packed: NDArray[np.uint8] = flat[0::2] << np.uint8(4) | flat[1::2]
    return packed.tobytes()
