"""Weights on their way into a model folder: written once, in order, a piece at a time.

Several graphs may refer to one file, so it is kept apart from them: name → dtype, shape, place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from models.qwen_vl.folder import StoredTensor

ALIGN = 4096  # a page: the runtime maps each tensor on its own


class WeightFile:
    """Append tensors; afterwards each can be referred to from any graph in the same folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tensors: dict[str, StoredTensor] = {}
        self._hash = hashlib.sha256()
        self._file = path.open("wb")
        self._at = 0

    def __enter__(self) -> WeightFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def flush(self) -> None:
        """Let others read what was written so far. Raises OSError."""
        self._file.flush()

    @property
    def sha256(self) -> str:
        """Of all bytes so far."""
        return self._hash.hexdigest()

    @property
    def size(self) -> int:
        """How many bytes there are so far."""
        return self._at

    def put(self, name: str, dtype: Any, shape: tuple[int, ...], pieces: Iterable[NDArray[Any]]) -> None:
        """Write one tensor from pieces of its first axis, in order. Raises OSError, ValueError."""
        self._write(bytes(-self._at % ALIGN))
        start = self._at
        for piece in pieces:
            self._write(np.ascontiguousarray(piece, dtype=dtype).tobytes())
        wanted = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if self._at - start != wanted:
            raise ValueError(f"{name}: {self._at - start} bytes were written, {wanted} belong to {shape}")
        self.tensors[name] = StoredTensor(
            file=self.path.name, dtype=np.dtype(dtype).name, shape=shape, offset=start
        )

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self._at += len(data)


def external(name: str, stored: StoredTensor) -> TensorProto:
    """The initializer of a graph that lies beside the weight file."""
    proto = TensorProto(name=name, data_location=TensorProto.EXTERNAL, dims=stored.shape)
    proto.data_type = helper.np_dtype_to_tensor_dtype(np.dtype(stored.dtype))
    size = int(np.prod(stored.shape)) * np.dtype(stored.dtype).itemsize
    for key, value in (("location", stored.file), ("offset", stored.offset), ("length", size)):
        proto.external_data.add(key=key, value=str(value))
    return proto
