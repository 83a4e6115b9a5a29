"""The picture encoder of every Qwen-VL, as one graph over one picture of n patches, m merged features.

::

    patches    float32[1, n, inputs]    pixels, normed (see models/qwen_vl/pixels.py)
    cos, sin   float32[n, head/2]       rotary tables, one row a patch
    at         int64[1, n]              0 … n−1
    places     float32[1, n, width]     learned positions, where the family has them
    windows    int64[w, s]              which patch stands at each place of each window, where there are windows
    back       int64[n]                 where each patch went
    closed     float32[w, 1, s, s]      added to the scores: very negative for places nobody stands at

Outputs: ``rows`` float32[1, m, out], and ``deep`` float32[d, m, out] where the family has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from models.qwen_vl.folder import StoredTensor
from models.qwen_vl.shape import VisionShape
from tools.export.checkpoint import Checkpoint
from tools.export.fold import Rotation
from tools.export.graph import FLOAT, INT64, MICROSOFT, Graph
from tools.export.linear import Linear, apply, store
from tools.export.weights import WeightFile


def store_vision(
    file: WeightFile, source: Checkpoint, shape: VisionShape, bits: int, turn: Rotation | None
) -> None:
    """Write the encoder's weights; what it makes is turned as the decoder's residual stream is.

    Raises CheckpointError, OSError.
    """
    for linear, theirs in _linears(shape, bits):
        ends = linear.outputs == shape.out and linear.name.endswith("fc2")
        _linear(file, source, linear, f"visual.{theirs}", turn if ends else None)
    names = _names(shape)
    for ours, width in _norms(shape).items():
        file.put(ours, np.float32, (width,), [source.read(f"visual.{names[ours]}", (width,))])
    if shape.grid:
        table = (shape.grid**2, shape.width)
        file.put("vision.places", np.float32, table, source.pieces("visual.pos_embed.weight", table))


def linears(shape: VisionShape, bits: int) -> list[Linear]:
    """Every linear layer of the encoder."""
    return [linear for linear, _ in _linears(shape, bits)]


def vectors(shape: VisionShape) -> list[int]:
    """How many values each of the other tensors has: norms, and the table of places."""
    return [*_norms(shape).values(), *([shape.grid**2 * shape.width] if shape.grid else [])]


def _norms(shape: VisionShape) -> dict[str, int]:
    """The norms' tensors and their widths: the deep mergers norm whole blocks."""
    wide = shape.width * shape.merge**2
    return {ours: wide if ours.startswith("vision.deep") else shape.width for ours in _names(shape)}


def _linear(file: WeightFile, source: Checkpoint, linear: Linear, theirs: str, turn: Rotation | None) -> None:
    shape = source.shape(f"{theirs}.weight")  # the patches' has more axes: it is a convolution's
    if shape[0] != linear.outputs or int(np.prod(shape[1:])) != linear.inputs:
        source.expect(f"{theirs}.weight", (linear.outputs, linear.inputs))
    pieces: Iterator[NDArray[np.float32]] = (
        piece.reshape(len(piece), linear.inputs) for piece in source.pieces(f"{theirs}.weight", shape)
    )
    if turn is not None:
        pieces = iter([turn.stream.T @ np.concatenate(list(pieces))])
    store(file, linear, pieces)
    if linear.bias:
        bias = source.read(f"{theirs}.bias", (linear.outputs,))
        file.put(f"{linear.name}.b", np.float32, bias.shape, [bias if turn is None else bias @ turn.stream])


def _linears(shape: VisionShape, bits: int) -> Iterator[tuple[Linear, str]]:
    """Every linear layer and the checkpoint's name for it."""
    yield _patch(shape), "patch_embed.proj"
    for i in range(shape.depth):
        for theirs, linear in _block(shape, i, bits).items():
            yield linear, f"blocks.{i}.{theirs}"
    for at, theirs in enumerate(_mergers(shape)):
        fc1, fc2 = _merger(shape, at, bits)
        first, second = ("linear_fc1", "linear_fc2") if shape.grid else ("mlp.0", "mlp.2")
        yield fc1, f"{theirs}.{first}"
        yield fc2, f"{theirs}.{second}"


