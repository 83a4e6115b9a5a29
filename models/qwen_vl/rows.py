"""A second packing of 8-bit weights, for many rows at once: int8[K, N] with one scale a column.

It is derived on the device from the blocks of ``decoder.data``, where the CPU is faster with it and the board has
the memory. Inputs are quantised a row; those of the down projections that stand out (``outliers``) go through a
thin float32 product besides, or they would cost all others their precision.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.folder import ModelFolder, StoredTensor
from models.qwen_vl.shape import TextShape

FILE = "prefill.data"
ALIGN = 4096
OUTLIERS = 32


def linears(shape: TextShape) -> Iterator[tuple[str, int, int]]:
    """Name, inputs and outputs of every layer that is packed so; the head is not, it sees few rows."""
    inner = shape.heads * shape.head_size
    packed = inner + 2 * shape.kv_heads * shape.head_size
    for i in range(shape.layers):
        yield f"{i}.qkv", shape.width, packed
        yield f"{i}.out", inner, shape.width
        yield f"{i}.gate", shape.width, shape.ffn
        yield f"{i}.up", shape.width, shape.ffn
        yield f"{i}.down", shape.ffn, shape.width


def layout(shape: TextShape) -> dict[str, StoredTensor]:
    """Where each tensor of ``prefill.data`` lies: ``name.w8``, its scales ``.ws``, and the outliers' ``.wo``."""
    tensors: dict[str, StoredTensor] = {}
    at = 0
    for name, inputs, outputs in linears(shape):
        parts = [(f"{name}.w8", "int8", (inputs, outputs)), (f"{name}.ws", "float32", (outputs,))]
        if name.endswith(".down"):
            parts.append((f"{name}.wo", "float32", (min(OUTLIERS, inputs), outputs)))
        for part, dtype, size in parts:
            at += -at % ALIGN
            tensors[part] = StoredTensor(FILE, dtype, size, at)
            at += int(np.prod(size)) * np.dtype(dtype).itemsize
    return tensors


def write(folder: ModelFolder, path: Path, outliers: list[list[int]]) -> None:
    """Derive ``path`` from the blocks of ``folder``, one layer at a time. Raises OSError, ManifestError."""
    tensors = layout(folder.about.text)
    with path.open("wb") as file:
        for name, inputs, _ in linears(folder.about.text):
            weight = blocks_as_float(folder, name, inputs)  # [N, K]
            if name.endswith(".down"):
                chosen = outliers[int(name.partition(".")[0])]
                _put(file, tensors[f"{name}.wo"], np.ascontiguousarray(weight[:, chosen].T))
                weight[:, chosen] = 0
            scales = np.maximum(np.abs(weight).max(axis=1), 1e-12) / np.float32(127)
            packed = np.rint(weight / scales[:, None]).astype(np.int8)
            _put(file, tensors[f"{name}.w8"], np.ascontiguousarray(packed.T))
            _put(file, tensors[f"{name}.ws"], scales.astype(np.float32))


def blocks_as_float(folder: ModelFolder, name: str, inputs: int) -> NDArray[np.float32]:
    """A layer's weight float32[N, K] from its 8-bit blocks. Raises ManifestError."""
    values = folder.tensor(f"{name}.q").astype(np.float32)
    values -= 128
    values *= folder.tensor(f"{name}.s")[..., None]
    return np.ascontiguousarray(values.reshape(len(values), -1)[:, :inputs])


def _put(file, stored: StoredTensor, array: NDArray) -> None:  # type: ignore[no-untyped-def, type-arg]
    file.seek(stored.offset)
    array.tofile(file)
