"""AKM AK09916, 3-axis magnetometer (016014242-E-00), alone or behind an ICM-20948: it measures by itself, and has no
FIFO.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boards import spec
from drivers.base import Clock, ConfigError, DeviceLostError, MagneticSamples, WrongChipError
from drivers.bus.i2c import I2cBus
from drivers.magnetometer import ak09916_registers as reg
from drivers.register import Bits

if TYPE_CHECKING:
    from drivers.factory import BuildContext

SILENCE_NS = 500_000_000  # no sample for so long: ask the chip whether it still measures
EMPTY = (np.empty(0, np.int64), np.empty((0, 3), np.float32))


class Ak09916:
    """The chip at ``address`` (0x0C) on ``bus``. Raises ConfigError for a rate that it does not have."""

    company = Bits(reg.WIA1)
    device = Bits(reg.WIA2)
    mode = Bits(reg.CNTL2)
    reset = Bits(reg.CNTL3)

    def __init__(self, bus: I2cBus, address: int, clock: Clock, rate_hz: int = 100) -> None:
        if rate_hz not in reg.MODE_CODES:
            raise ConfigError(
                f"magnetometer.rate_hz: {rate_hz} Hz is not offered; choose one of "
                + ", ".join(map(str, reg.MODE_CODES))
            )
        self._bus, self._address, self._clock = bus, address, clock
        self._code, self._period_ns = reg.MODE_CODES[rate_hz], 1_000_000_000 // rate_hz
        self._heard_ns = 0

    @classmethod
    def from_board(cls, part: spec.Magnetometer, context: BuildContext) -> Ak09916:
        """As the board file says."""
        return cls(context.i2c(part.bus), part.address, context.clock, part.rate_hz)

    def open(self) -> None:
        """Check who answers, reset it, let it measure. Raises DriverError."""
        company, device = self.company, self.device
        if (company, device) != (reg.COMPANY, reg.DEVICE):
            raise WrongChipError(
                f"address 0x{self._address:02x} answers WIA 0x{company:02x} 0x{device:02x}, an AK09916 says 0x48 "
                "0x09: check magnetometer.compatible and magnetometer.address in the board file"
            )
        self.reset = reg.SOFT_RESET
        self.mode = self._code
        self._heard_ns = self._clock.now_ns()

    def close(self) -> None:
        """Let it sleep; a chip that is gone is left alone."""
        try:
            self.mode = reg.POWER_DOWN
        except OSError:
            return

    def read(self) -> MagneticSamples:
        """The newest sample, if there is one since the last read. Raises BusError, and DeviceLostError when the
        chip lost its settings.
        """
        raw = self._bus.read(self._address, reg.ST1, reg.BURST.itemsize)
        now_ns = self._clock.now_ns()
        burst = np.frombuffer(raw, reg.BURST)
        if not burst["st1"][0] & reg.ST1_DRDY:
            self._check(now_ns)
            return MagneticSamples(*EMPTY)
        self._heard_ns = now_ns
        if burst["st2"][0] & reg.ST2_HOFL:
            return MagneticSamples(*EMPTY, overflow=1)
        # It was measured at some time in the last period: the middle is nearest.
        t_ns = np.array([now_ns - self._period_ns // 2], np.int64)
        return MagneticSamples(t_ns, burst["field"].astype(np.float32) * np.float32(reg.MICROTESLA_LSB))

    def read_register(self, bank: int, register: int, length: int = 1) -> bytes:
        """``length`` bytes from ``register`` on; the chip has one bank."""
        return self._bus.read(self._address, register, length)

    def write_register(self, bank: int, register: int, value: int) -> None:
        """Write one byte."""
        self._bus.write(self._address, register, bytes((value,)))

    def _check(self, now_ns: int) -> None:
        if now_ns - self._heard_ns > SILENCE_NS:
            if self.mode != self._code:
                raise DeviceLostError("the magnetometer lost its settings: its supply failed for a moment")
            raise DeviceLostError("the magnetometer answers, and measures nothing")
