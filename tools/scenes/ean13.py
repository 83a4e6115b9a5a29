"""EAN-13 symbols (GS1 General Specifications §5.2.1): modules, and the drawn symbol."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.barcode.gtin import check_digit
from models.barcode.symbols import EAN13_PARITY, SET_A, SET_B, SET_C

QUIET = 11  # modules of white that a reader wants on the left; the right needs 7
MODULES = 95
GUARDS = (*range(3), *range(45, 50), *range(92, 95))


def in_store(number: int) -> str:
    """A GTIN-13 of the prefix 20, which GS1 keeps for use inside a shop: no maker's product bears it."""
    body = f"20{number:010}"
    return f"{body}{check_digit(body)}"


def modules(gtin: str) -> str:
    """The 95 modules of 13 digits, "1" is a bar."""
    parity = EAN13_PARITY[int(gtin[0])]
    left = "".join(
        (SET_A if kind == "A" else SET_B)[int(digit)] for kind, digit in zip(parity, gtin[1:7], strict=True)
    )
    return f"101{left}01010{''.join(SET_C[int(digit)] for digit in gtin[7:])}101"


def bars(gtin: str, module: int, height: int) -> NDArray[np.uint8]:
    """The bars alone, uint8[height, 95·module], 0 or 255; guard bars reach five modules lower than the rest."""
    row = np.where(np.array(list(modules(gtin))) == "1", 0, 255).astype(np.uint8)
    symbol = np.repeat(np.tile(row, (height, 1)), module, axis=1)
    digits = np.ones(MODULES, bool)
    digits[list(GUARDS)] = False
    symbol[height - 5 * module :, np.repeat(digits, module)] = 255
    return symbol
