"""Qwen3-VL, dense (arXiv 2511.21631 §2): learned positions, and features for the decoder's first blocks too."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from models.qwen_vl.shape import Activation, ClipShape, TextShape, VisionShape
from tools.export.errors import FamilyError
from tools.export.families import qwen3, vision
from tools.export.families.config import integer

# huggingface.co/Qwen/Qwen3-VL-2B-Instruct: config.json and preprocessor_config.json
DEFAULT: dict[str, Any] = {
    "patch_size": 16,
    "spatial_merge_size": 2,
    "temporal_patch_size": 2,
    "pixels": (65536, 16777216),
    "mean": vision.HALF,
    "std": vision.HALF,
}
CLIP_PIXELS = (128 * 32 * 32, 768 * 32 * 32)  # of all frames; transformers' Qwen3VLVideoProcessor
ACTIVATIONS: dict[str, Activation] = {"gelu_pytorch_tanh": "gelu_tanh", "gelu": "gelu"}


def text_shape(config: dict[str, Any]) -> TextShape:
    """The decoder's shape. Raises FamilyError."""
    text = vision.text_config(config)
    shape = qwen3.text_shape(text)
    return msgspec.structs.replace(
        shape,
        rope="interleaved",
        mrope_section=vision.sections(text, shape.head_size),
        deepstack=len(_deep(config)),
    )


def vision_shape(config: dict[str, Any], preprocessor: dict[str, Any], text: TextShape) -> VisionShape:
    """The encoder's shape. Raises FamilyError."""
    common = vision.common(config, preprocessor, text, DEFAULT)
    found = vision.vision_config(config)
    places = integer(found, "num_position_embeddings", 2304)
    if math.isqrt(places) ** 2 != places:
        raise FamilyError(f"config.json: num_position_embeddings {places} is no square")
    return VisionShape(
        **common,
        width=vision.width(config, "hidden_size", common["heads"]),
        ffn=integer(found, "intermediate_size"),
        activation=vision.activation(config, ACTIVATIONS, "gelu_pytorch_tanh"),
        patch_bias=True,
        grid=math.isqrt(places),
        deep=_deep(config),
    )


def clip_shape(config: dict[str, Any], sizes: dict[str, Any], text: TextShape) -> ClipShape | None:
    """How clips are read: each group of frames behind its time in words. Raises FamilyError."""
    shape = vision.clips(config, sizes, text, CLIP_PIXELS)
    return shape and msgspec.structs.replace(shape, stamped=True)


def _deep(config: dict[str, Any]) -> tuple[int, ...]:
    found = vision.vision_config(config)
    deep, depth = found.get("deepstack_visual_indexes", [8, 16, 24]), integer(found, "depth")
    if not isinstance(deep, list) or not all(type(i) is int and 0 <= i < depth for i in deep):
        raise FamilyError(f"config.json: deepstack_visual_indexes {deep!r} are no blocks of the encoder")
    return tuple(deep)
