"""Qwen2.5-VL (arXiv 2502.13923 §2.1): windows of attention in the encoder, RMS norms, a gated MLP."""

from __future__ import annotations

from typing import Any

import msgspec

from models.qwen_vl.shape import ClipShape, TextShape, VisionShape
from tools.export.errors import FamilyError
from tools.export.families import qwen2_vl, vision
from tools.export.families.config import integer, number

text_shape = qwen2_vl.text_shape


def vision_shape(config: dict[str, Any], preprocessor: dict[str, Any], text: TextShape) -> VisionShape:
    """The encoder's shape. Raises FamilyError."""
    common = vision.common(config, preprocessor, text, qwen2_vl.DEFAULT)
    found = vision.vision_config(config)
    side = integer(found, "window_size", 112) // common["merge"] // common["patch"] * common["merge"]
    full = found.get("fullatt_block_indexes", [7, 15, 23, 31])
    if not isinstance(full, list) or not all(type(i) is int for i in full) or not side:
        raise FamilyError("config.json: vision_config window_size or fullatt_block_indexes make no sense")
    return VisionShape(
        **common,
        width=vision.width(config, "hidden_size", common["heads"]),
        ffn=integer(found, "intermediate_size"),
        activation=vision.activation(config, {"silu": "silu"}, "silu"),
        gated=True,
        window=side,
        full=tuple(full),
    )


def clip_shape(config: dict[str, Any], sizes: dict[str, Any], text: TextShape) -> ClipShape | None:
    """How clips are read: their time axis counts in seconds. Raises FamilyError."""
    shape = qwen2_vl.clip_shape(config, sizes, text)
    per_second = number(vision.vision_config(config), "tokens_per_second", 4)
    return shape and msgspec.structs.replace(shape, per_second=per_second)
