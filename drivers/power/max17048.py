"""Maxim MAX17048 fuel gauge (19-6171): cell voltage and state of charge; it measures no current."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boards import spec
from drivers.base import BatteryState, Clock, WrongChipError
from drivers.bus.i2c import I2cBus
from drivers.register import Word

if TYPE_CHECKING:
    from drivers.factory import BuildContext

VCELL, SOC, VERSION = 0x02, 0x04, 0x08
VOLTS_LSB, CHARGE_LSB = 78.125e-6, 1 / 256 / 100  # Table 2
VERSION_MASK, VERSION_IS = 0xFFF0, 0x0010


class Max17048:
    """The gauge at ``address`` (0x36) on ``bus``."""

    vcell = Word(VCELL)
    soc = Word(SOC)
    version = Word(VERSION)

    def __init__(self, bus: I2cBus, address: int, clock: Clock) -> None:
        self._bus, self._address, self._clock = bus, address, clock

    @classmethod
    def from_board(cls, part: spec.Battery, context: BuildContext) -> Max17048:
        """As the board file says."""
        return cls(context.i2c(part.bus), part.address or 0x36, context.clock)

    def open(self) -> None:
        """Check who answers. Raises DriverError."""
        version = self.version
        if version & VERSION_MASK != VERSION_IS:
            raise WrongChipError(
                f"address 0x{self._address:02x} answers VERSION 0x{version:04x}, a MAX17048 says 0x001_: "
                "check battery.compatible and battery.address in the board file"
            )

    def close(self) -> None:
        """Nothing to do: the gauge runs on the cell."""

    def read(self) -> BatteryState:
        """Charge and voltage now. Raises BusError."""
        charge = min(1.0, self.soc * CHARGE_LSB)
        return BatteryState(self._clock.now_ns(), charge, self.vcell * VOLTS_LSB, None, None)

    def read_register(self, bank: int, register: int, length: int = 1) -> bytes:
        """``length`` bytes from ``register`` on; the gauge has one bank."""
        return self._bus.read(self._address, register, length)
