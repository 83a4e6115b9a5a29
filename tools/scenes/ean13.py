"""EAN-13 symbols (GS1 General Specifications §5.2.1): check digit, modules, and the drawn symbol."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEFT_ODD = [
    "0001101",
    "0011001",
    "0010011",
    "0111101",
    "0100011",
    "0110001",
    "0101111",
    "0111011",
    "0110111",
    "0001011",
]
LEFT_EVEN = [
    "0100111",
    "0110011",
    "0011011",
    "0100001",
    "0011101",
    "0111001",
    "0000101",
    "0010001",
    "0001001",
    "0010111",
]
RIGHT = ["".join("10"[int(bit)] for bit in code) for code in LEFT_ODD]
PARITY = ["OOOOOO", "OOEOEE", "OOEEOE", "OOEEEO", "OEOOEE", "OEEOOE", "OEEEOO", "OEOEOE", "OEOEEO", "OEEOEO"]
QUIET = 11  # modules of white that a reader wants on the left; the right needs 7
MODULES = 95
GUARDS = (*range(3), *range(45, 50), *range(92, 95))


def check_digit(body: str) -> int:
    """The digit that makes the 12 digits of ``body`` a GTIN-13 (GS1 §7.9.1)."""
    return -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body)) % 10


def in_store(number: int) -> str:
    """A GTIN-13 of the prefix 20, which GS1 keeps for use inside a shop: no maker's product bears it."""
    body = f"20{number:010}"
    return f"{body}{check_digit(body)}"


def modules(gtin: str) -> str:
    """The 95 modules of 13 digits, "1" is a bar."""
    tables = {"O": LEFT_ODD, "E": LEFT_EVEN}
    left = "".join(
        tables[kind][int(digit)] for kind, digit in zip(PARITY[int(gtin[0])], gtin[1:7], strict=True)
    )
    return f"101{left}01010{''.join(RIGHT[int(digit)] for digit in gtin[7:])}101"


def bars(gtin: str, module: int, height: int) -> NDArray[np.uint8]:
    """The bars alone, uint8[height, 95·module], 0 or 255; guard bars reach five modules lower than the rest."""
    row = np.where(np.array(list(modules(gtin))) == "1", 0, 255).astype(np.uint8)
    symbol = np.repeat(np.tile(row, (height, 1)), module, axis=1)
    digits = np.ones(MODULES, bool)
    digits[list(GUARDS)] = False
    symbol[height - 5 * module :, np.repeat(digits, module)] = 255
    return symbol
