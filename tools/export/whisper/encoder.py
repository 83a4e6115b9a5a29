"""Whisper's encoder, and the keys and values that the decoder makes of what it heard, as one graph.

Values, s rows, of which each stands for one or more positions of 20 ms (see models/speech/whisper/silence.py)::

    mel      float32[1, mels, f]  the log-mel spectrogram
    frames   int64[s]             which of the ⌈f/2⌉ outputs of the convolutions a row is
    places   int64[s]             whose positional embedding it has
    sizes    float32[s]           log of how many positions it stands for

Output: ``cross`` float32[2 · text layers, heads, s, head], each layer's keys, then its values.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import ModelProto

from models.qwen_vl.folder import StoredTensor
from models.speech.whisper.folder import Quant
from models.speech.whisper.shape import Shape
from tools.export.graph import FLOAT, INT64, MICROSOFT, Graph
from tools.export.whisper.layers import Blocks, Writer

TAPS = 3  # of both convolutions


def store_encoder(writer: Writer, shape: Shape) -> None:
    """Write the weights. Raises CheckpointError, OSError."""
    source, width = writer.source, shape.width
    for name, inputs in (("conv1", shape.mels), ("conv2", width)):
        writer.plain(f"{name}.w", source.read(f"encoder.{name}.weight", width, inputs, TAPS))
        writer.plain(f"{name}.b", source.read(f"encoder.{name}.bias", width))
    places = source.read("encoder.embed_positions.weight", shape.audio_positions, width)
    writer.plain("audio.places", places)
    for i in range(shape.audio_layers):
        writer.attention(f"{i}", f"encoder.layers.{i}", shape)
        writer.mlp(f"{i}", f"encoder.layers.{i}", shape)
    writer.norm("last", "encoder.layer_norm", width)
    layers = [f"decoder.layers.{i}.encoder_attn" for i in range(shape.text_layers)]
    names = [f"{layer}.{letter}_proj" for layer in layers for letter in "kv"]
    writer.linear("cross", names, width, width)


def encoder_graph(tensors: Mapping[str, StoredTensor], shape: Shape, quant: Quant) -> ModelProto:
    """The graph over weights that ``store_encoder`` wrote."""
    return _Encoder(Graph(tensors), shape, quant).whole()


class _Encoder(Blocks):
    def whole(self) -> ModelProto:
        hidden = self._rows()
        bias = self._bias(hidden)
        normed = self.norm("0.norm1", hidden)
        for i in range(self.shape.audio_layers):
            attended = self._attention(i, normed, bias)
            normed, hidden = self.add_norm(f"{i}.norm3", attended, hidden)
            made = self.mlp(f"{i}", normed)
            after = f"{i + 1}.norm1" if i + 1 < self.shape.audio_layers else "last"
            normed, hidden = self.add_norm(after, made, hidden)
        self._cross(normed)
        return self.graph.finish()

    def _rows(self) -> str:
        """The convolutions' outputs that are wanted, where they stand: float32[1, s, width]."""
        graph, shape = self.graph, self.shape
        x = graph.input("mel", FLOAT, [1, shape.mels, "f"])
        frames, places = graph.input("frames", INT64, ["s"]), graph.input("places", INT64, ["s"])
        for name, stride in (("conv1", 1), ("conv2", 2)):
            weights = [graph.weight(f"{name}.{part}") for part in "wb"]
            x = self.gelu(graph.op("Conv", [x, *weights], f"{name}.y", strides=[stride], pads=[1, 1]))
        x = graph.op("Transpose", [x], "heard", perm=[0, 2, 1])
        x = graph.op("Gather", [x, frames], "chosen", axis=1)
        table = graph.op("Gather", [graph.weight("audio.places"), places], "placed", axis=0)
        return graph.op("Add", [x, table], "hidden")

    def _bias(self, hidden: str) -> str:
        """The logs of the rows' sizes, for every row that attends to them: float32[1, 1, s, s]."""
        graph = self.graph
        sizes = graph.input("sizes", FLOAT, ["s"])
        count = graph.op("Shape", [hidden], "count", start=1, end=2)
        whole = graph.op("Concat", [graph.const([1, 1], np.int64), count, count], "square", axis=0)
        return graph.op("Expand", [sizes, whole], "bias")

    def _attention(self, i: int, x: str, bias: str) -> str:
        graph, width = self.graph, self.shape.width
        packed = self.linear(f"{i}.qkv", x, width, 3 * width)
        parts = graph.ops("Split", [packed], [f"{i}.{letter}" for letter in "qkv"], axis=-1, num_outputs=3)
        context = graph.op(
            "MultiHeadAttention",
            [*parts, "", "", bias],
            f"{i}.context",
            domain=MICROSOFT,
            num_heads=self.shape.heads,
        )
        return self.linear(f"{i}.out", context, width, width)

    def _cross(self, x: str) -> None:
        graph, shape = self.graph, self.shape
        made = self.linear("cross", x, shape.width, 2 * shape.text_layers * shape.width)
        apart = graph.const([-1, 2 * shape.text_layers, shape.heads, shape.head_size], np.int64)
        made = graph.op("Reshape", [made, apart], "apart")
        graph.op("Transpose", [made], "cross", perm=[1, 2, 0, 3])
        graph.output("cross", FLOAT, [2 * shape.text_layers, shape.heads, "s", shape.head_size])
