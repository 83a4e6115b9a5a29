"""The demo's own products (``demo_products.toml``): invented goods under GS1's in-store prefixes 20–29."""

from __future__ import annotations

from importlib.resources import files

import msgspec

from runtime.features.snap.catalogue import Catalogue, Product


class _File(msgspec.Struct, forbid_unknown_fields=True):
    products: list[Product]


def demo_products() -> list[Product]:
    """What the committed file lists."""
    data = files("runtime.features.snap").joinpath("demo_products.toml").read_bytes()
    return msgspec.toml.decode(data, type=_File).products


def add_demo(catalogue: Catalogue) -> int:
    """Bring the demo products into the catalogue → how many were new. Raises CatalogueError."""
    return catalogue.put(demo_products())
