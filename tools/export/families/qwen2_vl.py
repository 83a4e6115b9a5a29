"""Qwen2-VL (arXiv 2409.12191): a plain encoder that attends across the whole picture."""

from __future__ import annotations

from typing import Any

import msgspec

from models.qwen_vl.shape import ClipShape, TextShape, VisionShape
from tools.export.families import qwen2, vision
from tools.export.families.config import number

# huggingface.co/Qwen/Qwen2-VL-2B-Instruct: config.json and preprocessor_config.json
DEFAULT: dict[str, Any] = {
    "patch_size": 14,
    "spatial_merge_size": 2,
    "temporal_patch_size": 2,
    "pixels": (56 * 56, 28 * 28 * 1280),
    "mean": vision.CLIP_MEAN,
    "std": vision.CLIP_STD,
}

CLIP_PIXELS = (128 * 28 * 28, 768 * 28 * 28)  # of a frame; transformers' Qwen2VLVideoProcessor


def text_shape(config: dict[str, Any]) -> TextShape:
    """The decoder's shape. Raises FamilyError."""
    text = vision.text_config(config)
    shape = qwen2.text_shape(text)
    return msgspec.structs.replace(
        shape, rope="sectioned", mrope_section=vision.sections(text, shape.head_size)
    )


def vision_shape(config: dict[str, Any], preprocessor: dict[str, Any], text: TextShape) -> VisionShape:
    """The encoder's shape. Raises FamilyError."""
    common = vision.common(config, preprocessor, text, DEFAULT)
    width = vision.width(config, "embed_dim", common["heads"])
    return VisionShape(
        **common,
        width=width,
        ffn=int(width * number(vision.vision_config(config), "mlp_ratio", 4)),
        activation=vision.activation(config, {"quick_gelu": "quick_gelu"}, "quick_gelu"),
    )


def clip_shape(config: dict[str, Any], sizes: dict[str, Any], text: TextShape) -> ClipShape | None:
    """How clips are read. Raises FamilyError."""
    return vision.clips(config, sizes, text, CLIP_PIXELS)
