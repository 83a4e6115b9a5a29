"""A snap as plain data: what ``browline snap --json`` prints, and what is stored when the wearer saves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.core.messages import Card
from runtime.features.snap.result import EXPECTED, FIELD_NAMES, Field, SnapResult


def result_to_json(result: SnapResult, photo: str = "", cards: Sequence[Card] = ()) -> dict[str, Any]:
    """One object a photo; boxes are four [x, y] corners, crops [x, y, width, height], all in picture pixels.

    Fields a reader would miss stand there as "not read" with neither value nor crop.
    """
    names = [name for name in FIELD_NAMES if name in result.fields or name in EXPECTED]
    return {
        "photo": photo,
        "codes": [
            {"gtin": c.gtin, "symbology": c.symbology, "certainty": c.certainty, "box": _corners(c.box)}
            for c in result.products
        ],
        "fields": {name: _field(result.field(name)) for name in names},
        "lines": [
            {"text": line.text, "box": _corners(line.box.quad), "confidence": round(line.confidence, 3)}
            for line in result.lines
        ],
        "card": [[line.text for line in card.lines] for card in cards],
        "ms": dict(result.ms),
    }


def _field(field: Field) -> dict[str, Any]:
    crop = list(field.crop) if field.crop else None
    return {"value": field.value, "certainty": field.certainty, "crop": crop}


def _corners(box: Sequence[Sequence[float]]) -> list[list[float]]:
    return [[round(float(x), 1), round(float(y), 1)] for x, y in box]
