"""A gated delta net in place of attention (arXiv 2412.06464 §3; the form Qwen3.5 has of it).

Q, K and V come out of a convolution over the last rows; a head's memory S, a matrix, is let fade and corrected::

    S ← exp(g) S,   S ← S + k β (v − Sᵀ k)ᵀ,   y = Sᵀ q,   g = −exp(A) softplus(a + dt),   β = sigmoid(b)

The runtime's ``LinearAttention`` and ``CausalConvWithState`` go through a sequence row by row: exact to 3e-7 of
transformers, and the same bits however it is cut. ``GatedDeltaNet``, which does more at once, takes five times as
long on a CPU and norms short vectors otherwise than the reference.

Beside a row stands whether it is alive: a dead one, which only pads, leaves the states as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.shape import DeltaShape, TextShape
from tools.export.checkpoint import Checkpoint
from tools.export.graph import FLOAT, INT64, MICROSOFT, Graph
from tools.export.linear import Linear, apply, store
from tools.export.weights import WeightFile

NORM_EPS = 1e-6  # of Q and K, which are divided by their lengths


class Net(msgspec.Struct, frozen=True):
    """The linear layers of one net. ``qkv`` makes Q, K, V and the output's gate z; ``gates`` b and a."""

    qkv: Linear
    gates: Linear
    out: Linear


def net(shape: TextShape, i: int, bits: int) -> Net | None:
    """Block ``i``'s net, or None where it has attention.

    The gates stay float32: they are small, and what they do is felt for long.
    """
    delta = shape.delta
    if delta is None or i not in delta.blocks:
        return None
    return Net(
        qkv=Linear(f"{i}.qkv", shape.width, delta.mixed + delta.values, bits),
        gates=Linear(f"{i}.gates", shape.width, 2 * delta.value_heads, 0),
        out=Linear(f"{i}.out", delta.values, shape.width, bits),
    )


def vectors(delta: DeltaShape, i: int) -> dict[str, tuple[int, ...]]:
    """The net's other tensors and their shapes: convolution, −exp(A), dt, and the norm of what it says."""
    heads = (delta.value_heads,)
    return {
        f"{i}.conv": (delta.mixed, 1, delta.taps),
        f"{i}.fade": heads,
        f"{i}.dt": heads,
        f"{i}.said": (delta.value_size,),
    }


def store_net(file: WeightFile, source: Checkpoint, shape: TextShape, i: int) -> None:
    """Write block ``i``'s net as float32. Raises CheckpointError, OSError."""
    parts, delta, at = net(shape, i, 0), shape.delta, f"model.layers.{i}.linear_attn."
    assert parts is not None
    assert delta is not None

    def rows(**counts: int) -> Iterator[NDArray[np.float32]]:
        for name, count in counts.items():
            yield from source.pieces(f"{at}in_proj_{name}.weight", (count, shape.width))

    store(file, parts.qkv, rows(qkv=delta.mixed, z=delta.values))
    store(file, parts.gates, rows(b=delta.value_heads, a=delta.value_heads))
    store(file, parts.out, source.pieces(f"{at}out_proj.weight", (shape.width, delta.values)))
    for (ours, size), theirs in zip(
        vectors(delta, i).items(), ("conv1d.weight", "A_log", "dt_bias", "norm.weight"), strict=True
    ):
        found = source.read(at + theirs, size)
        file.put(ours, np.float32, size, [-np.exp(found) if theirs == "A_log" else found])


def net_inputs(graph: Graph, delta: DeltaShape) -> None:
    """What the nets want beside the rows: ``live`` (1, or 0 for a row that only pads), and which of the rows
    ``taps`` − 1 before and these the convolution will see the next time."""
    graph.input("live", FLOAT, [1, "r", 1])
    graph.input("kept", INT64, [delta.taps - 1])


def apply_net(graph: Graph, shape: TextShape, i: int, bits: int, x: str) -> str:
    """Add block ``i``'s net up to its last layer: ``x`` float32[1, r, width] → float32[1, r, values]."""
    parts, delta = net(shape, i, bits), shape.delta
    assert parts is not None
    assert delta is not None
    packed = apply(graph, parts.qkv, x)
    sizes = graph.const([delta.mixed, delta.values], np.int64)
    mixed, gate = graph.ops("Split", [packed, sizes], [f"{i}.mixed", f"{i}.z"], axis=-1)
    query, key, value = _convolved(graph, delta, i, mixed)
    fade, rate = _gates(graph, parts.gates, i, x)
    state: list[int | str] = [1, delta.value_heads, delta.key_size, delta.value_size]
    graph.output(f"state.{i}.out", FLOAT, state)
    said, _ = graph.ops(
        "LinearAttention",
        [query, key, value, graph.input(f"state.{i}", FLOAT, state), fade, rate],
        [f"{i}.recalled", f"state.{i}.out"],
        domain=MICROSOFT,
        q_num_heads=delta.key_heads,
        kv_num_heads=delta.value_heads,
        update_rule="gated_delta",
    )
    return _gated(graph, shape.eps, delta, i, said, gate)


