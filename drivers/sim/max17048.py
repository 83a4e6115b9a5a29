"""An emulated MAX17048 (19-6171): word registers, high byte first."""

from __future__ import annotations

from drivers.base import Clock
from drivers.sim.world import World

VCELL, SOC, VERSION = 0x02, 0x04, 0x08


class EmulatedMax17048:
    """The gauge on the World's cell."""

    part = "battery"

    def __init__(self, world: World, clock: Clock) -> None:
        self._world, self._clock = world, clock

    def power_cycle(self) -> None:
        """The gauge keeps nothing that a read would show."""

    def read(self, register: int, length: int) -> bytes:
        """A burst over word registers."""
        words = b"".join(self._word(register + i).to_bytes(2, "big") for i in range(0, length, 2))
        return words[:length]

    def write(self, register: int, data: bytes) -> None:
        """Settings are taken and change nothing that the World shows."""

    def _word(self, register: int) -> int:
        state = self._world.battery(self._clock.now_ns())
        match register:
            case 0x02:
                return round(state.volts / 78.125e-6)
            case 0x04:
                return min(0xFFFF, round((state.charge or 0.0) * 100 * 256))
            case 0x08:
                return 0x0012
        return 0
