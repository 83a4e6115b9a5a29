"""Qwen3.5, dense: three of four blocks have a gated delta net (arXiv 2412.06464), the fourth gated attention."""

from __future__ import annotations

from typing import Any

import msgspec

from models.qwen_vl.shape import DeltaShape, TextShape, VisionShape
from tools.export.errors import FamilyError
from tools.export.families import qwen2, qwen3_vl, vision
from tools.export.families.config import integer, number, rope

NET, ATTENTION = "linear_attention", "full_attention"
TURNING = 16  # the runtime's attention turns whole multiples of it


def text_shape(config: dict[str, Any]) -> TextShape:
    """The shape of a decoder that does not see. Raises FamilyError."""
    text = vision.text_config(config)
    shape = qwen2.text_shape(text)
    for key, built in (("attention_bias", False), ("attn_output_gate", True)):
        if text.get(key, built) is not built:
            raise FamilyError(f"config.json: {key} {text[key]!r} is not built; Qwen3.5 has {built}")
    return msgspec.structs.replace(
        shape,
        qkv_bias=False,
        qk_norm=True,
        gated=True,
        centred=True,
        rotary=_rotary(text, shape.head_size),
        delta=_delta(text, shape.layers),
    )


def seeing_text_shape(config: dict[str, Any]) -> TextShape:
    """The shape of a decoder that sees. Raises FamilyError."""
    shape = text_shape(config)
    sections = vision.sections(vision.text_config(config), shape.turning)
    return msgspec.structs.replace(shape, rope="interleaved", mrope_section=sections)


def vision_shape(config: dict[str, Any], preprocessor: dict[str, Any], text: TextShape) -> VisionShape:
    """The encoder's shape: Qwen3-VL's without its deep features. Raises FamilyError."""
    found = vision.vision_config(config)
    if deep := found.get("deepstack_visual_indexes"):
        raise FamilyError(f"config.json: deepstack_visual_indexes {deep!r} is not built; Qwen3.5 has none")
    plain = {**config, "vision_config": {**found, "deepstack_visual_indexes": []}}
    return qwen3_vl.vision_shape(plain, preprocessor, text)


def _rotary(text: dict[str, Any], head: int) -> int:
    options = {**text, **rope(text)[1]}
    turning = int(head * number(options, "partial_rotary_factor", 0.25))
    if turning % TURNING or not 0 < turning <= head:
        raise FamilyError(
            f"config.json: partial_rotary_factor makes {turning} of {head} channels turn; "
            f"a multiple of {TURNING} can be built"
        )
    return turning


def _delta(text: dict[str, Any], layers: int) -> DeltaShape:
    kinds = text.get("layer_types")
    if kinds is None:
        every = integer(text, "full_attention_interval", 4)
        kinds = [NET if (i + 1) % every else ATTENTION for i in range(layers)]
    if not isinstance(kinds, list) or len(kinds) != layers:
        raise FamilyError(f"config.json: layer_types must name each of the {layers} blocks")
    for kind in kinds:
        if kind not in (NET, ATTENTION):
            raise FamilyError(f"config.json: layer_types {kind!r} is not built; it can be {NET}, {ATTENTION}")
    shape = DeltaShape(
        blocks=tuple(i for i, kind in enumerate(kinds) if kind == NET),
        key_heads=integer(text, "linear_num_key_heads", 16),
        value_heads=integer(text, "linear_num_value_heads", 32),
        key_size=integer(text, "linear_key_head_dim", 128),
        value_size=integer(text, "linear_value_head_dim", 128),
        taps=integer(text, "linear_conv_kernel_dim", 4),
    )
    if shape.value_heads % shape.key_heads or shape.taps < 2:
        raise FamilyError(
            "config.json: linear_num_value_heads must be a multiple of linear_num_key_heads, "
            "and linear_conv_kernel_dim at least 2"
        )
    return shape
