"""A checkpoint, whatever its format: a configuration, tensors by their Hugging Face names, a tokenizer.

Tensors are read in pieces of rows, so that a builder holds no more than it works on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tools.export.errors import CheckpointError

ROWS_AT_ONCE = 64 << 20  # bytes of float32 in one piece

# The published checkpoints of one family do not agree on prefixes; inside the builder these hold.
_PREFIXES = (
    ("model.language_model.", "model."),
    ("language_model.model.", "model."),
    ("language_model.lm_head.", "lm_head."),
    ("model.visual.", "visual."),
)


class Reader(Protocol):
    """One format's files: raw names, shapes and rows."""

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor's name and shape."""
        ...

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """Rows ``start…stop`` of the first axis as float32. Raises CheckpointError."""
        ...


class Checkpoint:
    """Tensors of any reader under one set of names, checked for NaN and infinity as they are read."""

    def __init__(self, where: Path, config: dict[str, Any], reader: Reader, files: dict[str, bytes]) -> None:
        """``config`` is as in ``config.json``; ``files`` holds ``tokenizer.json``, ``chat_template.jinja``, …"""
        self.where = where
        self.config = config
        self.files = files
        self._reader = reader
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._raw: dict[str, str] = {}
        for raw, shape in reader.shapes().items():
            name = canonical(raw)
            if name in self._raw:
                raise CheckpointError(
                    f"{where.name}: {raw} and {self._raw[name]} are the same tensor: remove one"
                )
            self._raw[name], self._shapes[name] = raw, shape

    def __contains__(self, name: str) -> bool:
        return name in self._raw

    def names(self) -> list[str]:
        """Every tensor's canonical name."""
        return list(self._raw)

    def expect(self, name: str, shape: tuple[int, ...]) -> None:
        """Raise CheckpointError unless the tensor is there and has this shape."""
        found = self._shapes.get(name)
        if found is None:
            raise CheckpointError(
                f"{self.where.name}: tensor {name} is missing: is the checkpoint whole, and of this architecture?"
            )
        if found != shape:
            raise CheckpointError(
                f"{self.where.name}: tensor {name} has shape {list(found)}, its config.json says {list(shape)}"
            )

    def shape(self, name: str) -> tuple[int, ...]:
        """A tensor's shape. Raises CheckpointError."""
        if name not in self._shapes:
            raise CheckpointError(f"{self.where.name}: tensor {name} is missing")
        return self._shapes[name]

    def read(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """The whole tensor as float32. Raises CheckpointError."""
        self.expect(name, shape)
        return self._checked(name, 0, shape[0] if shape else 1).reshape(shape)

    def pieces(self, name: str, shape: tuple[int, ...]) -> Iterator[NDArray[np.float32]]:
        """The tensor in order, some rows of its first axis at a time. Raises CheckpointError."""
        self.expect(name, shape)
        step = max(1, ROWS_AT_ONCE // max(1, 4 * int(np.prod(shape[1:]))))
        for start in range(0, shape[0], step):
            yield self._checked(name, start, min(shape[0], start + step))

    def rows(self, name: str, shape: tuple[int, ...], start: int, stop: int) -> NDArray[np.float32]:
        """Some rows of the first axis. Raises CheckpointError."""
        self.expect(name, shape)
        return self._checked(name, start, stop)

    def _checked(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        rows = self._reader.rows(self._raw[name], start, stop)
        if not np.isfinite(rows.sum(dtype=np.float64)) and not np.isfinite(rows).all():
            raise CheckpointError(
                f"{self.where.name}: tensor {name} holds NaN or infinity: the training run or the copy is broken"
            )
        return rows


def canonical(raw: str) -> str:
    """The name a tensor has inside the builder: ``model.layers.0.…``, ``lm_head.…``, ``visual.…``."""
    for prefix, wanted in _PREFIXES:
        if raw.startswith(prefix):
            return wanted + raw[len(prefix) :]
    return raw


def open_checkpoint(path: Path) -> Checkpoint:
    """A folder of safetensors with its ``config.json``, or a GGUF file. Raises CheckpointError."""
    from tools.export import gguf_file, safetensors_folder

    if not path.exists():
        raise CheckpointError(f"{path} is not there: give a checkpoint's folder or a .gguf file")
    if path.is_file() and path.suffix == ".gguf":
        return gguf_file.open_gguf(path)
    if path.is_file():
        raise CheckpointError(f"{path.name} is no .gguf file: give the folder that holds config.json")
    ggufs = sorted(path.glob("*.gguf"))
    if not (path / "config.json").exists() and len(ggufs) == 1:
        return gguf_file.open_gguf(ggufs[0])
    return safetensors_folder.open_folder(path)
