"""What is folded into the weights before they are quantised; none of it costs anything at run time.

- **Rotation** (QuaRot, arXiv 2404.00456 §4): the residual stream is turned by a random orthogonal matrix, and V by
  another one a head. No channel stands out any more, so blocks of inputs and of weights lose less. A norm's
  weights go into the layers behind it; RMS norms do not feel a rotation.
- **Smoothing** (SmoothQuant, arXiv 2211.10438 §4): the inputs of the down projection can't be turned, so those that
  stand out are made smaller in the up projection and larger in the down one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.shape import TextShape
from tools.export.decoder import Layer, layer
from tools.export.delta import net, vectors
from tools.export.linear import store
from tools.export.weights import WeightFile

PIECE = 1024  # rows
OUTLIERS = 32  # inputs of a down projection
SEED = 20260101

Matrix = NDArray[np.float32]
Weights = Callable[[str], Matrix]


class Rotation(msgspec.Struct, frozen=True):
    """``stream`` float32[width, width] turns the residual stream, ``head`` float32[head, head] each head of V."""

    stream: Matrix
    head: Matrix


def rotation(shape: TextShape) -> Rotation:
    """The same for every build of a shape."""
    rng = np.random.default_rng(SEED)
    stream = _orthogonal(shape.width, rng)
    if shape.gated:  # a gate opens V channel by channel
        return Rotation(stream, np.eye(shape.head_size, dtype=np.float32))
    return Rotation(stream, _orthogonal(shape.head_size, rng))


def _orthogonal(size: int, rng: np.random.Generator) -> Matrix:
    q, r = np.linalg.qr(rng.standard_normal((size, size)))
    return np.asarray(q * np.sign(np.diag(r)), np.float32)  # the signs make it uniform (Mezzadri 2007)


def turned(pieces: Iterator[Matrix], turn: Rotation, norm: Matrix | None = None) -> Iterator[Matrix]:
    """Rows that read the residual stream (after a norm with these weights), or a table of its values."""
    for piece in pieces:
        yield np.asarray((piece if norm is None else piece * norm) @ turn.stream, np.float32)


def store_folded(
    file: WeightFile, shape: TextShape, i: int, bits: int, turn: Rotation, down_inputs: Matrix, raw: Weights
) -> tuple[int, ...]:
    """Write block ``i``, whose float32 weights ``raw`` gives, in ``bits``. Raises OSError.

    ``down_inputs`` float32[ffn] are the largest inputs that the down projection saw; given back are those that
    stand out most after smoothing.
    """
    parts = layer(shape, i, bits)
    smooth = _smoothing(down_inputs, raw(f"{i}.down.w"))
    norm2 = raw(f"{i}.norm2")
    if i in shape.attending:
        _store_attention(file, shape, i, parts, turn, raw)
    else:
        _store_net(file, shape, i, bits, turn, raw)
    store(file, parts.gate, turned(_pieces(raw(f"{i}.gate.w")), turn, norm2))
    up = (piece / by[:, None] for piece, by in zip(_pieces(raw(f"{i}.up.w")), _pieces(smooth), strict=True))
    store(file, parts.up, turned(up, turn, norm2))
    store(file, parts.down, _pieces(turn.stream.T @ (raw(f"{i}.down.w") * smooth)))
    for name in ("norm1", "norm2"):
        file.put(f"{i}.{name}", np.float32, (shape.width,), [np.ones(shape.width, np.float32)])
    # What an adapter is folded with when it comes; no graph reads it.
    for name, vector in (("norm1", raw(f"{i}.norm1")), ("norm2", norm2), ("smooth", smooth)):
        file.put(f"folded.{i}.{name}", np.float32, vector.shape, [vector])
    return tuple(sorted(int(at) for at in np.argsort(down_inputs / smooth)[-OUTLIERS:]))


def _store_attention(
    file: WeightFile, shape: TextShape, i: int, parts: Layer, turn: Rotation, raw: Weights
) -> None:
    store(file, parts.qkv, turned(_qkv(shape, i, turn, raw), turn, raw(f"{i}.norm1")))
    if shape.qkv_bias:
        bias = _values_turned(shape, np.array(raw(f"{i}.qkv.b"))[:, None], turn)[:, 0]
        file.put(f"{i}.qkv.b", np.float32, bias.shape, [bias])
    store(file, parts.out, _pieces(turn.stream.T @ _heads_turned(raw(f"{i}.out.w"), turn)))
    for name in ("qnorm", "knorm") if shape.qk_norm else ():
        file.put(f"{i}.{name}", np.float32, (shape.head_size,), [raw(f"{i}.{name}")])


def _store_net(file: WeightFile, shape: TextShape, i: int, bits: int, turn: Rotation, raw: Weights) -> None:
    parts, norm = net(shape, i, bits), raw(f"{i}.norm1")
    assert parts is not None
    assert shape.delta is not None
    for linear in (parts.qkv, parts.gates):
        store(file, linear, turned(_pieces(raw(f"{linear.name}.w")), turn, norm))
    store(file, parts.out, _pieces(turn.stream.T @ raw(f"{i}.out.w")))
    for name, size in vectors(shape.delta, i).items():
        file.put(name, np.float32, size, [raw(name)])


class Basis(msgspec.Struct, frozen=True):
    """What one block was folded with: norms float32[width], ``smooth`` float32[ffn]."""

    turn: Rotation
    norm1: Matrix
    norm2: Matrix
    smooth: Matrix


def fold_factors(
    shape: TextShape, basis: Basis, part: str, down: Matrix, up: Matrix
) -> tuple[Matrix, Matrix]:
    """LoRA's A float32[rank, K] and B float32[N, rank] of the layer ``part`` as the folded block wants them."""
    stream = basis.turn.stream
    if part in ("q", "k", "v"):
        down = np.asarray((down * basis.norm1) @ stream, np.float32)
    if part in ("gate", "up"):
        down = np.asarray((down * basis.norm2) @ stream, np.float32)
    if part in ("out", "down"):
        up = np.asarray(stream.T @ up, np.float32)
    match part:
        case "v":
            up = _values_turned(shape, up, basis.turn)
        case "out":
            down = _heads_turned(down, basis.turn)
        case "up":
            up = up / basis.smooth[:, None]
        case "down":
            down = down * basis.smooth
    return down, up


