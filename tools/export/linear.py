"""A linear layer, y = x · Wᵀ + b, in each form it is stored and computed in.

- ``float``: W as float32[N, K].
- ``blocks``: W in 8- or 4-bit blocks, x quantised to 8 bits a block by the kernel (``MatMulNBits``).
- ``rows``: W as (u)int8[K, N] with a scale a column, x as uint8 with a scale a row (``MatMulIntegerToFloat``); the
  inputs that stand out go through a thin float32 product. Of a Qwen made on the device: models/qwen_vl/rows.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from tools.export import blocks
from tools.export.graph import MICROSOFT, Graph
from tools.export.weights import WeightFile

LEVELS, MIDDLE = 127, 128


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


def store_rows(file: WeightFile, layer: Linear, weight: NDArray[np.float32]) -> None:
    """Write a layer's weight float32[N, K] in the form ``rows``, about 128. Raises OSError, ValueError.

    Unsigned: AVX2 without VNNI lets products of signed weights overflow unless they have 7 bits, which doubled what a
    Whisper's encoder loses; Arm's dot products take either.
    """
    scales = np.maximum(np.abs(weight).max(axis=1), np.float32(1e-12)) / np.float32(LEVELS)
    rounded = np.rint(weight / scales[:, None]) + MIDDLE
    file.put(f"{layer.name}.w8", np.uint8, (layer.inputs, layer.outputs), [rounded.T])
    file.put(f"{layer.name}.ws", np.float32, (layer.outputs,), [scales])


def apply(graph: Graph, layer: Linear, x: str) -> str:
    """Add the layer to a graph: ``x`` float32[1, r, K] → float32[1, r, N]."""
    bias = [graph.weight(f"{layer.name}.b")] if layer.bias else []
    if f"{layer.name}.w8" in graph.tensors:
        return _rows(graph, layer, x)
    if layer.bits == 0:
        return _float(graph, layer, x, bias)
    graph.in_blocks[layer.name] = layer.inputs
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


def _rows(graph: Graph, layer: Linear, x: str) -> str:
    outliers, made = graph.outliers.get(layer.name, ()), x
    if outliers:
        mask = np.ones(layer.inputs, np.float32)
        mask[list(outliers)] = 0
        made = graph.op("Mul", [x, graph.const(mask, np.float32)], f"{layer.name}.in")
    q, scale = _quantised(graph, made)
    one, middle = graph.const(1, np.float32), graph.const(128, np.uint8)
    weights = [graph.weight(f"{layer.name}.w8"), one, graph.weight(f"{layer.name}.ws"), middle]
    if graph.tensors[f"{layer.name}.w8"].dtype == "uint8":
        weights.append(middle)
    y = graph.op("MatMulIntegerToFloat", [q, *weights], f"{layer.name}.p", domain=MICROSOFT)
    y = graph.op("Mul", [y, scale], f"{layer.name}.y")
    if outliers:
        chosen = graph.op("Gather", [x, graph.const(outliers, np.int64)], f"{layer.name}.o", axis=-1)
        thin = graph.op("MatMul", [chosen, graph.weight(f"{layer.name}.wo")], f"{layer.name}.thin")
        y = graph.op("Add", [y, thin], f"{layer.name}.yo")
    return graph.op("Add", [y, graph.weight(f"{layer.name}.b")], f"{layer.name}.yb") if layer.bias else y


def _quantised(graph: Graph, x: str) -> tuple[str, str]:
    """``x`` as uint8 about 128, and the scale of each row; once for all layers that read it."""
    if x not in graph.quantised:
        along, one = graph.const([-1], np.int64), graph.const([128], np.uint8)
        most = graph.op("ReduceMax", [x, along], f"{x}.max", keepdims=1)
        least = graph.op("Neg", [graph.op("ReduceMin", [x, along], f"{x}.min", keepdims=1)], f"{x}.least")
        largest = graph.op("Max", [most, least, graph.const(1.27e-6, np.float32)], f"{x}.largest")
        scale = graph.op("Div", [largest, graph.const(127, np.float32)], f"{x}.step")
        # The kernel divides by a step a row: no pass over all values but its own.
        rows = graph.op("Shape", [x], f"{x}.rows", start=1, end=2)
        steps, middle = (
            graph.op("Reshape", [scale, rows], f"{x}.steps"),
            graph.op("Expand", [one, rows], f"{x}.zero"),
        )
        graph.quantised[x] = graph.op("QuantizeLinear", [x, steps, middle], f"{x}.q", axis=1), scale
    return graph.quantised[x]
