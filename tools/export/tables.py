"""The vocabulary's tables on their way into a model folder: embedding, head and the norm between."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.shape import TextShape
from tools.export.checkpoint import Checkpoint
from tools.export.decoder import EMBEDDING, head, read_norm
from tools.export.fold import Rotation, turned
from tools.export.linear import Linear, store
from tools.export.weights import WeightFile

TOKENS, WORDS, NORM = "model.embed_tokens.weight", "lm_head.weight", "model.norm.weight"


def store_tables(
    file: WeightFile, source: Checkpoint, shape: TextShape, bits: int, turn: Rotation | None
) -> None:
    """Write them as they are, or turned. Raises CheckpointError, OSError."""
    table = (shape.vocab, shape.width)
    norm = read_norm(source, shape, NORM, shape.width)
    tokens, words = source.pieces(TOKENS, table), None if shape.tied else source.pieces(WORDS, table)
    if turn is not None:
        tokens = turned(tokens, turn)
        words = words and turned(words, turn, norm)
    store(file, Linear(EMBEDDING, shape.width, shape.vocab, bits and 8), tokens)
    if words is not None:
        store(file, head(shape, bits), words)
    if turn is not None and shape.tied:
        between = np.asarray((turn.stream.T * norm) @ turn.stream, np.float32)
        store(file, Linear("turn", shape.width, shape.width, 0), [between])
    last = norm if turn is None else np.ones_like(norm)
    file.put("norm", np.float32, norm.shape, [last])


def look_up(source: Checkpoint, shape: TextShape, tokens: Sequence[int]) -> dict[int, NDArray[np.float32]]:
    """The embeddings of some tokens, float32[width] each. Raises CheckpointError."""
    table = (shape.vocab, shape.width)
    return {token: source.rows(TOKENS, table, token, token + 1)[0] for token in tokens}


def head_logits(
    source: Checkpoint,
    shape: TextShape,
    chosen: Sequence[int] | NDArray[np.int64],
    hidden: NDArray[np.float32],
) -> NDArray[np.float32]:
    """The logits float32[n] of the vocabulary ids ``chosen`` for ``hidden`` float32[width], in float32."""
    table, name = (shape.vocab, shape.width), TOKENS if shape.tied else WORDS
    normed = (
        hidden / np.sqrt(np.square(hidden).mean() + shape.eps) * read_norm(source, shape, NORM, shape.width)
    )
    return np.array([source.rows(name, table, int(at), int(at) + 1)[0] @ normed for at in chosen], np.float32)
