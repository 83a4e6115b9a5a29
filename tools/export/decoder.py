"""The text decoder of every Qwen, as one graph.

Values, r rows (tokens) of one sequence at a time, S slots of KV cache::

    embeds     float32[1, r, width]   the tokens' embeddings, or a picture's features
    cos, sin   float32[S, turning/2]  one row a slot: positions of three axes are mixed outside
    last, total int32[1], int32[]     index of the last used slot, number of used slots
    take       int64[t]               rows whose logits are wanted
    deepstack  float32[d, 1, r, width] only where the family has it
    k.i, v.i   [1, kv_heads, S, head] the cache, float32 or int8; each is read and written in place

and where some blocks have gated delta nets (see ``delta``)::

    live, kept                        which rows count
    conv.i     float32[1, taps−1, c]  the last rows before the convolution
    state.i    float32[1, h, d, d']   what the net remembers

Outputs: ``logits`` float32[1, t, vocab], and the caches and states.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from models.qwen_vl.folder import StoredTensor
from models.qwen_vl.shape import TextShape
from tools.export.checkpoint import Checkpoint
from tools.export.delta import apply_net, net, net_inputs, store_net
from tools.export.graph import FLOAT, INT8, INT32, INT64, MICROSOFT, Graph
from tools.export.linear import Linear, apply, store
from tools.export.weights import WeightFile

EMBEDDING = "embed"
HEAD = "head"


class KvScales(msgspec.Struct, frozen=True):
    """For each layer the step of a K and a V channel: float32[kv_heads · head] each."""

    k: list[NDArray[np.float32]]
    v: list[NDArray[np.float32]]


class Layer(msgspec.Struct, frozen=True):
    """The linear layers of one block."""

    qkv: Linear
    out: Linear
    gate: Linear
    up: Linear
    down: Linear


def layer(shape: TextShape, i: int, bits: int) -> Layer:
    """Block ``i``'s layers; the output's gate, where it has one, Q, K and V are one."""
    inner = shape.heads * shape.head_size
    packed = inner * (2 if shape.gated else 1) + 2 * shape.kv_heads * shape.head_size
    parts = net(shape, i, bits)
    return Layer(
        qkv=parts.qkv if parts else Linear(f"{i}.qkv", shape.width, packed, bits, shape.qkv_bias),
        out=parts.out if parts else Linear(f"{i}.out", inner, shape.width, bits),
        gate=Linear(f"{i}.gate", shape.width, shape.ffn, bits),
        up=Linear(f"{i}.up", shape.width, shape.ffn, bits),
        down=Linear(f"{i}.down", shape.ffn, shape.width, bits),
    )


def head(shape: TextShape, bits: int) -> Linear:
    """The head; never coarser than 8 bits, because its errors go straight into the choice of words."""
    return Linear(EMBEDDING if shape.tied else HEAD, shape.width, shape.vocab, bits and 8)


def store_layer(file: WeightFile, source: Checkpoint, shape: TextShape, i: int) -> None:
    """Write block ``i`` as float32. Raises CheckpointError, OSError."""
    at, parts = f"model.layers.{i}.", layer(shape, i, 0)
    if i in shape.attending:
        _store_attention(file, source, shape, i, parts)
    else:
        store_net(file, source, shape, i)
    for linear, name in ((parts.gate, "gate"), (parts.up, "up"), (parts.down, "down")):
        store(file, linear, source.pieces(f"{at}mlp.{name}_proj.weight", (linear.outputs, linear.inputs)))
    norms = {"norm1": "input_layernorm", "norm2": "post_attention_layernorm"}
    for name, theirs in norms.items():
        weight = read_norm(source, shape, f"{at}{theirs}.weight", shape.width)
        file.put(f"{i}.{name}", np.float32, (shape.width,), [weight])


def _store_attention(file: WeightFile, source: Checkpoint, shape: TextShape, i: int, parts: Layer) -> None:
    attention = f"model.layers.{i}.self_attn."
    rows = {"q": shape.heads * shape.head_size, "k": shape.kv_heads * shape.head_size}
    rows["v"] = rows["k"]

    def qkv() -> Iterator[NDArray[np.float32]]:
        for letter, count in rows.items():
            name = f"{attention}{letter}_proj.weight"
            if letter == "q" and shape.gated:
                yield from _gate_and_query(source, shape, name)
            else:
                yield from source.pieces(name, (count, shape.width))

    store(file, parts.qkv, qkv())
    if shape.qkv_bias:
        biases = [source.read(f"{attention}{letter}_proj.bias", (count,)) for letter, count in rows.items()]
        file.put(f"{parts.qkv.name}.b", np.float32, (parts.qkv.outputs,), biases)
    store(file, parts.out, source.pieces(f"{attention}o_proj.weight", (parts.out.outputs, parts.out.inputs)))
    for letter in ("q", "k") if shape.qk_norm else ():
        weight = read_norm(source, shape, f"{attention}{letter}_norm.weight", shape.head_size)
        file.put(f"{i}.{letter}norm", np.float32, (shape.head_size,), [weight])


def _gate_and_query(source: Checkpoint, shape: TextShape, name: str) -> Iterator[NDArray[np.float32]]:
    """The rows of all gates, then those of all heads of Q; the checkpoint has them head by head, Q first."""
    inner = shape.heads * shape.head_size
    heads = source.read(name, (2 * inner, shape.width)).reshape(shape.heads, 2, shape.head_size, shape.width)
    for which in (1, 0):
        yield heads[:, which].reshape(inner, shape.width)


def read_norm(source: Checkpoint, shape: TextShape, name: str, size: int) -> NDArray[np.float32]:
    """A norm's weights, float32[size]. Raises CheckpointError."""
    weight = source.read(name, (size,))
    return weight + np.float32(1) if shape.centred else weight