def _patch(shape: VisionShape) -> Linear:
    # Pixels are not rounded to 8 bits again: it is a hundredth of the work.
    return Linear("vision.patch", shape.inputs, shape.width, 0, shape.patch_bias)


def _block(shape: VisionShape, i: int, bits: int) -> dict[str, Linear]:
    """The checkpoint's name → layer, of block ``i``."""
    at, width, ffn = f"vision.{i}", shape.width, shape.ffn
    layers = {
        "attn.qkv": Linear(f"{at}.qkv", width, 3 * width, bits, True),
        "attn.proj": Linear(f"{at}.out", width, width, bits, True),
    }
    if shape.gated:
        layers |= {
            f"mlp.{name}_proj": Linear(f"{at}.{name}", width, ffn, bits, True) for name in ("gate", "up")
        }
        return layers | {"mlp.down_proj": Linear(f"{at}.fc2", ffn, width, bits, True)}
    first, second = ("mlp.linear_fc1", "mlp.linear_fc2") if shape.grid else ("mlp.fc1", "mlp.fc2")
    return layers | {
        first: Linear(f"{at}.fc1", width, ffn, bits, True),
        second: Linear(f"{at}.fc2", ffn, width, bits, True),
    }


def _mergers(shape: VisionShape) -> list[str]:
    return ["merger", *(f"deepstack_merger_list.{i}" for i in range(len(shape.deep)))]


def _merger(shape: VisionShape, at: int, bits: int) -> tuple[Linear, Linear]:
    """The layers of the last merger (0) or of a deep one (1 …)."""
    name, wide = f"vision.deep{at}" if at else "vision.merger", shape.merge**2 * shape.width
    return Linear(f"{name}.fc1", wide, wide, bits, True), Linear(f"{name}.fc2", wide, shape.out, bits, True)


def _names(shape: VisionShape) -> dict[str, str]:
    """Every norm's tensors: ours → the checkpoint's."""
    parts = ("weight",) if shape.gated else ("weight", "bias")
    norms = {f"vision.{i}.norm{n}": f"blocks.{i}.norm{n}" for i in range(shape.depth) for n in (1, 2)}
    norms["vision.norm"] = "merger.norm" if shape.grid else "merger.ln_q"
    norms |= {f"vision.deep{i + 1}.norm": f"deepstack_merger_list.{i}.norm" for i in range(len(shape.deep))}
    return {f"{ours}.{part}": f"{theirs}.{part}" for ours, theirs in norms.items() for part in parts}


def vision_graph(tensors: Mapping[str, StoredTensor], shape: VisionShape, bits: int) -> ModelProto:
    """The whole encoder over weights that are stored."""
    return _Vision(Graph(tensors), shape, bits).whole()


