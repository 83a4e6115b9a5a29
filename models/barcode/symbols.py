"""How EAN-13, UPC-A, EAN-8 and UPC-E put digits into bars (ISO/IEC 15420 §4.2; GS1 §5.2).

A symbol is a run of segments: guards and digits, each some modules wide. A digit is seven modules; set A
and B begin light and end dark, set C begins dark and ends light.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from models.barcode.base import Floats

SET_A = (
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
)
SET_C = tuple(p.translate(str.maketrans("01", "10")) for p in SET_A)
SET_B = tuple(p[::-1] for p in SET_C)
LEFT = SET_A + SET_B
"""Twenty patterns: digit d of set A is d, of set B is 10 + d."""
EAN13_PARITY = (
    "AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB", "ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA",
)  # fmt: skip
"""The sets of the six left digits spell the first digit (ISO/IEC 15420 table 3)."""
UPCE_PARITY = (
    "BBBAAA", "BBABAA", "BBAABA", "BBAAAB", "BABBAA", "BAABBA", "BAAABB", "BABABA", "BABAAB", "BAABAB",
)  # fmt: skip
"""The sets of the six digits spell the check digit, for number system 0 (GS1 §5.2.2.4)."""

Kind = Literal["left", "right", "start", "middle", "end", "stop"]


class Segment(msgspec.Struct, frozen=True):
    """A part of a symbol: how many modules, which patterns it may show, what stands around it."""

    kind: Kind
    modules: int
    patterns: tuple[str, ...]
    before: str
    after: str


# What stands around: 1 dark, 0 light. The quiet zone is given two modules of its seven or more, since
# photos are often cut close to the bars.
START = Segment("start", 3, ("101",), "00", "0")
MIDDLE = Segment("middle", 5, ("01010",), "1", "1")
END = Segment("end", 3, ("101",), "0", "00")
STOP = Segment("stop", 6, ("010101",), "1", "00")
LEFT_DIGIT = Segment("left", 7, LEFT, "1", "0")
LEFT_DIGIT_A = Segment("left", 7, SET_A, "1", "0")
RIGHT_DIGIT = Segment("right", 7, SET_C, "0", "1")

SYMBOLS: dict[str, tuple[Segment, ...]] = {
    "EAN-13": (START, *[LEFT_DIGIT] * 6, MIDDLE, *[RIGHT_DIGIT] * 6, END),
    "EAN-8": (START, *[LEFT_DIGIT_A] * 4, MIDDLE, *[RIGHT_DIGIT] * 4, END),
    "UPC-E": (START, *[LEFT_DIGIT] * 6, STOP),
}


def modules(symbol: str) -> int:
    """How many modules wide the symbol is, quiet zones left out: 95, 67 or 51."""
    return sum(segment.modules for segment in SYMBOLS[symbol])


def ean13_bits(code: str) -> str:
    """The 95 modules of the 13 digits ``code``, 1 for a dark one."""
    left = zip(code[1:7], EAN13_PARITY[int(code[0])], strict=True)
    halves = "".join((SET_A if s == "A" else SET_B)[int(d)] for d, s in left)
    return "101" + halves + "01010" + "".join(SET_C[int(d)] for d in code[7:]) + "101"


def ean8_bits(code: str) -> str:
    """The 67 modules of the 8 digits ``code``."""
    left = "".join(SET_A[int(d)] for d in code[:4])
    return "101" + left + "01010" + "".join(SET_C[int(d)] for d in code[4:]) + "101"


def upce_bits(code: str) -> str:
    """The 51 modules of the UPC-E digits ``code`` (8: number system, six, check)."""
    parity = UPCE_PARITY[int(code[7])]
    swapped = parity if code[0] == "0" else parity.translate(str.maketrans("AB", "BA"))
    digits = zip(code[1:7], swapped, strict=True)
    return "101" + "".join((SET_A if s == "A" else SET_B)[int(d)] for d, s in digits) + "010101"


def light(bits: str, at: Floats, sigma: float, spread: float = 0.0) -> Floats:
    """Brightness at the module positions ``at`` of ``bits`` blurred by a Gaussian of ``sigma`` modules.

    Bars are ``spread`` modules wider than they should be. Outside, the first and last module go on.
    0 is dark, 1 is light.
    """
    edges = [(i, int(bits[i - 1]) - int(bits[i])) for i in range(1, len(bits)) if bits[i] != bits[i - 1]]
    out = np.full(at.shape, 1.0 - int(bits[0]), np.float32)
    for place, step in edges:
        out += step * _normal_cdf((at - place - step * spread / 2) / sigma)
    return out


def _normal_cdf(x: Floats) -> Floats:
    """The normal distribution's CDF, logistic form, within 1e-4 … 2e-4 (Page 1977)."""
    z = np.clip(x, -6.0, 6.0).astype(np.float32)
    return np.asarray(1.0 / (1.0 + np.exp(-1.5976 * z - 0.07056 * z**3)), np.float32)
