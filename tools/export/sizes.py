"""What a built model weighs, known before it is built: the tensors that the builder would write, added up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from models.qwen_vl.folder import BITS, Quant
from models.qwen_vl.shape import TextShape, VisionShape
from tools.export import blocks, vision
from tools.export.decoder import EMBEDDING, head, layer
from tools.export.delta import Net, net, vectors
from tools.export.families import family_of
from tools.export.linear import Linear
from tools.export.weights import ALIGN

FLOAT = 4


def shapes_of(config: dict[str, Any]) -> tuple[TextShape, VisionShape | None]:
    """Decoder and picture encoder of a ``config.json``. Raises FamilyError."""
    family = family_of(config)
    text = family.text(config)
    return text, family.vision(config, {}, text) if family.vision else None


def weights_bytes(text: TextShape, vision_shape: VisionShape | None, quant: Quant) -> int:
    """Bytes of ``decoder.data`` and ``vision.data`` together, each tensor on pages of its own."""
    bits = BITS[quant]
    sizes = [*_decoder(text, bits)]
    if vision_shape is not None:
        for linear in vision.linears(vision_shape, bits and 8):
            sizes += _linear(linear)
        sizes += [FLOAT * count for count in vision.vectors(vision_shape)]
    return sum(size + -size % ALIGN for size in sizes)


def checkpoint_bytes(text: TextShape, vision_shape: VisionShape | None) -> int:
    """Bytes of the checkpoint's tensors as published, two a weight."""
    return weights_bytes(text, vision_shape, "none") // 2


def _decoder(shape: TextShape, bits: int) -> Iterator[int]:
    yield from _linear(Linear(EMBEDDING, shape.width, shape.vocab, bits and 8))
    if not shape.tied:
        yield from _linear(head(shape, bits))
    elif bits:
        yield FLOAT * shape.width**2  # what turns the stream between the last norm and the shared table
    yield FLOAT * shape.width
    if bits:
        yield from (FLOAT * shape.width, FLOAT * shape.head_size)
    for i in range(shape.layers):
        parts = layer(shape, i, bits)
        for linear in (parts.qkv, parts.out, parts.gate, parts.up, parts.down):
            yield from _linear(linear)
        yield from (FLOAT * shape.width, FLOAT * shape.width)
        if bits:  # what an adapter would be folded with
            yield from (FLOAT * shape.width, FLOAT * shape.width, FLOAT * shape.ffn)
        own = net(shape, i, bits)
        if own is None:
            yield from (FLOAT * shape.head_size,) * (2 if shape.qk_norm else 0)
        else:
            yield from _net(shape, i, own)


def _net(shape: TextShape, i: int, parts: Net) -> Iterator[int]:
    assert shape.delta is not None
    yield from _linear(parts.gates)
    yield from (FLOAT * math.prod(size) for size in vectors(shape.delta, i).values())


def _linear(linear: Linear) -> Iterator[int]:
    """Weights, scales, bias: see ``linear.store``."""
    if linear.bits == 0:
        yield FLOAT * linear.outputs * linear.inputs
    else:
        count = -(-linear.inputs // blocks.BLOCK)
        yield linear.outputs * count * blocks.BLOCK * linear.bits // 8
        yield FLOAT * linear.outputs * count
    if linear.bias:
        yield FLOAT * linear.outputs
