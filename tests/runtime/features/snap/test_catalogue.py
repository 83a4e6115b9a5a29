from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import msgspec
import pytest

from runtime.features.snap.catalogue import Catalogue, Checkpoint, Product
from runtime.features.snap.demo import add_demo, demo_products
from runtime.features.snap.gtin import normal
from runtime.features.snap.lookup import NO_CATALOGUE, product_of
from runtime.features.snap.result import CatalogueError, SnapResult
from tests.runtime.features.snap.fakes import FakeCode

OATS = Product("4006381333931", "Oats", "Mill", "500 g", "oats", "gluten", "test", 100)


def test_a_product_is_found_under_every_form_of_its_number() -> None:
    with Catalogue(":memory:") as catalogue:
        catalogue.put([OATS])
        assert catalogue.lookup("4006381333931") == OATS
        assert catalogue.lookup("04006381333931") == OATS
        assert catalogue.lookup("2000000000015") is None
        assert catalogue.lookup("not a code") is None


def test_only_a_newer_entry_replaces_one() -> None:
    newer = msgspec.structs.replace(OATS, name="Rolled oats", updated=101)
    with Catalogue(":memory:") as catalogue:
        assert catalogue.put([OATS]) == 1
        assert catalogue.put([msgspec.structs.replace(newer, updated=99)]) == 0
        assert catalogue.put([newer]) == 1
        assert catalogue.lookup(OATS.gtin) == newer
        assert len(catalogue) == 1


def test_products_and_checkpoint_are_one_transaction(tmp_path: Path) -> None:
    def fail(written: int) -> Checkpoint:
        raise KeyboardInterrupt

    with Catalogue(tmp_path / "c.db", create=True) as catalogue:
        with pytest.raises(KeyboardInterrupt):
            catalogue.put([OATS], fail)
        assert len(catalogue) == 0
        assert catalogue.checkpoint("dump") is None


def test_a_missing_catalogue_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="there is no catalogue; make one with"):
        Catalogue(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


def test_a_damaged_catalogue_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    path.write_bytes(b"not a database, but long enough to be taken for one" * 100)
    with pytest.raises(CatalogueError, match="delete it and import again"):
        Catalogue(path)


def test_a_catalogue_damaged_under_way_says_so(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "c.db", create=True) as catalogue:
        with sqlite3.connect(tmp_path / "c.db") as other:
            other.execute("DROP TABLE products")
        other.close()
        with pytest.raises(CatalogueError, match="delete it and import again"):
            catalogue.lookup(OATS.gtin)
        with pytest.raises(CatalogueError, match="go on where it stopped"):
            catalogue.put([OATS])


def test_the_demo_products_bear_in_store_numbers() -> None:
    products = demo_products()
    assert products
    for product in products:
        assert normal(product.gtin) == product.gtin
        assert 20 <= int(product.gtin[:2]) <= 29
        assert product.name


def test_the_demo_is_added_once() -> None:
    with Catalogue(":memory:") as catalogue:
        assert add_demo(catalogue) == len(demo_products())
        assert add_demo(catalogue) == 0


def test_the_best_code_is_looked_up_and_a_missing_catalogue_is_said() -> None:
    read = SnapResult((FakeCode("2000000000015", certainty="probable"), FakeCode(OATS.gtin)))
    with Catalogue(":memory:") as catalogue:
        catalogue.put([OATS])
        assert product_of(read, catalogue) == (OATS, "")
        assert product_of(SnapResult((FakeCode(""),)), catalogue) == (None, "")
    assert product_of(read, None) == (None, NO_CATALOGUE)


def test_the_demo_knows_what_stands_on_the_simulators_shelf() -> None:
    truth = Path(__file__).parents[4] / "drivers" / "sim" / "scenes" / "truth.json"
    shelf = json.loads(truth.read_bytes())
    demo = {product.gtin: product for product in demo_products()}
    assert {label["gtin"] for label in shelf.values()} == set(demo)
    for label in shelf.values():
        product = demo[label["gtin"]]
        assert (product.name, product.brand, product.quantity) == (
            label["name"],
            label["brand"],
            label["net_content"],
        )
        assert (product.ingredients, product.allergens) == (label["ingredients"], label["allergens"])
