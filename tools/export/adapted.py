"""The decoder with room for a LoRA adapter: y + (x · A) · B at each linear layer of its blocks.

``adapted.onnx`` lies beside ``decoder.onnx`` and reads the same weights. Beyond that graph's inputs it has, for every
layer ``{i}.{part}`` with its K inputs and N outputs::

    {i}.{part}.lora_a        float32[n, K, 16]    A in n pieces; none of them: the layer stays as it is
    {i}.{part}.lora_b        float32[16 · n, N]   the adapter's scale is in it
    {i}.k.step, {i}.v.step   float32[kv_heads · head], over an 8-bit cache: the adapter's own

They are bound once an adapter, so that another one is put in their place without anything being loaded.
"""

from __future__ import annotations

import numpy as np
from onnx import ModelProto

from models.qwen_vl.shape import TextShape
from tools.export.decoder import DecoderGraph
from tools.export.graph import FLOAT, Graph
from tools.export.linear import Linear, apply

# Of A's columns. The kernel cuts wider ones by the number of rows, and sums in another order for each cut: a row's
# bits would depend on how many others are fed with it. For the same reason no row is fed alone.
PIECE = 16


def adapted_graph(graph: Graph, shape: TextShape, bits: int, *, eight_bit_cache: bool) -> ModelProto:
    """The whole decoder over the weights that ``graph`` knows, with the inputs above."""
    return _Adapted(graph, shape, bits, eight_bit_cache).whole()


class _Adapted(DecoderGraph):
    def __init__(self, graph: Graph, shape: TextShape, bits: int, eight_bit_cache: bool) -> None:
        super().__init__(graph, shape, bits, None)
        self.eight_bit_cache = eight_bit_cache
        self._doubled: dict[str, str] = {}
        self._rows()

    def linear(self, part: Linear, x: str) -> str:
        graph, name = self.graph, part.name
        y = apply(graph, part, x)
        a = graph.input(f"{name}.lora_a", FLOAT, [f"{name}.pieces", part.inputs, PIECE])
        b = graph.input(f"{name}.lora_b", FLOAT, [f"{name}.rank", part.outputs])
        pieces = graph.op("MatMul", [self._twice(x), a], f"{name}.pieces")
        low = graph.op("Transpose", [pieces], f"{name}.turned", perm=[1, 0, 2])
        low = graph.op("Flatten", [low], f"{name}.low", axis=1)
        wide = graph.op("MatMul", [low, b], f"{name}.wide")
        change = graph.op("Gather", [wide, "rows"], f"{name}.change", axis=0)
        return graph.op("Add", [y, change], f"{name}.adapted")

    def steps(self, i: int) -> list[str]:
        shape = [self.shape.kv_heads * self.shape.head_size]
        return [self.graph.input(f"{i}.{letter}.step", FLOAT, shape) for letter in "kv"]

    def _rows(self) -> None:
        """``rows``: the number of each row; ``twice``: the same, a lone row's number two times."""
        graph = self.graph
        zero, one = (graph.const(value, np.int64) for value in (0, 1))
        size = graph.op("Shape", ["embeds"], "size", start=1, end=2)
        count = graph.op("Squeeze", [size], "count")
        most = graph.op("Max", [count, graph.const(2, np.int64)], "most")
        graph.op("Range", [zero, count, one], "rows")
        numbers = graph.op("Range", [zero, most, one], "numbers")
        graph.op("Min", [numbers, graph.op("Sub", [count, one], "end")], "twice")

    def _twice(self, x: str) -> str:
        if x not in self._doubled:
            self._doubled[x] = self.graph.op("Gather", [x, "twice"], f"{x}.twice", axis=1)
        return self._doubled[x]
