"""Qwen3, dense (arXiv 2505.09388): no biases, an RMS norm over each head of Q and K."""

from __future__ import annotations

from typing import Any

import msgspec

from models.qwen_vl.shape import TextShape
from tools.export.errors import FamilyError
from tools.export.families import qwen2


def text_shape(config: dict[str, Any]) -> TextShape:
    """The decoder's shape. Raises FamilyError."""
    if config.get("attention_bias", False):  # it would put biases on the output projection too
        raise FamilyError("config.json: attention_bias True is not built; the published Qwen3 have none")
    return msgspec.structs.replace(qwen2.text_shape(config), qkv_bias=False, qk_norm=True)
