"""What a snap yields, and what it needs to be done.

Errors::

    SnapError
    ├── UnreadFieldError (ValueError)      a field claims to be read but has no crop to show for it
    ├── CatalogueError (OSError)           the product catalogue can't be opened or read
    └── ImportFailedError (ValueError)     a dump can't be imported; the message names the line
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.base import Rect
from models.base import TextBox, TextLine
from runtime.core.clock import NS
from runtime.core.messages import Certainty

Image = NDArray[np.uint8]
Expired = Callable[[], bool]

FIELD_NAMES = (
    "name", "price", "currency", "was_price", "unit_price", "net_content", "best_before", "produced",
    "shelf_life", "date", "ingredients", "allergens", "may_contain",
)  # fmt: skip
"""Every name a field may have, in the order a reader wants them."""

EXPECTED = ("name", "price", "net_content", "best_before", "ingredients", "allergens")
"""Fields a wearer would miss: when absent they are reported as "not read"."""


class SnapError(Exception):
    """Root of the snap feature's errors; the message says what to do next."""


class UnreadFieldError(SnapError, ValueError):
    """A field claims to be read but has no crop to show for it."""


class CatalogueError(SnapError, OSError):
    """The product catalogue can't be opened or read."""


class ImportFailedError(SnapError, ValueError):
    """A dump can't be imported; the message names the line."""


class Field(msgspec.Struct, frozen=True):
    """One thing read from a label, never made up.

    ``value`` is normalised (a number for prices, ISO dates, "250 g"), ``text`` is what stood there,
    ``crop`` the rectangle in picture pixels it was read from, ``confidence`` 0…1 the reader's own,
    ``unit`` a price's currency, ``qualifier`` "from" for a price that only starts there. ``others`` are
    further amounts, dates, … of the same kind.
    Raises UnreadFieldError unless it is "not read" or has both value and crop.
    """

    value: str | float | None
    text: str
    certainty: Certainty
    crop: Rect | None
    confidence: float
    unit: str = ""
    qualifier: str = ""
    others: tuple[Field, ...] = ()

    def __post_init__(self) -> None:
        if self.certainty == "not read":
            return
        if self.value is None or self.crop is None or self.crop.w <= 0 or self.crop.h <= 0:
            raise UnreadFieldError(f"{self.text!r}: no crop shows it, so report it as NOT_READ")


NOT_READ = Field(value=None, text="", certainty="not read", crop=None, confidence=0.0)
"""What stands for a field that could not be read."""


class ProductCode(Protocol):
    """A product code as ``models.barcode`` reports it."""

    @property
    def gtin(self) -> str:
        """13 or 8 digits, a UPC-A with its leading 0; empty for a code that names no product."""
        ...

    @property
    def text(self) -> str:
        """What the symbol holds."""
        ...

    @property
    def symbology(self) -> str:
        """The name of the bar code's kind: "EAN-13", "UPC-A", …"""
        ...

    @property
    def certainty(self) -> Certainty:
        """Whether it may be relied on."""
        ...

    @property
    def box(self) -> Sequence[Sequence[float]]:
        """Four corners [x, y] in picture pixels."""
        ...


class CodeReader(Protocol):
    """Finds product codes in several pictures of the same thing."""

    def read(self, images: Sequence[Image], *, expired: Expired) -> Sequence[ProductCode]:
        """``images`` uint8[H, W, 3] BGR, best first; stops soon after ``expired()`` turns true."""
        ...


class LineReader(Protocol):
    """Reads every line of text in a picture."""

    def find(self, image: Image) -> list[TextBox]:
        """``image`` uint8[H, W, 3] BGR → where its lines are, unread. Raises ModelError."""
        ...

    def steps(self, image: Image) -> Generator[None, None, list[TextLine]]:
        """``image`` uint8[H, W, 3] BGR → lines in reading order; yields between steps. Raises ModelError."""
        ...


class Tracing(Protocol):
    """The part of the tracer a snap uses."""

    def new_id(self) -> int:
        """An id for the spans of one snap."""
        ...

    def span(self, name: str, trace_id: int = 0) -> AbstractContextManager[Any]:
        """Time what happens inside."""
        ...

    def mark(self, name: str, start_ns: int, end_ns: int, trace_id: int = 0) -> None:
        """Record what was timed elsewhere."""
        ...


class Ticking(Protocol):
    """A source of monotonic time."""

    def now_ns(self) -> int:
        """Monotonic nanoseconds."""
        ...


class Trouble(msgspec.Struct, frozen=True):
    """A stage that gave nothing: its name and one calm line that says why and what to try."""

    stage: str
    text: str


class SnapResult(msgspec.Struct, frozen=True):
    """Everything one snap read. It holds no picture: crops are rectangles, not pixels.

    ``ms`` maps each stage to the milliseconds it took; ``troubles`` lists stages that gave nothing.
    """

    codes: tuple[ProductCode, ...] = ()
    fields: dict[str, Field] = {}
    lines: tuple[TextLine, ...] = ()
    ms: dict[str, float] = {}
    troubles: tuple[Trouble, ...] = ()

    def field(self, name: str) -> Field:
        """The field with this name, or NOT_READ."""
        return self.fields.get(name, NOT_READ)

    @property
    def products(self) -> tuple[ProductCode, ...]:
        """The codes that name a product, sure ones first."""
        named = (code for code in self.codes if code.gtin)
        return tuple(sorted(named, key=lambda code: code.certainty != "sure"))

    @property
    def empty(self) -> bool:
        """Neither a code nor a word was read."""
        return not self.codes and not self.lines


def milliseconds(start_ns: int, end_ns: int) -> float:
    """The time between two clock readings in ms, to a hundredth."""
    return round((end_ns - start_ns) * 1000 / NS, 2)
