"""A built model on disk: ``model.json`` says what lies beside it; every file is known by its SHA-256.

::

    NAME/  model.json  decoder.onnx  adapted.onnx  decoder.data  [rows.onnx  probe-*.onnx]  [vision.onnx  vision.data]
           tokenizer.json  [chat_template.jinja]  selftest.npz  [packed/]  [adapters/]
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.base import ManifestError
from models.manifest import Sha256, sha256_of
from models.qwen_vl.shape import TextShape, VisionShape

FORMAT = 2
DESCRIPTION = "model.json"

Quant = Literal["none", "int8", "int4"]
BITS: dict[Quant, int] = {"none": 0, "int8": 8, "int4": 4}
PlainName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class Described(Protocol):
    """A description: its ``format`` tells whether this version reads it."""

    @property
    def format(self) -> int:
        """The version of its form."""
        ...


T = TypeVar("T", bound=Described)


class StoredTensor(msgspec.Struct, frozen=True):
    """Where a tensor's bytes are: ``offset`` in ``file``, row-major."""

    file: PlainName
    dtype: str
    shape: tuple[int, ...]
    offset: Annotated[int, msgspec.Meta(ge=0)]


class FileMark(msgspec.Struct, frozen=True):
    """A file's identity."""

    sha256: Sha256
    bytes: int


class ByRows(msgspec.Struct, frozen=True):
    """A linear layer that can be packed by rows (see ``rows``): its inputs, and which of them stand out."""

    inputs: Annotated[int, msgspec.Meta(gt=0)]
    outliers: tuple[int, ...] = ()


class Description(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``model.json``. ``stops`` are the token ids that end an answer; ``source`` is what it was built from.

    ``by_rows`` names the decoder's quantised layers.
    """

    format: int
    name: PlainName
    family: str
    quant: Quant
    kv: Literal["float32", "int8"]
    text: TextShape
    vision: VisionShape | None = None
    stops: tuple[int, ...]
    source: str
    licence: str
    tensors: dict[str, StoredTensor]
    by_rows: dict[str, ByRows] = {}
    files: dict[PlainName, FileMark]

    @property
    def weights_bytes(self) -> int:
        """What the weight files weigh together."""
        return sum(mark.bytes for name, mark in self.files.items() if name.endswith(".data"))


class ModelFolder:
    """A folder that was opened: its description, and its tensors mapped."""

    def __init__(self, path: Path) -> None:
        """Quick: sizes are compared, nothing is hashed. Raises ManifestError."""
        self.path = path
        self.about = _read(path)
        self._check_sizes()

    @classmethod
    def of(cls, path: Path, about: Description) -> ModelFolder:
        """A folder that is being built: nothing of it is checked."""
        folder = cls.__new__(cls)
        folder.path, folder.about = path, about
        return folder

    def _check_sizes(self) -> None:
        for name, mark in self.about.files.items():
            file = self.path / name
            if not file.is_file() or file.stat().st_size != mark.bytes:
                raise ManifestError(
                    f"{self.path}: {name} is missing or cut off: build or pull the model again"
                )

    def verify(self) -> None:
        """Hash every file. Raises ManifestError."""
        for name, mark in self.about.files.items():
            if sha256_of(self.path / name) != mark.sha256:
                raise ManifestError(f"{self.path}: {name} has changed: build or pull the model again")

    def tensor(self, name: str) -> NDArray[Any]:
        """A stored tensor, mapped; pages come in as they are touched. Raises ManifestError."""
        stored = self.about.tensors.get(name)
        if stored is None:
            raise ManifestError(f"{self.path}: model.json lists no tensor {name}: build the model again")
        try:
            return map_tensor(self.path, stored)
        except (OSError, ValueError, TypeError) as error:
            raise ManifestError(f"{self.path}: tensor {name} can't be mapped: {error}") from error


def map_tensor(folder: Path, stored: StoredTensor) -> NDArray[Any]:
    """Map a tensor's bytes. Raises OSError, ValueError, TypeError."""
    if 0 in stored.shape:
        return np.empty(stored.shape, np.dtype(stored.dtype))
    return np.memmap(folder / stored.file, np.dtype(stored.dtype), "r", stored.offset, stored.shape)


def read_description(file: Path, kind: type[T], reads: int, missing: str) -> T:
    """A description of format ``reads``; ``missing`` is what is said where there is none. Raises ManifestError."""
    try:
        about = msgspec.json.decode(file.read_bytes(), type=kind)
    except FileNotFoundError:
        raise ManifestError(missing) from None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ManifestError(
            f"{file}: {error}: build the model again with this version of Browline"
        ) from error
    if about.format != reads:
        raise ManifestError(
            f"{file} is of format {about.format}, this Browline reads {reads}: build it again"
        )
    return about


def _read(path: Path) -> Description:
    told = (
        f"{path} is no built model ({DESCRIPTION} is missing): run `browline models build` on the checkpoint"
    )
    return read_description(path / DESCRIPTION, Description, FORMAT, told)
