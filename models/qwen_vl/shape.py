"""What a Qwen is made of, as numbers: what the builder writes into ``model.json`` and the engine reads."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Positive = Annotated[int, msgspec.Meta(gt=0)]
Rope = Literal["plain", "sectioned", "interleaved"]


class TextShape(msgspec.Struct, frozen=True, kw_only=True):
    """The decoder. ``rope`` says how three-axis positions mix (Qwen2.5-VL §2.1, Qwen3-VL §2.1).

    ``deepstack``: how many first layers get picture features added; ``context``: longest input in tokens.
    """

    layers: Positive
    width: Positive
    heads: Positive
    kv_heads: Positive
    head_size: Positive
    ffn: Positive
    vocab: Positive
    context: Positive
    eps: float
    rope_theta: float
    rope: Rope = "plain"
    mrope_section: tuple[int, ...] = ()
    qkv_bias: bool = False
    qk_norm: bool = False
    tied: bool = False
    deepstack: int = 0

    def parameters(self) -> int:
        """How many weights the decoder has, its embedding and head included."""
        attention = self.width * self.head_size * (2 * self.heads + 2 * self.kv_heads)
        tables = self.vocab * self.width * (1 if self.tied else 2)
        return self.layers * (attention + 3 * self.width * self.ffn) + tables
