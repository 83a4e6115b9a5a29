"""What a Qwen is made of, as numbers: what the builder writes into ``model.json`` and the engine reads."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Positive = Annotated[int, msgspec.Meta(gt=0)]
Size = Annotated[int, msgspec.Meta(gt=0, le=1 << 20)]
Small = Annotated[int, msgspec.Meta(gt=0, le=64)]  # a picture is made to be a multiple of it
Rope = Literal["plain", "sectioned", "interleaved"]
Activation = Literal["quick_gelu", "gelu", "gelu_tanh", "silu"]


class DeltaShape(msgspec.Struct, frozen=True, kw_only=True):
    """The gated delta nets (arXiv 2412.06464) that stand in some ``blocks`` where others have attention.

    ``taps``: how many rows the convolution before a net sees.
    """

    blocks: tuple[int, ...]
    key_heads: Size
    value_heads: Size
    key_size: Size
    value_size: Size
    taps: Size

    @property
    def keys(self) -> int:
        """Values in all heads of Q, and of K."""
        return self.key_heads * self.key_size

    @property
    def values(self) -> int:
        """Values in all heads of V."""
        return self.value_heads * self.value_size

    @property
    def mixed(self) -> int:
        """Values in Q, K and V together: what the convolution mixes over time."""
        return 2 * self.keys + self.values


class TextShape(msgspec.Struct, frozen=True, kw_only=True):
    """The decoder. ``rope`` says how three-axis positions mix (Qwen2.5-VL §2.1, Qwen3-VL §2.1).

    ``deepstack``: how many first layers get picture features added; ``context``: longest input in tokens.
    ``rotary``: how many first channels of a head turn, 0 for all; ``gated``: attention's output has a gate;
    ``centred``: the norms' weights are stored less one, in the checkpoint only.
    """

    layers: Size
    width: Size
    heads: Size
    kv_heads: Size
    head_size: Size
    ffn: Size
    vocab: Size
    context: Size
    eps: float
    rope_theta: float
    rope: Rope = "plain"
    mrope_section: tuple[int, ...] = ()
    qkv_bias: bool = False
    qk_norm: bool = False
    tied: bool = False
    deepstack: int = 0
    rotary: int = 0
    gated: bool = False
    centred: bool = False
    delta: DeltaShape | None = None

    @property
    def turning(self) -> int:
        """How many channels of a head turn with the position."""
        return self.rotary or self.head_size

    @property
    def attending(self) -> tuple[int, ...]:
        """The blocks with attention, which keep keys and values."""
        nets = self.delta.blocks if self.delta else ()
        return tuple(i for i in range(self.layers) if i not in nets)

    def parameters(self) -> int:
        """How many weights the decoder has, its embedding and head included."""
        attention = self.width * self.head_size * ((3 if self.gated else 2) * self.heads + 2 * self.kv_heads)
        tables = self.vocab * self.width * (1 if self.tied else 2)
        nets = 0
        if self.delta is not None:
            inner = self.delta.mixed + 2 * self.delta.values + 2 * self.delta.value_heads
            nets = len(self.delta.blocks) * (self.width * inner + self.delta.mixed * self.delta.taps)
        return len(self.attending) * attention + nets + 3 * self.layers * self.width * self.ffn + tables


class ClipShape(msgspec.Struct, frozen=True, kw_only=True):
    """How clips are read. ``token`` stands for a feature of a clip; ``pixels``: fewest and most, of a frame.

    ``per_second``: places on the time axis a second; 0: a place for each group of frames. ``stamped``: each group
    stands alone behind its time in words, and ``pixels`` are of the whole clip.
    """

    token: int
    pixels: tuple[Positive, Positive]
    per_second: float = 0.0
    stamped: bool = False


class VisionShape(msgspec.Struct, frozen=True, kw_only=True):
    """The picture encoder. Sides are in patches, ``patch`` in pixels; features are of ``merge``² patches each.

    ``window``: side of the windows that blocks other than ``full`` attend within, 0 for none; ``grid``: side of the
    table of learned positions, 0 for none; ``deep``: blocks whose outputs go to the decoder's first blocks.
    ``pixels``: fewest and most; ``mean``, ``std`` of red, green, blue in 0…1; ``token`` stands for a feature.
    ``clips``: None in models that were built before clips could be looked at.
    """

    depth: Positive
    width: Positive
    heads: Positive
    ffn: Positive
    patch: Small
    merge: Small
    frames: Small
    out: Positive
    activation: Activation
    gated: bool = False
    patch_bias: bool = False
    window: int = 0
    full: tuple[int, ...] = ()
    grid: int = 0
    deep: tuple[int, ...] = ()
    eps: float = 1e-6
    pixels: tuple[Positive, Positive]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    token: int
    clips: ClipShape | None = None

    @property
    def inputs(self) -> int:
        """Values in a patch."""
        return 3 * self.frames * self.patch**2
