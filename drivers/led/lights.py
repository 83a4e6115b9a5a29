"""Lights: a GPIO line, a LED class device of the kernel, the World's, and a sign on the screen."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from boards import spec
from drivers.base import BusError, DeviceLostError
from drivers.bus.gpio import GpioLine
from drivers.sim.faults import Faults

if TYPE_CHECKING:
    from drivers.factory import BuildContext

LEDS = Path("/sys/class/leds")


class GpioLed:
    """A LED on the GPIO line that ``request()`` takes from the kernel, when it is first needed."""

    def __init__(self, request: Callable[[], GpioLine]) -> None:
        self._request = request
        self._line: GpioLine | None = None

    @classmethod
    def from_board(cls, part: spec.Light, context: BuildContext) -> GpioLed:
        """As the board file says."""
        return cls(lambda: context.gpio(part.line, output=True))

    def open(self) -> None:
        """Dark until asked. Raises BusError, ConfigError."""
        self.set(False)

    def close(self) -> None:
        """Dark, and the line given back."""
        if self._line is not None:
            with contextlib.suppress(BusError):
                self._line.set(False)
            self._line.close()
            self._line = None

    def set(self, on: bool) -> None:
        """Switch it. Raises BusError."""
        self._taken().set(on)

    def is_on(self) -> bool:
        """What the line says. Raises BusError."""
        return self._taken().get()

    def _taken(self) -> GpioLine:
        if self._line is None:
            self._line = self._request()
        return self._line


class LedClass:
    """A LED of the kernel (Documentation/leds/leds-class.rst): ``folder`` holds its ``brightness``."""

    def __init__(self, folder: Path) -> None:
        self._file, self._most = folder / "brightness", folder / "max_brightness"

    @classmethod
    def from_board(cls, part: spec.Light, context: BuildContext) -> LedClass:
        """As the board file says: ``name`` is the LED's."""
        return cls(LEDS / part.name)

    def open(self) -> None:
        """Dark until asked. Raises DeviceLostError."""
        if not self._file.exists():
            raise DeviceLostError(f"{self._file.parent}: no such LED; `ls {LEDS}` lists them")
        self.set(False)

    def close(self) -> None:
        """Dark; a LED that is gone is left alone."""
        with contextlib.suppress(BusError):
            self.set(False)

    def set(self, on: bool) -> None:
        """Switch it, fully: 1 of 255 would not be seen. Raises BusError."""
        try:
            full = self._most.read_text(encoding="ascii").strip() if on else "0"
            self._file.write_text(full, encoding="ascii")
        except OSError as error:
            raise BusError(f"{self._file}: {error.strerror}; may this user write it?") from error

    def is_on(self) -> bool:
        """What the kernel says. Raises BusError."""
        try:
            return int(self._file.read_text(encoding="ascii")) > 0
        except (OSError, ValueError) as error:
            raise BusError(f"{self._file}: can't be read ({error})") from error


class SimLight:
    """The simulator's light; a dead one takes the order and stays dark, as a broken LED does."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._on = False

    @classmethod
    def from_board(cls, part: spec.Light, context: BuildContext) -> SimLight:
        """As the board file says."""
        return cls(context.world.faults)

    def open(self) -> None:
        """Dark until asked."""
        self._on = False

    def close(self) -> None:
        """Dark."""
        self._on = False

    def set(self, on: bool) -> None:
        """Switch it."""
        self._on = on

    def is_on(self) -> bool:
        """Whether it is lit."""
        return self._on and not self._faults.strikes("light", "dead")


class ShownLight:
    """A computer without a capture light shows on its screen whether it captures: ``show(on)``."""

    def __init__(self, show: Callable[[bool], object]) -> None:
        self._show = show
        self._on = False

    def open(self) -> None:
        """Dark until asked."""

    def close(self) -> None:
        """Dark."""
        self.set(False)

    def set(self, on: bool) -> None:
        """Show it, when it changes."""
        if on != self._on:
            self._on = on
            self._show(on)

    def is_on(self) -> bool:
        """Whether it is shown as lit."""
        return self._on
