"""Qwen2 and Qwen2.5, and what was distilled into them (arXiv 2412.15115): biases on Q, K and V."""

from __future__ import annotations

from typing import Any

from models.qwen_vl.shape import TextShape
from tools.export.families.config import head_size, integer, number, refuse_options, rope


def text_shape(config: dict[str, Any]) -> TextShape:
    """The decoder's shape. Raises FamilyError."""
    refuse_options(config)
    theta, _ = rope(config)
    return TextShape(
        layers=integer(config, "num_hidden_layers"),
        width=integer(config, "hidden_size"),
        heads=integer(config, "num_attention_heads"),
        kv_heads=integer(config, "num_key_value_heads", integer(config, "num_attention_heads")),
        head_size=head_size(config),
        ffn=integer(config, "intermediate_size"),
        vocab=integer(config, "vocab_size"),
        context=integer(config, "max_position_embeddings"),
        eps=number(config, "rms_norm_eps"),
        rope_theta=theta,
        qkv_bias=True,
        tied=bool(config.get("tie_word_embeddings", False)),
    )
