"""What both halves of a Whisper are made of, stored and added to a graph: norms, linear layers, an MLP."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.speech.whisper.folder import Quant
from models.speech.whisper.shape import Shape
from tools.export.graph import MICROSOFT, Graph
from tools.export.linear import Linear, apply, store, store_rows
from tools.export.weights import WeightFile
from tools.export.whisper.checkpoint import Tensors

EPSILON = 1e-5  # torch.nn.LayerNorm's


class Writer:
    """Writes one half's weights, each in the form of the quantisation."""

    def __init__(self, file: WeightFile, source: Tensors, quant: Quant) -> None:
        self.file = file
        self.source = source
        self.quant = quant

    def norm(self, name: str, theirs: str, width: int) -> None:
        """A norm's weight and bias. Raises CheckpointError, OSError."""
        for part in ("weight", "bias"):
            self.plain(f"{name}.{part[0]}", self.source.read(f"{theirs}.{part}", width))

    def linear(self, name: str, theirs: Sequence[str], inputs: int, outputs: int) -> None:
        """Layers of ``outputs`` each, as one. Raises CheckpointError, OSError."""
        weights, biases = zip(*(self.source.linear(one, inputs, outputs) for one in theirs), strict=True)
        self.layer(name, np.concatenate(weights), np.concatenate(biases))

    def layer(self, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        """A layer of weights float32[N, K] and biases float32[N]. Raises OSError."""
        outputs, inputs = weight.shape
        form = linear(name, inputs, outputs, self.quant)
        if self.quant == "int8":
            store_rows(self.file, form, weight)
        else:
            store(self.file, form, [weight])
        self.plain(f"{name}.b", bias)

    def plain(self, name: str, array: NDArray[np.float32]) -> None:
        """A tensor as it is. Raises OSError."""
        self.file.put(name, np.float32, array.shape, [array])

    def mlp(self, name: str, theirs: str, shape: Shape) -> None:
        """The norm before an MLP, and its two layers."""
        self.norm(f"{name}.norm3", f"{theirs}.final_layer_norm", shape.width)
        self.linear(f"{name}.fc1", [f"{theirs}.fc1"], shape.width, shape.ffn)
        self.linear(f"{name}.fc2", [f"{theirs}.fc2"], shape.ffn, shape.width)

    def attention(self, name: str, theirs: str, shape: Shape) -> None:
        """The norm before a self-attention, its queries, keys and values as one layer, and its output."""
        parts = [f"{theirs}.self_attn.{letter}_proj" for letter in "qkv"]
        self.norm(f"{name}.norm1", f"{theirs}.self_attn_layer_norm", shape.width)
        self.linear(f"{name}.qkv", parts, shape.width, shape.width)
        self.linear(f"{name}.out", [f"{theirs}.self_attn.out_proj"], shape.width, shape.width)


def linear(name: str, inputs: int, outputs: int, quant: Quant) -> Linear:
    """A layer as it is stored."""
    return Linear(name, inputs, outputs, 8 if quant == "weights8" else 0, True)


class Blocks:
    """Adds layers to a graph, over weights that a ``Writer`` wrote."""

    def __init__(self, graph: Graph, shape: Shape, quant: Quant) -> None:
        self.graph = graph
        self.shape = shape
        self.quant = quant

    def linear(self, name: str, x: str, inputs: int, outputs: int) -> str:
        """``x`` float32[1, r, inputs] → float32[1, r, outputs]."""
        return apply(self.graph, linear(name, inputs, outputs, self.quant), x)

    def norm(self, name: str, x: str) -> str:
        """``x``, normed."""
        weights = [self.graph.weight(f"{name}.{part}") for part in "wb"]
        return self.graph.op("LayerNormalization", [x, *weights], f"{name}.y", axis=-1, epsilon=EPSILON)

    def add_norm(self, name: str, x: str, residual: str) -> tuple[str, str]:
        """x + residual, normed and as it is."""
        # SkipLayerNormalization is both in one, and takes six times as long.
        total = self.graph.op("Add", [x, residual], f"{name}.sum")
        return self.norm(name, total), total

    def gelu(self, x: str) -> str:
        """By the error function, as torch's own."""
        return self.graph.op("Gelu", [x], f"{x}.gelu", domain=MICROSOFT)

    def mlp(self, name: str, x: str) -> str:
        """The two layers of an MLP."""
        inner = self.gelu(self.linear(f"{name}.fc1", x, self.shape.width, self.shape.ffn))
        return self.linear(f"{name}.fc2", inner, self.shape.ffn, self.shape.width)
