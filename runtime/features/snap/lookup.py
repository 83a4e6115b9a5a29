"""Which product a result is of, as far as the catalogue knows."""

from __future__ import annotations

from typing import Protocol

from runtime.features.snap.catalogue import Product
from runtime.features.snap.result import CatalogueError, SnapResult

NO_CATALOGUE = "No catalogue yet: browline catalogue import"
UNREADABLE = "The catalogue can't be read"


class Lookup(Protocol):
    """The catalogue, as far as a snap needs it."""

    def lookup(self, gtin: str) -> Product | None:
        """The product, or None. Raises CatalogueError."""
        ...


def product_of(result: SnapResult, catalogue: Lookup | None) -> tuple[Product | None, str]:
    """The product of the best code, and why there is none where the catalogue is to blame.

    What it gives goes straight into ``build_cards(result, *product_of(result, catalogue))``.
    """
    if not result.products:
        return None, ""
    if catalogue is None:
        return None, NO_CATALOGUE
    try:
        return catalogue.lookup(result.products[0].gtin), ""
    except CatalogueError:
        return None, UNREADABLE
