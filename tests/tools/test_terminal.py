"""The simulator's terminal over a real pseudo-terminal: keys go in, the terminal is put back in any case."""

from __future__ import annotations

import asyncio
import os
import pty
import termios
from collections.abc import Iterator

import numpy as np
import pytest

from runtime.core.clock import RealClock
from tools import terminal
from tools.terminal import Terminal, split_keys


class Wearer:
    """Keeps what was done."""

    def __init__(self) -> None:
        self.did: list[object] = []

    def press(self, key: str, action: str = "press") -> None:
        self.did.append((key, action))

    def turn(self, left_deg: float, up_deg: float) -> None:
        self.did.append((left_deg, up_deg))


class Screen:
    """A panel that counts, and fails where told."""

    width, height = 4, 2

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.shown = 0
        self.open_now = False

    def open(self) -> None:
        self.open_now = True

    def close(self) -> None:
        self.open_now = False

    def power(self, on: bool) -> None: ...

    def show(self, canvas: object, rects: object) -> None:
        self.shown += 1
        if self.fails:
            raise OSError("the window is gone")


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The person's end of a terminal that stands for standard input."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "rb", buffering=0) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield ours
    os.close(ours)


def run(keyboard: int, typed: bytes, screen: Screen | None = None) -> tuple[Wearer, Screen]:
    wearer, screen = Wearer(), screen or Screen()

    async def scene() -> None:
        one = Terminal(RealClock(), wearer, screen, lambda: np.zeros((2, 4), np.uint8))
        running = asyncio.ensure_future(one.run())
        await asyncio.sleep(0.05)
        os.write(keyboard, typed)
        await asyncio.wait_for(running, 5)

    asyncio.run(scene())
    return wearer, screen


def test_every_key_of_the_footer_does_what_it_says(keyboard: int) -> None:
    wearer, screen = run(keyboard, b" tsh\x1b[D\x1b[C\x1b[A\x1b[B?q")
    assert wearer.did == [
        ("shutter", "press"), ("touch", "tap"), ("touch", "double_tap"), ("touch", "hold"),
        (15.0, 0), (-15.0, 0), (0, 15.0), (0, -15.0),
    ]  # fmt: skip
    assert screen.shown >= 1
    assert not screen.open_now


@pytest.mark.parametrize("screen", [Screen(), Screen(fails=True)])
def test_the_terminal_is_put_back(keyboard: int, screen: Screen) -> None:
    import sys

    before = termios.tcgetattr(sys.stdin.fileno())
    if screen.fails:
        with pytest.raises(OSError, match="window"):
            run(keyboard, b"", screen)
    else:
        run(keyboard, b"q", screen)
    assert termios.tcgetattr(sys.stdin.fileno()) == before
    assert not screen.open_now


def test_the_footer_names_every_key() -> None:
    for word in ("space", "t touch", "h hold", "s double tap", "arrows", "q quit"):
        assert word in terminal.FOOTER


def test_keys_of_one_read_are_taken_apart() -> None:
    assert list(split_keys(b"a\x1b[A\x1b[Bq")) == [b"a", b"\x1b[A", b"\x1b[B", b"q"]
