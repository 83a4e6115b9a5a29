"""What was read of a label, told to a model that can't see."""

from __future__ import annotations

from collections.abc import Iterator

from runtime.features.snap.catalogue import Product
from runtime.features.snap.result import SnapResult

MOST_LINES = 60


def told(result: SnapResult, product: Product | None) -> str:
    """The label's text and the catalogue's entry, a line each; empty when nothing was read."""
    return "\n".join(_lines(result, product))


def _lines(result: SnapResult, product: Product | None) -> Iterator[str]:
    if product is not None:
        yield f"Catalogue: {product.name}, {product.brand}, {product.quantity}".rstrip(", ")
        if product.ingredients:
            yield f"Catalogue, ingredients: {product.ingredients}"
        if product.allergens:
            yield f"Catalogue, allergens: {product.allergens}"
    elif result.codes:
        yield f"Bar code: {result.codes[0].gtin}"
    for line in result.lines[:MOST_LINES]:
        yield line.text
