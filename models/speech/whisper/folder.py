"""A built Whisper on disk: ``speech.json`` says what lies beside it; every file is known by its SHA-256.

::

    NAME/  speech.json  encoder.onnx  encoder.data  decoder.onnx  head.onnx  decoder.data  tokenizer.json
           selftest.npz  [packed/]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.base import ManifestError
from models.manifest import sha256_of
from models.qwen_vl.folder import FileMark, PlainName, StoredTensor, map_tensor, read_description
from models.speech.whisper.shape import Shape

FORMAT = 3
DESCRIPTION = "speech.json"

Quant = Literal["none", "weights8", "int8"]
"""``none``: float32. ``weights8``: weights in blocks of 8 bits. ``int8``: in the encoder, where there are many rows,
what they are multiplied with as well."""


def list_speech(folder: Path) -> dict[str, Path]:
    """Name → folder of every built speech model in ``folder``, in the order of names."""
    return {path.parent.name: path.parent for path in sorted(folder.glob(f"[!.]*/{DESCRIPTION}"))}


class Description(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``speech.json``. ``source`` is what it was built from, ``tensors`` where each weight of the decoder lies.

    ``suppress`` are tokens that are never written: what is no speech; ``suppress_first``: not as the first.
    """

    format: int
    name: PlainName
    family: Literal["whisper"] = "whisper"
    quant: Quant
    shape: Shape
    source: str
    licence: str
    suppress: tuple[int, ...] = ()
    suppress_first: tuple[int, ...] = ()
    tensors: dict[str, StoredTensor]
    files: dict[PlainName, FileMark]


class SpeechFolder:
    """A folder that was opened: its description, and its tensors mapped."""

    def __init__(self, path: Path) -> None:
        """Quick: sizes are compared, nothing is hashed. Raises ManifestError."""
        self.path = path
        self.about = _read(path)
        self._maps: dict[str, NDArray[Any]] = {}
        for name, mark in self.about.files.items():
            file = path / name
            if not file.is_file() or file.stat().st_size != mark.bytes:
                raise ManifestError(f"{path}: {name} is missing or cut off: build the model again")

    @classmethod
    def of(cls, path: Path, about: Description) -> SpeechFolder:
        """A folder that is being built: nothing of it is checked."""
        folder = cls.__new__(cls)
        folder.path, folder.about, folder._maps = path, about, {}
        return folder

    def verify(self) -> None:
        """Hash every file. Raises ManifestError."""
        for name, mark in self.about.files.items():
            if sha256_of(self.path / name) != mark.sha256:
                raise ManifestError(f"{self.path}: {name} has changed: build the model again")

    def tensor(self, name: str) -> NDArray[Any]:
        """A stored tensor, mapped once; pages come in as they are touched, even of a file that is deleted meanwhile.

        Raises ManifestError.
        """
        if name in self._maps:
            return self._maps[name]
        stored = self.about.tensors.get(name)
        if stored is None:
            raise ManifestError(f"{self.path}: {DESCRIPTION} lists no tensor {name}: build the model again")
        try:
            self._maps[name] = map_tensor(self.path, stored)
        except (OSError, ValueError, TypeError) as error:
            raise ManifestError(f"{self.path}: tensor {name} can't be mapped: {error}") from error
        return self._maps[name]

    def embeddings(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """What tokens int64[n] stand for, float32[n, width]: rows of the table that is the head's, too."""
        if self.about.quant == "none":
            return np.asarray(self.tensor("embed.w")[tokens], np.float32)
        blocks = self.tensor("embed.q")[tokens].astype(np.float32) - 128
        blocks *= self.tensor("embed.s")[tokens][..., None]
        return blocks.reshape(len(tokens), -1)[:, : self.about.shape.width]


def _read(path: Path) -> Description:
    told = f"{path} is no built speech model ({DESCRIPTION} is missing): run `browline models build whisper-base`"
    return read_description(path / DESCRIPTION, Description, FORMAT, told)