def store_rotation(file: WeightFile, turn: Rotation) -> None:
    """Write what shows later that ``rotation`` still gives the same. Raises OSError."""
    for name, row in (("stream", turn.stream[0]), ("head", turn.head[0])):
        file.put(f"folded.{name}", np.float32, row.shape, [row])


def _pieces(weight: Matrix) -> Iterator[Matrix]:
    for at in range(0, len(weight), PIECE):
        yield weight[at : at + PIECE]


def _qkv(shape: TextShape, i: int, turn: Rotation, raw: Weights) -> Iterator[Matrix]:
    weight = raw(f"{i}.qkv.w")
    values = shape.kv_heads * shape.head_size
    yield from _pieces(weight[:-values])
    yield _values_turned(shape, weight[-values:], turn)


def _values_turned(shape: TextShape, rows: Matrix, turn: Rotation) -> Matrix:
    """The last ``kv_heads · head`` rows, which make V, turned within each head."""
    values = shape.kv_heads * shape.head_size
    made = rows[-values:].reshape(shape.kv_heads, shape.head_size, -1)
    return np.concatenate([rows[:-values], (turn.head.T @ made).reshape(values, -1)])


def _heads_turned(out: Matrix, turn: Rotation) -> Matrix:
    """The columns of the output projection, which read the turned heads."""
    size = len(turn.head)
    return np.asarray((out.reshape(len(out), -1, size) @ turn.head).reshape(out.shape))


def _smoothing(inputs: Matrix, weight: Matrix) -> Matrix:
    floor = np.float32(1e-5)
    largest = np.max([np.abs(piece).max(axis=0) for piece in _pieces(weight)], axis=0)
    found = np.sqrt(np.maximum(inputs, floor) / np.maximum(largest, floor))
    # Only ratios matter; their middle is put at 1.
    return np.asarray(found / np.exp(np.log(found).mean()), np.float32)
