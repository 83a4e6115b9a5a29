"""A linear layer, y = x · Wᵀ + b, in both forms it is stored and computed in.

- ``float``: W as float32[N, K].
- ``blocks``: W in 8- or 4-bit blocks, x quantised to 8 bits a block by the kernel (``MatMulNBits``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from tools.export import blocks
from tools.export.graph import MICROSOFT, Graph
from tools.export.weights import WeightFile


class Linear(msgspec.Struct, frozen=True):
    """One layer: ``name``.w (or .q and .s) in the weight file, and ``name``.b if ``bias``; ``bits`` 0: float32."""

    name: str
    inputs: int
    outputs: int
    bits: int
    bias: bool = False


def store(file: WeightFile, layer: Linear, pieces: Iterable[NDArray[np.float32]]) -> None:
    """Write a layer's weight from pieces of its rows, float32[n, K]. Raises OSError, ValueError."""
    if layer.bits == 0:
        file.put(f"{layer.name}.w", np.float32, (layer.outputs, layer.inputs), pieces)
        return
    block = blocks.BLOCK
    count = -(-layer.inputs // block)
    scales: list[NDArray[np.float32]] = []

    def packed() -> Iterator[NDArray[np.uint8]]:
        for piece in pieces:
            quantised, scale = blocks.quantise(piece, layer.bits)
            scales.append(scale)
            yield quantised

    file.put(f"{layer.name}.q", np.uint8, (layer.outputs, count, block * layer.bits // 8), packed())
    file.put(f"{layer.name}.s", np.float32, (layer.outputs, count), scales)


def apply(graph: Graph, layer: Linear, x: str) -> str:
    """Add the layer to a graph: ``x`` float32[1, r, K] → float32[1, r, N]."""
    bias = [graph.weight(f"{layer.name}.b")] if layer.bias else []
    if layer.bits == 0:
        return _float(graph, layer, x, bias)
    return graph.op(
        "MatMulNBits",
        [
            x,
            graph.weight(f"{layer.name}.q"),
            graph.weight(f"{layer.name}.s"),
            *(["", "", *bias] if bias else []),
        ],
        f"{layer.name}.y",
        domain=MICROSOFT,
        K=layer.inputs,
        N=layer.outputs,
        bits=layer.bits,
        block_size=graph.tensors[f"{layer.name}.q"].shape[-1] * 8 // layer.bits,
        # Level 4 quantises x; the other levels are a hundred times slower at one row.
        accuracy_level=4,
    )


def _float(graph: Graph, layer: Linear, x: str, bias: list[str]) -> str:
    # Gemm reads W as it is stored; MatMul would want it turned, twice in memory.
    flat = graph.op("Squeeze", [x, graph.const([0], np.int64)], f"{layer.name}.x")
    y = graph.op("Gemm", [flat, graph.weight(f"{layer.name}.w"), *bias], f"{layer.name}.f", transB=1)
    return graph.op("Unsqueeze", [y, graph.const([0], np.int64)], f"{layer.name}.y")