def _convolved(graph: Graph, delta: DeltaShape, i: int, mixed: str) -> list[str]:
    """Q, K and V, each mixed with the rows before; Q and K of length one."""
    past: list[int | str] = [1, delta.taps - 1, delta.mixed]
    before = graph.input(f"conv.{i}", FLOAT, past)
    rows = graph.op("Concat", [before, mixed], f"{i}.rows", axis=1)
    graph.op("Gather", [rows, "kept"], f"conv.{i}.out", axis=1)
    graph.output(f"conv.{i}.out", FLOAT, past)
    made, _ = graph.ops(
        "CausalConvWithState",
        [mixed, graph.weight(f"{i}.conv"), "", before],
        [f"{i}.convolved", f"{i}.last"],  # its own last rows would be those that only pad, too
        domain=MICROSOFT,
        activation="silu",
        channels_last=1,
    )
    sizes = graph.const([delta.keys, delta.keys, delta.values], np.int64)
    *turned, value = graph.ops("Split", [made, sizes], [f"{i}.{letter}" for letter in "qkv"], axis=-1)
    return [*(_of_length_one(graph, delta, part) for part in turned), value]


def _of_length_one(graph: Graph, delta: DeltaShape, x: str) -> str:
    # x / √(Σx² + ε) is the norm by the root mean square, over √n, with ε over n.
    size = delta.key_size
    heads = graph.op("Reshape", [x, graph.const([1, -1, delta.key_heads, size], np.int64)], f"{x}.heads")
    scale = graph.const(np.full(size, size**-0.5), np.float32)
    normed = graph.op(
        "SimplifiedLayerNormalization", [heads, scale], f"{x}.one", axis=-1, epsilon=NORM_EPS / size
    )
    return graph.op("Reshape", [normed, graph.const([1, -1, delta.keys], np.int64)], f"{x}.flat")


def _gates(graph: Graph, gates: Linear, i: int, x: str) -> tuple[str, str]:
    """g and β of every row and head; those of a dead row are 0."""
    half = graph.const([gates.outputs // 2] * 2, np.int64)
    rate, step = graph.ops("Split", [apply(graph, gates, x), half], [f"{i}.b", f"{i}.a"], axis=-1)
    step = _softplus(graph, graph.op("Add", [step, graph.weight(f"{i}.dt")], f"{i}.step"))
    fade = graph.op("Mul", [step, graph.weight(f"{i}.fade")], f"{i}.g")
    rate = graph.op("Sigmoid", [rate], f"{i}.rate")
    return (
        graph.op("Mul", [fade, "live"], f"{i}.g.live"),
        graph.op("Mul", [rate, "live"], f"{i}.rate.live"),
    )


def _softplus(graph: Graph, x: str) -> str:
    """max(x, 0) + log(1 + u) with u = exp(−|x|), the logarithm as 2 artanh(u / (2 + u)).

    The runtime's own Softplus gives a value other bits at other places of a tensor, and loses small ones.
    """
    two = graph.const(2, np.float32)
    least = graph.op("Neg", [graph.op("Abs", [x], f"{x}.abs")], f"{x}.neg")
    u = graph.op("Exp", [least], f"{x}.u")
    ratio = graph.op("Div", [u, graph.op("Add", [u, two], f"{x}.u2")], f"{x}.ratio")
    half = graph.op("Atanh", [ratio], f"{x}.half")
    log = graph.op("Mul", [half, two], f"{x}.log")
    return graph.op("Add", [graph.op("Relu", [x], f"{x}.relu"), log], f"{x}.softplus")


def _gated(graph: Graph, eps: float, delta: DeltaShape, i: int, said: str, gate: str) -> str:
    """What each head said, normed, times SiLU of its gate."""
    heads = graph.const([1, -1, delta.value_heads, delta.value_size], np.int64)
    normed = graph.op(
        "SimplifiedLayerNormalization",
        [graph.op("Reshape", [said, heads], f"{i}.said.heads"), graph.weight(f"{i}.said")],
        f"{i}.said.normed",
        axis=-1,
        epsilon=eps,
    )
    flat = graph.op("Reshape", [normed, graph.const([1, -1, delta.values], np.int64)], f"{i}.said.flat")
    silu = graph.op("QuickGelu", [gate], f"{i}.z.silu", domain=MICROSOFT, alpha=1.0)
    return graph.op("Mul", [flat, silu], f"{i}.said.gated")
