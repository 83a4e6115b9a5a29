"""A battery as the kernel shows it (Documentation/ABI/testing/sysfs-class-power): micro-units in files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from boards import spec
from drivers.base import BatteryState, Clock, DeviceLostError

if TYPE_CHECKING:
    from drivers.factory import BuildContext

CLASS = Path("/sys/class/power_supply")


class PowerSupply:
    """The supply in ``folder``."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock

    @classmethod
    def from_board(cls, part: spec.Battery, context: BuildContext) -> PowerSupply:
        """As the board file says: ``name`` is the supply's."""
        return cls(CLASS / part.name, context.clock)

    def open(self) -> None:
        """Check that it is there. Raises DeviceLostError."""
        self.read()

    def close(self) -> None:
        """Nothing to do."""

    def read(self) -> BatteryState:
        """What the files say now; a value the supply does not have is None. Raises DeviceLostError."""
        volts = self._number("voltage_now")
        if volts is None:
            raise DeviceLostError(f"{self._folder}: no such battery; `ls {self._folder.parent}` lists them")
        charge, amps, heat = (self._number(name) for name in ("capacity", "current_now", "temp"))
        return BatteryState(
            self._clock.now_ns(),
            None if charge is None else charge / 100,
            volts / 1e6,
            None if amps is None else amps / 1e6,
            None if heat is None else heat / 10,
        )

    def _number(self, name: str) -> int | None:
        try:
            return int((self._folder / name).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
