"""An emulated microdisplay on an emulated SPI bus: it holds a picture, and shows it while it is lit."""

from __future__ import annotations

import errno
import os

import numpy as np
from numpy.typing import NDArray

from drivers.base import BusError, DeviceLostError, Rect
from drivers.display.spi_commands import DISPLAY_OFF, DISPLAY_ON, SET_WINDOW, WRITE_MEMORY
from drivers.sim.faults import Faults


class EmulatedPanel:
    """``memory`` is uint8[height, width], 0…15; ``transfers`` and ``pixels`` count what came in."""

    def __init__(self, faults: Faults, width: int = 640, height: int = 480) -> None:
        self._faults = faults
        self.memory = np.zeros((height, width), np.uint8)
        self.lit = False
        self.transfers = 0
        self.pixels = 0
        self._command = 0
        self._window = Rect(0, 0, width, height)
        self._came = 0  # pixels of the window that have been written

    @property
    def shown(self) -> NDArray[np.uint8]:
        """What the wearer sees: the memory, or black when the panel is off."""
        return self.memory if self.lit else np.zeros_like(self.memory)

    def write(self, data: bytes, *, command: bool) -> None:
        """One SPI transfer. Raises BusError, DeviceLostError as the faults say."""
        if self._faults.strikes("display", "unplug"):
            raise DeviceLostError("the display is gone: check its cable")
        if self._faults.strikes("display", "nak"):
            raise BusError(errno.EIO, os.strerror(errno.EIO))
        self.transfers += 1
        if command:
            self._begin(data[0])
        elif self._command == SET_WINDOW:
            x0, y0, x1, y1 = np.frombuffer(data, ">u2").tolist()
            self._window = Rect(x0, y0, x1 - x0 + 1, y1 - y0 + 1)
        elif self._command == WRITE_MEMORY:
            self._fill(np.frombuffer(data, np.uint8))

    def close(self) -> None:
        """Nothing to close."""

    def _begin(self, command: int) -> None:
        self._command, self._came = command, 0
        if command in (DISPLAY_ON, DISPLAY_OFF):
            self.lit = command == DISPLAY_ON

    def _fill(self, packed: NDArray[np.uint8]) -> None:
        """Go on from the pixel after the last one, row by row; what is beyond the window's end falls away."""
        x, y, w, h = self._window
        window = self.memory[y : y + h, x : x + w]
        pixels = window.reshape(-1)
        nibbles = np.stack([packed >> 4, packed & 0x0F], axis=1).reshape(-1)[: pixels.size - self._came]
        pixels[self._came : self._came + nibbles.size] = nibbles
        window[:] = pixels.reshape(window.shape)
        self._came += nibbles.size
        self.pixels += nibbles.size
