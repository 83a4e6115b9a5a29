"""Qwen3, dense (arXiv 2505.09388): no biases, an RMS norm over each head of Q and K."""

from __future__ import annotations

from typing import Any

import msgspec

from models.qwen_vl.shape import TextShape
from tools.export.families import qwen2


def text_shape(config: dict[str, Any]) -> TextShape:
    """The decoder's shape. Raises FamilyError."""
    shape = qwen2.text_shape(config)
    return msgspec.structs.replace(shape, qkv_bias=bool(config.get("attention_bias", False)), qk_norm=True)
