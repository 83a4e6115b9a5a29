"""Which architectures can be built: one small file each, from ``config.json`` to shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from models.qwen_vl.shape import ClipShape, TextShape, VisionShape
from tools.export.errors import FamilyError
from tools.export.families import qwen2, qwen2_5_vl, qwen2_vl, qwen3, qwen3_5, qwen3_vl

REFUSED = {
    "Moe": "a mixture of experts needs all its experts in memory: take the dense model of the family",
    "ForSequenceClassification": "it gives classes, not text: take the ForCausalLM or ForConditionalGeneration model",
}


class Family(msgspec.Struct, frozen=True):
    """A family's name, the ``architectures`` it answers to, and how its configuration is read."""

    name: str
    architectures: tuple[str, ...]
    text: Callable[[dict[str, Any]], TextShape]
    vision: Callable[[dict[str, Any], dict[str, Any], TextShape], VisionShape] | None = None
    clips: Callable[[dict[str, Any], dict[str, Any], TextShape], ClipShape | None] | None = None


FAMILIES = (
    Family("qwen2", ("Qwen2ForCausalLM",), qwen2.text_shape),
    Family("qwen3", ("Qwen3ForCausalLM",), qwen3.text_shape),
    Family(
        "qwen2_vl",
        ("Qwen2VLForConditionalGeneration",),
        qwen2_vl.text_shape,
        qwen2_vl.vision_shape,
        qwen2_vl.clip_shape,
    ),
    Family(
        "qwen2_5_vl",
        ("Qwen2_5_VLForConditionalGeneration",),
        qwen2_5_vl.text_shape,
        qwen2_5_vl.vision_shape,
        qwen2_5_vl.clip_shape,
    ),
    Family(
        "qwen3_vl",
        ("Qwen3VLForConditionalGeneration",),
        qwen3_vl.text_shape,
        qwen3_vl.vision_shape,
        qwen3_vl.clip_shape,
    ),
    Family("qwen3_5", ("Qwen3_5ForCausalLM",), qwen3_5.text_shape),
    Family(
        "qwen3_5_vl",
        ("Qwen3_5ForConditionalGeneration",),
        qwen3_5.seeing_text_shape,
        qwen3_5.vision_shape,
    ),
)


def family_of(config: dict[str, Any]) -> Family:
    """The family of a checkpoint. Raises FamilyError, which names what was found and what there is."""
    named = config.get("architectures")
    architecture = named[0] if isinstance(named, list) and named and isinstance(named[0], str) else ""
    for family in FAMILIES:
        if architecture in family.architectures:
            return family
    for part, reason in REFUSED.items():
        if part in architecture:
            raise FamilyError(f"{architecture} can't be built: {reason}")
    known = ", ".join(name for family in FAMILIES for name in family.architectures)
    raise FamilyError(f"architecture {architecture or 'unnamed'!r} is not known; can be built: {known}")
