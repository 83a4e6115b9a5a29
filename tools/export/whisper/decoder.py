"""Whisper's decoder as a graph, and its head as another.

Neither is ever of ``int8``: rounding what the weights are multiplied with, too, cost seven times the loss of 8-bit
weights alone (in nats), and saved an eighth of a token.

Values, r new tokens of one text, S slots for keys and values, s rows that the encoder made::

    embeds      float32[1, r, width]          the tokens' embeddings and their positions' together
    last, total int32[1], int32[]             index of the last used slot, number of used slots
    k.i, v.i    float32[1, heads, S, head]    keys and values of the text; each is read and written in place
    cross.k.i, cross.v.i float32[1, heads, s, head]  those of the sound
    sizes       float32[s]                    log of how many positions a row of the sound stands for

Outputs: ``hidden`` float32[1, r, width], and the keys and values. The head takes ``wanted`` float32[1, t, width],
rows of ``hidden``, and gives ``logits`` float32[1, t, vocabulary].
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import ModelProto

from models.qwen_vl.folder import StoredTensor
from models.speech.whisper.folder import Quant
from models.speech.whisper.shape import Shape
from tools.export.graph import FLOAT, INT32, MICROSOFT, Graph
from tools.export.linear import Linear, apply, store
from tools.export.whisper.layers import Blocks, Writer

EMBEDDING = "embed"


def store_decoder(writer: Writer, shape: Shape) -> None:
    """Write the weights; one table is the embedding and the head. Raises CheckpointError, OSError."""
    source, width = writer.source, shape.width
    table = source.read("decoder.embed_tokens.weight", shape.vocabulary, width)
    store(writer.file, head(shape, writer.quant), [table])
    places = source.read("decoder.embed_positions.weight", shape.text_positions, width)
    writer.plain("text.places", places)
    for i in range(shape.text_layers):
        at, theirs = f"{i}", f"decoder.layers.{i}"
        writer.attention(at, theirs, shape)
        writer.norm(f"{at}.norm2", f"{theirs}.encoder_attn_layer_norm", width)
        for ours, name in (("ask", "q_proj"), ("told", "out_proj")):
            writer.linear(f"{at}.{ours}", [f"{theirs}.encoder_attn.{name}"], width, width)
        writer.mlp(at, theirs, shape)
    writer.norm("last", "decoder.layer_norm", width)


def head(shape: Shape, quant: Quant) -> Linear:
    """The head, which is the embedding's table."""
    return Linear(EMBEDDING, shape.width, shape.vocabulary, 8 if quant == "weights8" else 0)


def decoder_graph(tensors: Mapping[str, StoredTensor], shape: Shape, quant: Quant) -> ModelProto:
    """The graph over weights that ``store_decoder`` wrote."""
    return _Decoder(Graph(tensors), shape, quant).whole()


def head_graph(tensors: Mapping[str, StoredTensor], shape: Shape, quant: Quant) -> ModelProto:
    """The last norm and the head."""
    return _Head(Graph(tensors), shape, quant).whole()


class _Decoder(Blocks):
    def whole(self) -> ModelProto:
        graph, shape = self.graph, self.shape
        hidden = graph.input("embeds", FLOAT, [1, "r", shape.width])
        graph.input("last", INT32, [1])
        graph.input("total", INT32, [])
        bias = self._bias(hidden)
        normed = self.norm("0.norm1", hidden)
        for i in range(shape.text_layers):
            attended = self._attention(i, normed)
            normed, hidden = self.add_norm(f"{i}.norm2", attended, hidden)
            heard = self._listen(i, normed, bias)
            normed, hidden = self.add_norm(f"{i}.norm3", heard, hidden)
            made = self.mlp(f"{i}", normed)
            if i + 1 < shape.text_layers:
                normed, hidden = self.add_norm(f"{i + 1}.norm1", made, hidden)
        graph.op("Add", [made, hidden], "hidden")
        graph.output("hidden", FLOAT, [1, "r", shape.width])
        return graph.finish()

    def _bias(self, hidden: str) -> str:
        """The logs of the sizes, for every token: float32[1, 1, r, s]."""
        graph = self.graph
        sizes = graph.input("sizes", FLOAT, ["s"])
        tokens = graph.op("Shape", [hidden], "tokens", start=1, end=2)
        rows = graph.op("Shape", [sizes], "rows")
        whole = graph.op("Concat", [graph.const([1, 1], np.int64), tokens, rows], "oblong", axis=0)
        return graph.op("Expand", [sizes, whole], "bias")

    def _attention(self, i: int, x: str) -> str:
        graph, shape = self.graph, self.shape
        packed = self.linear(f"{i}.qkv", x, shape.width, 3 * shape.width)
        context = graph.ops(
            "GroupQueryAttention",
            [packed, "", "", self._cache(f"k.{i}"), self._cache(f"v.{i}"), "last", "total"],
            [f"{i}.context", f"k.{i}.out", f"v.{i}.out"],
            domain=MICROSOFT,
            num_heads=shape.heads,
            kv_num_heads=shape.heads,
            scale=shape.head_size**-0.5,
        )[0]
        return self.linear(f"{i}.out", context, shape.width, shape.width)

    def _cache(self, name: str) -> str:
        room: list[int | str] = [1, self.shape.heads, "S", self.shape.head_size]
        self.graph.output(f"{name}.out", FLOAT, room)
        return self.graph.input(name, FLOAT, room)

    def _listen(self, i: int, x: str, bias: str) -> str:
        graph, shape = self.graph, self.shape
        asked = self.linear(f"{i}.ask", x, shape.width, shape.width)
        rows: list[int | str] = [1, shape.heads, "s", shape.head_size]
        sound = [graph.input(f"cross.{letter}.{i}", FLOAT, rows) for letter in "kv"]
        context = graph.op(
            "MultiHeadAttention",
            [asked, *sound, "", "", bias],
            f"{i}.heard",
            domain=MICROSOFT,
            num_heads=shape.heads,
        )
        return self.linear(f"{i}.told", context, shape.width, shape.width)


class _Head(Blocks):
    def whole(self) -> ModelProto:
        graph, shape = self.graph, self.shape
        wanted = graph.input("wanted", FLOAT, [1, "t", shape.width])
        logits = apply(graph, head(shape, self.quant), self.norm("last", wanted))
        graph.op("Identity", [logits], "logits")
        graph.output("logits", FLOAT, [1, "t", shape.vocabulary])
        return graph.finish()
