"""The wearer's side of the simulator: the HUD in the terminal, keys for shutter, touch and head.

What is drawn is what the panel holds, not what the runtime meant to send.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drivers.base import Display, Rect
from drivers.sim.world import Action
from runtime.core.clock import Clock

REDRAW_HZ = 30

# What each key of the keyboard does, and how the footer names it.
KEYS: dict[bytes, str] = {
    b" ": "shutter",
    b"t": "touch",
    b"s": "double tap",
    b"h": "hold",
    b"\x1b[D": "left",
    b"\x1b[C": "right",
    b"\x1b[A": "up",
    b"\x1b[B": "down",
    b"q": "quit",
    b"\x03": "quit",
}
FOOTER = "space shutter · t touch (next) · h hold (save) · s double tap (forget) · arrows look · q quit"
LOOK_STEP_DEG = 15.0


class Wearer(Protocol):
    """The part of the simulated world that keys can move."""

    def press(self, key: str, action: Action = "press") -> None:
        """Press, release or tap a key of the glasses."""
        ...

    def turn(self, left_deg: float, up_deg: float) -> None:
        """Turn the head by so much from where it is."""
        ...


class Terminal:
    """Shows ``picture()`` (uint8[H, W], 0…15) on ``screen`` and turns typed keys into the wearer's."""

    def __init__(
        self, clock: Clock, wearer: Wearer, screen: Display, picture: Callable[[], NDArray[np.uint8]]
    ) -> None:
        self._clock = clock
        self._wearer = wearer
        self._screen = screen
        self._picture = picture
        self._quit = asyncio.Event()

    async def run(self) -> None:
        """Mirror the panel until the wearer quits."""
        whole = [Rect(0, 0, self._screen.width, self._screen.height)]
        with raw_keys(self._typed):
            self._screen.open()
            try:
                while not self._quit.is_set():
                    self._screen.show(self._picture(), whole)
                    await self._clock.sleep(1 / REDRAW_HZ)
            finally:
                self._screen.close()

    def _typed(self, keys: bytes) -> None:
        for key in split_keys(keys):
            self._act(KEYS.get(key, ""))

    def _act(self, what: str) -> None:
        match what:
            case "quit":
                self._quit.set()
            case "shutter":
                self._wearer.press("shutter")
            case "touch":
                self._wearer.press("touch", "tap")
            case "double tap":
                self._wearer.press("touch", "double_tap")
            case "hold":
                self._wearer.press("touch", "hold")
            case "left" | "right":
                self._wearer.turn(LOOK_STEP_DEG if what == "left" else -LOOK_STEP_DEG, 0)
            case "up" | "down":
                self._wearer.turn(0, LOOK_STEP_DEG if what == "up" else -LOOK_STEP_DEG)


def split_keys(typed: bytes) -> Iterator[bytes]:
    """Single keys out of what one read gave; an arrow is three bytes."""
    while typed:
        length = 3 if typed.startswith(b"\x1b[") else 1
        yield typed[:length]
        typed = typed[length:]


@contextlib.contextmanager
def raw_keys(typed: Callable[[bytes], None]) -> Iterator[None]:
    """Have each key delivered at once and unseen; the terminal is put back whatever happens."""
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    loop = asyncio.get_running_loop()
    try:
        tty.setcbreak(keyboard)
        loop.add_reader(keyboard, lambda: typed(os.read(keyboard, 64)))
        yield
    finally:
        loop.remove_reader(keyboard)
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
