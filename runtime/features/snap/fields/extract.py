"""All fields of a label from its lines of text."""

from __future__ import annotations

from collections.abc import Iterable

from models.base import TextLine
from runtime.features.snap.fields.content import read_content
from runtime.features.snap.fields.dates import read_dates
from runtime.features.snap.fields.ingredients import read_ingredients
from runtime.features.snap.fields.name import read_name
from runtime.features.snap.fields.price import read_prices
from runtime.features.snap.fields.text import see
from runtime.features.snap.result import FIELD_NAMES, Field


def extract(lines: Iterable[TextLine]) -> dict[str, Field]:
    """What the lines say, by field name; a name that is absent was not read. Pure, about 1 ms a label."""
    seen = see(lines)
    found = {
        **read_name(seen),
        **read_prices(seen),
        **read_content(seen),
        **read_dates(seen),
        **read_ingredients(seen),
    }
    return {name: found[name] for name in FIELD_NAMES if name in found}
