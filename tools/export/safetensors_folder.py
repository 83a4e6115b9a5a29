"""A Hugging Face folder: ``config.json``, one or more ``*.safetensors`` and the tokenizer's files.

The header of each file is checked before the library sees it; format: safetensors README, "Format".
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from tools.export.checkpoint import Checkpoint
from tools.export.errors import CheckpointError

WANTED = (
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "chat_template.json",
    "generation_config.json",
    "preprocessor_config.json",
    "video_preprocessor_config.json",
    "processor_config.json",
)
FLOATS = {"F64", "F32", "F16", "BF16"}
LARGEST_TEXT = 64 << 20


def open_folder(folder: Path) -> Checkpoint:
    """Raises CheckpointError for anything that is missing, damaged or of another format."""
    config = read_json(folder, "config.json")
    files = {name: _read(folder / name) for name in WANTED if (folder / name).is_file()}
    if "tokenizer.json" not in files:
        raise CheckpointError(
            f"{folder} has no tokenizer.json: save it with the checkpoint (tokenizer.save_pretrained)"
        )
    return Checkpoint(folder, config, SafetensorsReader(_weight_files(folder)), files)


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """A JSON object of the folder. Raises CheckpointError."""
    path = folder / name
    try:
        read = json.loads(_read(path))
    except FileNotFoundError:
        raise CheckpointError(f"{folder} has no {name}: give the folder a checkpoint was saved to") from None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} can't be read: {error}") from error
    if not isinstance(read, dict):
        raise CheckpointError(f"{path} is no JSON object")
    return read


def _read(path: Path) -> bytes:
    if path.stat().st_size > LARGEST_TEXT:
        raise CheckpointError(f"{path} is larger than {LARGEST_TEXT >> 20} MB: that is no {path.name}")
    return path.read_bytes()


def _weight_files(folder: Path) -> list[Path]:
    """The files the index names; without an index every ``*.safetensors`` but adapters."""
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        found = sorted(p for p in folder.glob("*.safetensors") if not p.name.startswith("adapter"))
        if not found:
            raise CheckpointError(
                f"{folder} has no *.safetensors: torch's .bin files are not read, convert them"
            )
        return found
    table = read_json(folder, index.name).get("weight_map")
    if not isinstance(table, dict) or not all(isinstance(name, str) for name in table.values()):
        raise CheckpointError(f"{index} has no weight_map of names to files")
    names = sorted(set(table.values()))
    for name in names:
        if Path(name).name != name:
            raise CheckpointError(f"{index} names {name}, which is outside of its folder: refused")
        if not (folder / name).is_file():
            raise CheckpointError(f"{folder} lacks {name}, which its index names: download it again")
    return [folder / name for name in names]


class SafetensorsReader:
    """Rows out of one or more files; nothing but the wanted rows is in memory."""

    def __init__(self, paths: list[Path]) -> None:
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._files: dict[str, Any] = {}
        for path in paths:
            _check_header(path)
            try:
                file = safe_open(str(path), framework="np")
                names: list[str] = file.keys()  # type: ignore[no-untyped-call]
                for name in names:
                    self._add(path, file, name)
            except (SafetensorError, OSError) as error:
                raise CheckpointError(f"{path.name} is damaged ({error}): download it again") from error

    def _add(self, path: Path, file: Any, name: str) -> None:
        piece = file.get_slice(name)
        if name in self._files:
            raise CheckpointError(f"{path.name}: tensor {name} is in two files: remove one of them")
        if piece.get_dtype() in FLOATS:  # integers are buffers such as position ids: nothing to build from
            self._shapes[name] = tuple(piece.get_shape())
            self._files[name] = file
        elif piece.get_dtype().startswith(("F8", "U", "I8")) and name.endswith("weight"):
            raise CheckpointError(
                f"{path.name}: tensor {name} is stored as {piece.get_dtype()}: a checkpoint that is quantised "
                "already can't be built from; take the BF16 one"
            )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every floating-point tensor's name and shape."""
        return self._shapes

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """Rows of the first axis as float32. Raises CheckpointError."""
        try:
            if not self._shapes[name]:
                read = self._files[name].get_tensor(name)
            else:
                read = self._files[name].get_slice(name)[start:stop]
        except (SafetensorError, OSError, ValueError) as error:
            raise CheckpointError(f"tensor {name} can't be read ({error}): download it again") from error
        if read.dtype == ml_dtypes.bfloat16:
            # Half the memory of ml_dtypes' own cast: a bfloat16 is the upper half of a float32.
            wide: NDArray[np.uint32] = read.view(np.uint16).astype(np.uint32)
            return (wide << np.uint32(16)).view(np.float32)
        return np.asarray(read, dtype=np.float32)


def _check_header(path: Path) -> None:
    """The length before the header, against the file's own size: a lie must not become an allocation."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
    length = int.from_bytes(head, "little")
    if len(head) < 8 or length > size - 8 or length > 100_000_000:
        raise CheckpointError(f"{path.name} is cut off or no safetensors file: download it again")
