"""Whisper's encoder, and the keys and values that the decoder makes of what it heard, as one graph.

Values, s rows, of which each stands for one or more positions of 20 ms (see models/speech/whisper/silence.py)::

    mel      float32[1, mels, f]  the log-mel spectrogram
    frames   int64[s]             which of the ⌈f/2⌉ outputs of the convolutions a row is
    places   int64[s]             whose positional embedding it has
    sizes    float32[s]           log of how many positions it stands for

Outputs: ``cross.i.kv`` float32[2, heads, s, head], the keys and values of the decoder's layer i.

The logs are added to the logits of the attention by a channel more in each head, of 1 (scaled) in every query and of
the log in every key: a bias beside them would cost the kernel that never holds all logits (1,500² a head).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
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
        _store_attention(writer, f"{i}", f"encoder.layers.{i}", shape)
        writer.mlp(f"{i}", f"encoder.layers.{i}", shape)
    writer.norm("last", "encoder.layer_norm", width)
    for i in range(shape.text_layers):
        names = [f"decoder.layers.{i}.encoder_attn.{letter}_proj" for letter in "kv"]
        writer.linear(f"cross.{i}", names, width, width)


def _store_attention(writer: Writer, name: str, theirs: str, shape: Shape) -> None:
    """As ``Writer.attention``, with the channel more in queries and keys."""
    source, width = writer.source, shape.width
    weights, biases = [], []
    for letter, constant in (("q", shape.head_size**0.5), ("k", 0.0), ("v", None)):
        weight, bias = source.linear(f"{theirs}.self_attn.{letter}_proj", width, width)
        weights.append(weight if constant is None else _widened(weight, shape, 0.0))
        biases.append(bias if constant is None else _widened(bias[:, None], shape, constant)[:, 0])
    writer.norm(f"{name}.norm1", f"{theirs}.self_attn_layer_norm", width)
    writer.layer(f"{name}.qkv", np.concatenate(weights), np.concatenate(biases))
    writer.linear(f"{name}.out", [f"{theirs}.self_attn.out_proj"], width, width)


def _widened(rows: NDArray[np.float32], shape: Shape, constant: float) -> NDArray[np.float32]:
    """``rows`` float32[heads · head, n] with a row of ``constant`` behind each head's."""
    heads = rows.reshape(shape.heads, shape.head_size, -1)
    more = np.full((shape.heads, 1, heads.shape[-1]), constant, np.float32)
    return np.concatenate([heads, more], axis=1).reshape(-1, heads.shape[-1])


def encoder_graph(tensors: Mapping[str, StoredTensor], shape: Shape, quant: Quant) -> ModelProto:
    """The graph over weights that ``store_encoder`` wrote."""
    return _Encoder(Graph(tensors), shape, quant).whole()


class _Encoder(Blocks):
    def whole(self) -> ModelProto:
        hidden = self._rows()
        sizes = self._sizes()
        normed = self.norm("0.norm1", hidden)
        for i in range(self.shape.audio_layers):
            attended = self._attention(i, normed, sizes)
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

    def _sizes(self) -> str:
        """The logs in the channels that wait for them: float32[s, heads · (head + 1)]."""
        graph, shape = self.graph, self.shape
        sizes = graph.input("sizes", FLOAT, ["s"])
        column = graph.op("Unsqueeze", [sizes, graph.const([-1], np.int64)], "column")
        last = np.zeros((shape.heads, shape.head_size + 1), np.float32)
        last[:, -1] = 1
        return graph.op("Mul", [column, graph.const(last.reshape(1, -1), np.float32)], "added")

    def _attention(self, i: int, x: str, sizes: str) -> str:
        graph, shape = self.graph, self.shape
        wide = shape.heads * (shape.head_size + 1)
        packed = self.linear(f"{i}.qkv", x, shape.width, 2 * wide + shape.width)
        parts = graph.const([wide, wide, shape.width], np.int64)
        query, key, value = graph.ops("Split", [packed, parts], [f"{i}.{x}" for x in "qkv"], axis=-1)
        context = graph.op(
            "MultiHeadAttention",
            [query, graph.op("Add", [key, sizes], f"{i}.key"), value],
            f"{i}.context",
            domain=MICROSOFT,
            num_heads=shape.heads,
            scale=shape.head_size**-0.5,
        )
        return self.linear(f"{i}.out", context, shape.width, shape.width)

    def _cross(self, x: str) -> None:
        graph, shape = self.graph, self.shape
        apart = graph.const([-1, 2, shape.heads, shape.head_size], np.int64)
        for i in range(shape.text_layers):
            made = self.linear(f"cross.{i}", x, shape.width, 2 * shape.width)
            made = graph.op("Reshape", [made, apart], f"cross.{i}.apart")
            graph.op("Transpose", [made], f"cross.{i}.kv", perm=[1, 2, 0, 3])
            graph.output(f"cross.{i}.kv", FLOAT, [2, shape.heads, "s", shape.head_size])
