"""Register maps as descriptors, so that a chip's class body reads like its data sheet.

``class Chip: odr = Bits(0x4F, 3, 0)`` makes ``chip.odr`` read bits 3…0 of register 0x4F and
``chip.odr = 15`` a read-modify-write of just those bits.
"""

from __future__ import annotations

from typing import Any, Protocol, overload


class Readable(Protocol):
    """A chip whose registers can be read, bank by bank."""

    def read_register(self, bank: int, register: int, length: int = 1) -> bytes:
        """``length`` bytes from ``register`` on. Raises BusError."""
        ...


class Registers(Readable, Protocol):
    """A chip whose registers can be written too."""

    def write_register(self, bank: int, register: int, value: int) -> None:
        """Write one byte. Raises BusError."""
        ...


class Bits:
    """Bits ``high`` … ``low`` of an 8-bit register."""

    def __init__(self, register: int, high: int = 7, low: int = 0, *, bank: int = 0) -> None:
        self.register, self.low, self.bank = register, low, bank
        self.mask = (1 << (high - low + 1)) - 1

    @overload
    def __get__(self, chip: None, owner: type[Any]) -> Bits: ...
    @overload
    def __get__(self, chip: Registers, owner: type[Any]) -> int: ...
    def __get__(self, chip: Registers | None, owner: type[Any]) -> Bits | int:
        if chip is None:
            return self
        return chip.read_register(self.bank, self.register)[0] >> self.low & self.mask

    def __set__(self, chip: Registers, value: int) -> None:
        if not 0 <= value <= self.mask:
            raise ValueError(
                f"register 0x{self.register:02x}: {value} does not fit its {self.mask.bit_length()} bits"
            )
        whole = self.mask << self.low
        old = 0 if whole == 0xFF else chip.read_register(self.bank, self.register)[0]
        chip.write_register(self.bank, self.register, old & ~whole & 0xFF | value << self.low)


class Word:
    """Two bytes from ``register`` on, high byte first; read only."""

    def __init__(self, register: int, *, bank: int = 0) -> None:
        self.register, self.bank = register, bank

    @overload
    def __get__(self, chip: None, owner: type[Any]) -> Word: ...
    @overload
    def __get__(self, chip: Readable, owner: type[Any]) -> int: ...
    def __get__(self, chip: Readable | None, owner: type[Any]) -> Word | int:
        if chip is None:
            return self
        return int.from_bytes(chip.read_register(self.bank, self.register, 2), "big")