def decoder_graph(graph: Graph, shape: TextShape, bits: int, scales: KvScales | None) -> ModelProto:
    """The whole decoder over the weights that ``graph`` knows; ``scales`` None: the cache is float32."""
    return DecoderGraph(graph, shape, bits, scales).whole()


def probe_graph(graph: Graph, shape: TextShape, bits: int, blocks: int) -> ModelProto:
    """The MLPs of the first ``blocks`` blocks, ``embeds`` in and ``hidden`` out, for timing a CPU's kernels."""
    return DecoderGraph(graph, shape, bits, None).mlps(blocks)


def layer_graph(tensors: Mapping[str, StoredTensor], shape: TextShape, i: int) -> ModelProto:
    """Block ``i`` alone, for calibration: ``embeds`` in, ``hidden`` out, with a float32 cache.

    ``down`` float32[ffn] is the largest magnitude of each input of the down projection.
    """
    return DecoderGraph(Graph(tensors), shape, 0, None).one(i)


class DecoderGraph:
    """The decoder, node by node; ``linear`` and ``steps`` are where a variant of it differs."""

    def __init__(self, graph: Graph, shape: TextShape, bits: int, scales: KvScales | None) -> None:
        self.graph = graph
        self.shape = shape
        self.bits = bits
        self.scales = scales
        self.eight_bit_cache = scales is not None

    def whole(self) -> ModelProto:
        """All of it, from embeddings to logits."""
        graph, shape = self.graph, self.shape
        hidden = self._inputs()
        graph.input("take", INT64, ["t"])
        normed = self._norm(hidden, "0.norm1", "0.n1")
        for i in range(shape.layers):
            made, hidden, _ = self._block(i, normed, hidden)
            if i + 1 < shape.layers:
                normed, hidden = self._add_norm(made, hidden, f"{i + 1}.norm1", f"{i + 1}.n1")
        last = graph.op("Add", [made, hidden], "hidden")
        wanted = graph.op("Gather", [last, "take"], "wanted", axis=1)
        normed = self._norm(wanted, "norm", "normed")
        if "turn.w" in graph.tensors:  # a turned and tied table: the last norm's weights, turned, go here
            normed = apply(graph, Linear("turn", shape.width, shape.width, 0), normed)
        logits = apply(graph, head(shape, self.bits), normed)
        graph.op("Identity", [logits], "logits")
        graph.output("logits", FLOAT, [1, "t", shape.vocab])
        return graph.finish()

    def one(self, i: int) -> ModelProto:
        """Block ``i`` alone."""
        graph = self.graph
        hidden = self._inputs()
        normed = self._norm(hidden, f"{i}.norm1", f"{i}.n1")
        made, total, inner = self._block(i, normed, hidden)
        graph.op("Add", [made, total], "hidden")
        graph.output("hidden", FLOAT, [1, "r", self.shape.width])
        seen = graph.op("Abs", [inner], "seen")
        graph.op("ReduceMax", [seen, graph.const([0, 1], np.int64)], "down", keepdims=0)
        graph.output("down", FLOAT, [self.shape.ffn])
        return graph.finish()

    def mlps(self, blocks: int) -> ModelProto:
        """The MLPs of the first blocks alone."""
        graph = self.graph
        hidden = graph.input("embeds", FLOAT, [1, "r", self.shape.width])
        for i in range(blocks):
            normed = self._norm(hidden, f"{i}.norm2", f"{i}.n2")
            hidden = graph.op(
                "Add", [self._mlp(i, layer(self.shape, i, self.bits), normed)[0], hidden], f"{i}.h"
            )
        graph.op("Identity", [hidden], "hidden")
        graph.output("hidden", FLOAT, [1, "r", self.shape.width])
        return graph.finish()

    def _block(self, i: int, normed: str, hidden: str) -> tuple[str, str, str]:
        """What the MLP made, the residual to add it to, and the MLP's inner values."""
        parts = layer(self.shape, i, self.bits)
        if i in self.shape.attending:
            mixed = self._attention(i, parts, normed)
        else:
            mixed = apply_net(self.graph, self.shape, i, self.bits, normed)
        attended = self.linear(parts.out, mixed)
        normed, hidden = self._add_norm(attended, hidden, f"{i}.norm2", f"{i}.n2")
        made, inner = self._mlp(i, parts, normed)
        if i < self.shape.deepstack:
            made = self.graph.op("Add", [made, self._deepstack(i)], f"{i}.deep")
        return made, hidden, inner

    def _inputs(self) -> str:
        graph, shape = self.graph, self.shape
        hidden = graph.input("embeds", FLOAT, [1, "r", shape.width])
        for name in ("cos", "sin"):
            graph.input(name, FLOAT, ["S", shape.turning // 2])
        graph.input("last", INT32, [1])
        graph.input("total", INT32, [])
        if shape.deepstack:
            graph.input("deepstack", FLOAT, [shape.deepstack, 1, "r", shape.width])
        if shape.delta is not None:
            net_inputs(graph, shape.delta)
        return hidden

    def _deepstack(self, i: int) -> str:
        return self.graph.op("Gather", ["deepstack", self.graph.const(i, np.int64)], f"{i}.ds", axis=0)

    def _norm(self, x: str, weight: str, name: str) -> str:
        return self.graph.op(
            "SimplifiedLayerNormalization",
            [x, self.graph.weight(weight)],
            name,
            axis=-1,
            epsilon=self.shape.eps,
        )

    def _add_norm(self, x: str, residual: str, weight: str, name: str) -> Sequence[str]:
        """x + residual, normed and as it is."""
        normed, _, _, total = self.graph.ops(
            "SkipSimplifiedLayerNormalization",
            [x, residual, self.graph.weight(weight)],
            [name, "", "", f"{name}.sum"],
            domain=MICROSOFT,
            epsilon=self.shape.eps,
        )
        return normed, total

    def _mlp(self, i: int, parts: Layer, x: str) -> tuple[str, str]:
        graph = self.graph
        gate, up = self.linear(parts.gate, x), self.linear(parts.up, x)
        # QuickGelu with alpha 1 is SiLU in one kernel.
        silu = graph.op("QuickGelu", [gate], f"{i}.silu", domain=MICROSOFT, alpha=1.0)
        inner = graph.op("Mul", [silu, up], f"{i}.inner")
        return self.linear(parts.down, inner), inner

    def _attention(self, i: int, parts: Layer, x: str) -> str:
        graph, shape = self.graph, self.shape
        packed, gate = self.linear(parts.qkv, x), ""
        if shape.gated:
            inner = shape.heads * shape.head_size
            sizes = graph.const([inner, parts.qkv.outputs - inner], np.int64)
            gate, packed = graph.ops("Split", [packed, sizes], [f"{i}.opening", f"{i}.rest"], axis=-1)
        if shape.qk_norm:
            packed = self._normed_heads(i, packed)
        cache = [self._cache(f"{letter}.{i}") for letter in "kv"]
        scales, attributes = self._kv(i)
        context = graph.ops(
            "GroupQueryAttention",
            [packed, "", "", *cache, "last", "total", "cos", "sin", *scales],
            [f"{i}.context", f"k.{i}.out", f"v.{i}.out"],
            domain=MICROSOFT,
            num_heads=shape.heads,
            kv_num_heads=shape.kv_heads,
            do_rotary=1,
            scale=shape.head_size**-0.5,
            **attributes,
        )[0]
        if not shape.gated:
            return context
        opened = graph.op("Sigmoid", [gate], f"{i}.opened")
        return graph.op("Mul", [context, opened], f"{i}.gated")

    def _cache(self, name: str) -> str:
        shape: list[int | str] = [1, self.shape.kv_heads, "S", self.shape.head_size]
        kind = INT8 if self.eight_bit_cache else FLOAT
        self.graph.output(f"{name}.out", kind, shape)
        return self.graph.input(name, kind, shape)

    def linear(self, part: Linear, x: str) -> str:
        """A block's linear layer."""
        return apply(self.graph, part, x)

    def steps(self, i: int) -> list[str]:
        """The steps of block ``i``'s 8-bit keys and values."""
        assert self.scales is not None
        return [self.graph.const(scales[i], np.float32) for scales in (self.scales.k, self.scales.v)]

    def _kv(self, i: int) -> tuple[list[str], dict[str, object]]:
        if not self.eight_bit_cache:
            return [], {}
        kinds = {"k_quant_type": "PER_CHANNEL", "v_quant_type": "PER_CHANNEL", "kv_cache_bit_width": 8}
        return ["", "", "", *self.steps(i)], kinds

    def _normed_heads(self, i: int, packed: str) -> str:
        """Each head of Q and of K normed on its own; V as it is."""
        graph, shape = self.graph, self.shape
        counts = [shape.heads, shape.kv_heads, shape.kv_heads]
        heads = graph.op(
            "Reshape", [packed, graph.const([1, -1, sum(counts), shape.head_size], np.int64)], f"{i}.heads"
        )
        query, key, value = graph.ops(
            "Split", [heads, graph.const(counts, np.int64)], [f"{i}.{x}" for x in "qkv"], axis=2
        )
        query, key = self._norm(query, f"{i}.qnorm", f"{i}.qn"), self._norm(key, f"{i}.knorm", f"{i}.kn")
        joined = graph.op("Concat", [query, key, value], f"{i}.joined", axis=2)
        flat = graph.const([1, -1, sum(counts) * shape.head_size], np.int64)
        return graph.op("Reshape", [joined, flat], f"{i}.packed")
