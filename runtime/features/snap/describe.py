"""What a model that sees says of a snap: name, brand, price, size and warnings, each with how it knows.

A ``VisualAnswerer`` over the language model; a model that can't see says nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

import msgspec
import numpy as np

from models.base import Generator, Question
from models.runner import Priority
from runtime.features.looking import BUDGET
from runtime.features.snap.result import Image

JOB = "snap.describe"
KEYS = ("name", "brand", "price", "size", "warning")
FORM = (
    "Describe the product in JSON: its name, brand, price, size, and what its label warns of. For each say in `how` "
    "whether it is `read` from the label or `inferred` from what you see; leave the value empty and say `absent` "
    "where the picture does not tell."
)
_FIELD = {
    "type": "object",
    "properties": {
        "how": {"enum": ["read", "inferred", "absent"]},
        "value": {"type": "string", "maxLength": 80},
    },
    "required": ["how", "value"],
    "additionalProperties": False,
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": dict.fromkeys(KEYS, _FIELD),
    "required": list(KEYS),
    "additionalProperties": False,
}


class Seen(msgspec.Struct, frozen=True):
    """One thing the model says."""

    how: Literal["read", "inferred", "absent"]
    value: str


class Describer:
    """Asks ``generator``, and tells its answer as one line of plain words."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    async def answer(
        self, picture: Image, question: str, facts: dict[str, Any], pixels: int | None = None
    ) -> AsyncIterator[str]:
        """``picture`` uint8[H, W, 3] BGR, of which at most ``pixels`` are looked at. Raises ModelError."""
        if not self._generator.sees:
            return
        known = "; ".join(f"{name}: {value}" for name, value in facts.items() if value)
        words = f"{question} {FORM}" + (f" The label reader found: {known}." if known else "")
        image = np.ascontiguousarray(picture[..., ::-1])
        content = [{"type": "image", "image": image}, {"type": "text", "text": words}]
        asked = Question(
            messages=[{"role": "user", "content": content}],
            limit=320,
            schema=SCHEMA,
            picture_pixels=pixels or BUDGET,
        )
        yield told(await self._generator.generate(asked, job=JOB, priority=Priority.ANSWER))


def told(answer: str) -> str:
    """The model's JSON as a line; what it inferred bears a "?", what it did not find is left out.

    >>> told('{"name": {"how": "read", "value": "Oats"}, "price": {"how": "inferred", "value": "€2"}}')
    'Oats · price €2 ?'
    """
    try:
        fields = msgspec.json.decode(answer, type=dict[str, Seen])
    except msgspec.DecodeError:  # it was cut at its limit
        return ""
    parts = [
        (value if name in ("name", "brand") else f"{name} {value}") + (" ?" if seen.how == "inferred" else "")
        for name, seen in fields.items()
        if seen.how != "absent" and (value := " ".join(seen.value.split()))
    ]
    return " · ".join(parts)
