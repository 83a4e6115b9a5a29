"""What the barcode engine takes and gives: codes, the text recogniser it may ask, shared shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""uint8[H, W, 3], BGR."""
Floats = NDArray[np.float32]
Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
Certainty = Literal["sure", "probable"]
Expired = Callable[[], bool]
"""Says whether the time is over; injected, so that a test decides when that is."""


class Code(msgspec.Struct, frozen=True):
    """A code that was read.

    ``gtin`` has 13 digits (8 for EAN-8) and a right check digit, or is empty for a code that names no
    product; ``text`` is what the symbol holds; ``box`` is its four corners in pixels of the image it was
    read from, clockwise from the symbol's own top left. ``sure``: two pieces of evidence agree.
    """

    gtin: str
    symbology: str
    certainty: Certainty
    box: Quad
    text: str = ""


class TextLineRecogniser(Protocol):
    """Reads upright strips that hold one line of text each, such as the digits under the bars."""

    @property
    def alphabet(self) -> str:
        """Class c ≥ 1 of the posteriors stands for ``alphabet[c − 1]``; class 0 is the CTC blank."""
        ...

    def posteriors(self, strips: Sequence[Image]) -> list[Floats]:
        """``strips`` uint8[h, w, 3] BGR → for each the CTC probabilities float32[T, C]."""
        ...
