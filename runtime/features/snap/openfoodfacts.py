"""Rows of Open Food Facts dumps → products.

Two formats, as their data page offers them (field names: the "data fields" text beside the export): the CSV
export, which is tab-separated without a quoting rule, and the JSONL dump of the database.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from runtime.features.snap.catalogue import Product
from runtime.features.snap.gtin import normal
from runtime.features.snap.result import ImportFailedError

Parse = Callable[[bytes], "Product | None"]

SOURCE = "Open Food Facts"
LIMITS = {"name": 200, "brand": 100, "quantity": 60, "ingredients": 4000, "allergens": 400}
"""Characters kept of each field: some rows hold a whole web page."""


class BadCodeError(ValueError):
    """The row's code is no GTIN."""


class BadRowError(ValueError):
    """The row is broken; the message says how."""


class _Row(msgspec.Struct):
    """The fields of a JSONL line that are used; their types vary in the wild."""

    code: Any = None
    id: Any = msgspec.field(default=None, name="_id")
    product_name: Any = None
    product_name_en: Any = None
    generic_name: Any = None
    abbreviated_product_name: Any = None
    brands: Any = None
    quantity: Any = None
    ingredients_text: Any = None
    ingredients_text_en: Any = None
    allergens: Any = None
    allergens_tags: Any = None
    last_modified_t: Any = None


_DECODER = msgspec.json.Decoder(_Row)
_COLUMNS = tuple(field for field in _Row.__struct_fields__ if field != "id")


def csv_parser(header: bytes, name: str) -> Parse:
    """A parser for rows under this header line. Raises ImportFailedError when it is not OFF's."""
    titles = [title.strip().strip('"') for title in _text(header).lstrip("\ufeff").rstrip("\r\n").split("\t")]
    if "code" not in titles:
        raise ImportFailedError(
            f"{name}:1: the header has no 'code' column; expected the tab-separated export of Open Food Facts"
        )
    places = [(column, titles.index(column)) for column in _COLUMNS if column in titles]

    def parse(line: bytes) -> Product | None:
        cells = _text(line).rstrip("\r\n").split("\t")
        if len(cells) != len(titles):
            raise BadRowError(f"{len(cells)} columns, the header has {len(titles)}")
        return _product(_Row(**{column: _unquote(cells[place]) for column, place in places}))

    return parse


def parse_json(line: bytes) -> Product | None:
    """A product from one line of the JSONL dump, None for one that says nothing."""
    try:
        return _product(_DECODER.decode(line))
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return _product(_DECODER.decode(_text(line)))  # broken UTF-8 or NULs: once more, cleaned
    except (msgspec.DecodeError, RecursionError) as error:  # brackets without end
        raise BadRowError(str(error)) from error


def _product(row: _Row) -> Product | None:
    gtin = normal(_code(row.code) or _code(row.id))
    if gtin is None:
        raise BadCodeError
    name = _first(row.product_name, row.product_name_en, row.abbreviated_product_name, row.generic_name)
    product = Product(
        gtin=gtin,
        name=name[: LIMITS["name"]],
        brand=_first(row.brands)[: LIMITS["brand"]],
        quantity=_first(row.quantity)[: LIMITS["quantity"]],
        ingredients=_first(row.ingredients_text, row.ingredients_text_en)[: LIMITS["ingredients"]],
        allergens=_allergens(row.allergens_tags or row.allergens)[: LIMITS["allergens"]],
        source=SOURCE,
        updated=_seconds(row.last_modified_t),
    )
    return product if product.name or product.brand or product.ingredients else None


def _code(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _text(data: bytes) -> str:
    return data.replace(b"\0", b"").decode("utf-8", errors="replace")


def _unquote(cell: str) -> str:
    """Quotes mean nothing in the export; a cell that some tool wrapped in them is unwrapped."""
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell


def _first(*values: object) -> str:
    """The first that has text: entities and control characters undone, white space tidied."""
    for value in values:
        text = (
            ", ".join(map(str, value)) if isinstance(value, list) else value if isinstance(value, str) else ""
        )
        if text := re.sub(r"[\s\x00-\x1f\x7f]+", " ", html.unescape(text[:20_000])).strip():
            return text
    return ""


def _allergens(value: object) -> str:
    """ "en:milk,en:soybeans" → "milk, soybeans"."""
    tags: Sequence[object] = value if isinstance(value, list) else str(value or "").split(",")
    words = (re.sub(r"^[a-z]{2,3}:", "", str(tag).strip()).replace("-", " ") for tag in tags)
    return ", ".join(dict.fromkeys(word for word in words if word))


def _seconds(value: object) -> int:
    """UTC seconds; a database dump may write numbers as {"$numberLong": "…"} or as text."""
    if isinstance(value, dict):
        value = next(iter(value.values()), 0)
    try:
        return max(0, min(int(float(str(value or 0))), 2**40))
    except (ValueError, OverflowError):
        return 0
