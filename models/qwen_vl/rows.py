"""A second packing of the weights, for many rows at once: int8[K, N] with one scale a column.

It is derived on the device from the blocks of ``decoder.data``, where the CPU is faster with it (see ``kernels``).
The inputs are quantised row by row; those of the down projections that stand out go through a thin float32
product beside it, or they would cost all others their precision (LLM.int8(), arXiv 2208.07339 §3.2).

Signed weights are what AMX, VNNI and Arm multiply fastest. Plain AVX2 lets their products overflow
(onnxruntime, docs "Quantize ONNX models", §U8S8): there they are unsigned, about 128.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from models.base import BackendError
from models.qwen_vl.folder import BITS, Description, ModelFolder, StoredTensor

Packing = Literal["signed", "unsigned"]
GRAPHS: dict[Packing, str] = {"signed": "rows-signed.onnx", "unsigned": "rows-unsigned.onnx"}
MIDDLE = 128  # what stands for zero where weights are unsigned
ALIGN = 4096  # a page: the runtime maps each tensor on its own
LEVELS = np.float32(127)


def layout(about: Description, packing: Packing) -> dict[str, StoredTensor]:
    """Where each tensor of the packing lies: ``LAYER.w8``, its scales ``.ws``, its outliers' weights ``.wo``."""
    tensors: dict[str, StoredTensor] = {}
    at = 0
    for name, layer in about.by_rows.items():
        outputs = about.tensors[f"{name}.q"].shape[0]
        parts: list[tuple[str, str, tuple[int, ...]]] = [
            ("w8", "int8" if packing == "signed" else "uint8", (layer.inputs, outputs)),
            ("ws", "float32", (outputs,)),
        ]
        if layer.outliers:
            parts.append(("wo", "float32", (len(layer.outliers), outputs)))
        for part, dtype, shape in parts:
            at += -at % ALIGN
            tensors[f"{name}.{part}"] = StoredTensor(f"rows-{packing}.data", dtype, shape, at)
            at += int(np.prod(shape)) * np.dtype(dtype).itemsize
    return tensors


@contextmanager
def derived(folder: ModelFolder, packing: Packing, names: Sequence[str] | None = None) -> Iterator[None]:
    """While this lasts, the packing's weights lie in the folder: of every layer, or of some.

    Raises OSError, ManifestError.
    """
    path = folder.path / f"rows-{packing}.data"
    half = path.with_suffix(".half")
    try:
        with half.open("wb") as file:
            _write(file, folder, packing, folder.about.by_rows if names is None else names)
        half.replace(path)
        yield
    finally:
        half.unlink(missing_ok=True)
        path.unlink(missing_ok=True)


def _write(file: BinaryIO, folder: ModelFolder, packing: Packing, names: Iterable[str]) -> None:
    tensors = layout(folder.about, packing)
    for name in names:
        layer = folder.about.by_rows[name]
        weight = blocks_as_float(folder, name, layer.inputs)
        if not np.isfinite(weight.sum(dtype=np.float64)):
            raise BackendError(
                f"{folder.path} computes no numbers: its weights are damaged, build or pull the model again"
            )
        if layer.outliers:
            chosen = list(layer.outliers)
            _put(file, tensors[f"{name}.wo"], weight[:, chosen].T)
            weight[:, chosen] = 0
        scales = np.maximum(np.abs(weight).max(axis=1), np.float32(1e-12)) / LEVELS
        weight /= scales[:, None]
        np.rint(weight, out=weight)
        if packing == "unsigned":
            weight += MIDDLE
        _put(file, tensors[f"{name}.w8"], weight.T)
        _put(file, tensors[f"{name}.ws"], scales)


def blocks_as_float(folder: ModelFolder, name: str, inputs: int) -> NDArray[np.float32]:
    """A layer's weight float32[N, K] from its blocks (see tools/export/blocks.py). Raises ManifestError."""
    stored = folder.tensor(f"{name}.q")
    bits = BITS[folder.about.quant]
    if bits == 4:
        stored = np.stack([stored & 15, stored >> 4], axis=-1).reshape(*stored.shape[:2], -1)
    values = stored.astype(np.float32)
    values -= 1 << (bits - 1)
    values *= folder.tensor(f"{name}.s")[..., None]
    return np.ascontiguousarray(values.reshape(len(values), -1)[:, :inputs])


def _put(file: BinaryIO, stored: StoredTensor, array: NDArray[Any]) -> None:
    file.seek(stored.offset)
    file.write(np.ascontiguousarray(array, np.dtype(stored.dtype)).tobytes())