class _Vision:
    def __init__(self, graph: Graph, shape: VisionShape, bits: int) -> None:
        self.graph = graph
        self.shape = shape
        self.bits = bits

    def whole(self) -> ModelProto:
        graph, shape = self.graph, self.shape
        hidden = self._inputs()
        deep: list[str] = []
        for i in range(shape.depth):
            hidden = self._one(i, hidden)
            if i in shape.deep:
                deep.append(self._merged(hidden, 1 + len(deep)))
        graph.op("Identity", [self._merged(hidden, 0)], "rows")
        graph.output("rows", FLOAT, [1, "m", shape.out])
        if deep:
            graph.op("Concat", deep, "deep", axis=0)
            graph.output("deep", FLOAT, [len(deep), "m", shape.out])
        return graph.finish()

    def _inputs(self) -> str:
        graph, shape = self.graph, self.shape
        graph.input("patches", FLOAT, [1, "n", shape.inputs])
        graph.input("at", INT64, [1, "n"])
        for name in ("cos", "sin"):
            graph.input(name, FLOAT, ["n", shape.width // shape.heads // 2])
        hidden = apply(graph, _patch(shape), "patches")
        if shape.window:
            graph.input("windows", INT64, ["w", "s"])
            graph.input("back", INT64, ["n"])
            graph.input("closed", FLOAT, ["w", 1, "s", "s"])
        if shape.grid:
            places = graph.input("places", FLOAT, [1, "n", shape.width])
            hidden = graph.op("Add", [hidden, places], "placed")
        return hidden

    def _one(self, i: int, hidden: str) -> str:
        graph, parts = self.graph, _block(self.shape, i, self.bits)
        attended = self._attention(i, self._norm(hidden, f"vision.{i}.norm1", f"{i}.n1"))
        hidden = graph.op("Add", [hidden, apply(graph, parts["attn.proj"], attended)], f"{i}.h1")
        made = self._mlp(i, list(parts.values())[2:], self._norm(hidden, f"vision.{i}.norm2", f"{i}.n2"))
        return graph.op("Add", [hidden, made], f"{i}.h2")

    def _norm(self, x: str, weight: str, name: str) -> str:
        weights = [self.graph.weight(f"{weight}.weight")]
        if self.shape.gated:
            kind = "SimplifiedLayerNormalization"
        else:
            kind = "LayerNormalization"
            weights.append(self.graph.weight(f"{weight}.bias"))
        return self.graph.op(kind, [x, *weights], name, axis=-1, epsilon=self.shape.eps)

    def _attention(self, i: int, x: str) -> str:
        graph, shape = self.graph, self.shape
        packed = apply(graph, _block(shape, i, self.bits)["attn.qkv"], x)
        sizes = graph.const([shape.width] * 3, np.int64)
        query, key, value = graph.ops("Split", [packed, sizes], [f"{i}.{x}" for x in "qkv"], axis=-1)
        query, key = (self._turned(part) for part in (query, key))
        local = bool(shape.window) and i not in shape.full
        if local:
            query, key, value = (self._windowed(part) for part in (query, key, value))
        made = graph.op(
            "MultiHeadAttention",
            [query, key, value, *(["", "", "closed"] if local else [])],
            f"{i}.attended",
            domain=MICROSOFT,
            num_heads=shape.heads,
        )
        if not local:
            return made
        flat = graph.op("Reshape", [made, graph.const([1, -1, shape.width], np.int64)], f"{i}.flat")
        return graph.op("Gather", [flat, "back"], f"{i}.back", axis=1)

    def _turned(self, part: str) -> str:
        return self.graph.op(
            "RotaryEmbedding",
            [part, "at", "cos", "sin"],
            f"{part}.turned",
            domain=MICROSOFT,
            num_heads=self.shape.heads,
        )

    def _windowed(self, part: str) -> str:
        flat = self.graph.op("Squeeze", [part, self.graph.const([0], np.int64)], f"{part}.flat")
        return self.graph.op("Gather", [flat, "windows"], f"{part}.windows", axis=0)

    def _mlp(self, i: int, parts: list[Linear], x: str) -> str:
        graph = self.graph
        *first, last = parts
        if not self.shape.gated:
            return apply(graph, last, self._activated(apply(graph, first[0], x), self.shape.activation))
        gate, up = (apply(graph, part, x) for part in first)
        inner = graph.op("Mul", [self._activated(gate, self.shape.activation), up], f"{i}.inner")
        return apply(graph, last, inner)

    def _activated(self, x: str, kind: str) -> str:
        name = f"{x}.act"
        if kind in ("quick_gelu", "silu"):  # x · sigmoid(α x)
            alpha = 1.702 if kind == "quick_gelu" else 1.0
            return self.graph.op("QuickGelu", [x], name, domain=MICROSOFT, alpha=alpha)
        return self.graph.op("Gelu", [x], name, approximate="tanh" if kind == "gelu_tanh" else "none")

    def _merged(self, hidden: str, at: int) -> str:
        """Blocks of merge² patches as one feature each; the deep mergers norm whole blocks."""
        graph, shape = self.graph, self.shape
        fc1, fc2 = _merger(shape, at, self.bits)
        together = graph.const([1, -1, shape.merge**2 * shape.width], np.int64)
        name = f"merged{at}"
        if at:
            whole = graph.op("Reshape", [hidden, together], f"{name}.whole")
            whole = self._norm(whole, f"vision.deep{at}.norm", f"{name}.normed")
        else:
            whole = graph.op(
                "Reshape", [self._norm(hidden, "vision.norm", f"{name}.normed"), together], f"{name}.whole"
            )
        return apply(graph, fc2, self._activated(apply(graph, fc1, whole), "gelu"))
