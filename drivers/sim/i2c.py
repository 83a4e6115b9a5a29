"""An emulated I²C adapter: chips answer at their addresses, and fail as wires and supplies do."""

from __future__ import annotations

import errno
import os
from typing import Protocol

from drivers.sim.faults import Faults


class EmulatedChip(Protocol):
    """A chip behind an address; ``part`` is its name in the table of faults."""

    part: str

    def read(self, register: int, length: int) -> bytes:
        """Bytes from ``register`` on, with whatever reading does to the chip."""
        ...

    def write(self, register: int, data: bytes) -> None:
        """Write from ``register`` on; read-only bits stay."""
        ...

    def power_cycle(self) -> None:
        """The supply failed for a moment: every register is back at its reset value."""
        ...


class EmulatedI2c:
    """Raises what the kernel would: ENXIO without an acknowledge, ETIMEDOUT on a stuck bus."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._chips: dict[int, EmulatedChip] = {}

    def attach(self, address: int, chip: EmulatedChip) -> None:
        """Solder ``chip`` on."""
        self._chips[address] = chip

    def transfer(self, address: int, out: bytes, length: int) -> bytes:
        """Write ``out`` (register, data), then read ``length`` bytes."""
        chip = self._chips.get(address)
        if chip is None:
            raise _error(errno.ENXIO)
        if self._faults.active(chip.part):
            self._suffer(chip)
        if len(out) > 1:
            chip.write(out[0], out[1:])
        return chip.read(out[0], length) if length else b""

    def recover(self) -> None:
        """Nine clock pulses free a chip that holds SDA low in mid-byte."""
        for chip in self._chips.values():
            self._faults.once(chip.part, "stuck")

    def close(self) -> None:
        """Nothing to close."""

    def _suffer(self, chip: EmulatedChip) -> None:
        faults, part = self._faults, chip.part
        if faults.strikes(part, "unplug") or faults.strikes(part, "nak"):
            raise _error(errno.ENXIO)
        if faults.strikes(part, "stuck"):
            raise _error(errno.ETIMEDOUT)
        if faults.once(part, "brownout"):
            chip.power_cycle()


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
