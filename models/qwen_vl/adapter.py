"""LoRA adapters that are kept apart from their model: ``browline models adapter`` folds them for it.

::

    MODEL/adapters/NAME/  adapter.json  adapter.data

All of a model's adapters go through one graph, ``adapted.onnx``, over the weights that ``decoder.onnx`` reads. It is
opened with the first of them; from then on another adapter is a few hundred other pointers.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from numpy.typing import NDArray

from models.backends.ort_bound import BoundSession
from models.backends.ort_packed import packed_like
from models.base import ManifestError
from models.manifest import Sha256, sha256_of
from models.qwen_vl.decoder import Decoder
from models.qwen_vl.folder import FileMark, ModelFolder, PlainName, StoredTensor, map_tensor

FORMAT = 1
FOLDER = "adapters"
DESCRIPTION = "adapter.json"
DATA = "adapter.data"
GRAPH = "adapted.onnx"


class AdapterDescription(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``adapter.json``. ``base`` is the SHA-256 of the ``decoder.data`` it was folded for; ``rank`` its largest."""

    format: int
    name: PlainName
    base: Sha256
    source: str
    rank: Annotated[int, msgspec.Meta(gt=0)]
    tensors: dict[str, StoredTensor]
    data: FileMark


class Adapter(msgspec.Struct, frozen=True):
    """An adapter in use: ``mark`` tells what was read with it from what was not."""

    mark: str
    decoder: Decoder


def list_adapters(model: Path) -> list[str]:
    """The names of the adapters that lie with the model in the folder ``model``."""
    return [path.parent.name for path in sorted((model / FOLDER).glob(f"[!.]*/{DESCRIPTION}"))]


def remove_adapter(model: Path, name: str) -> None:
    """Delete an adapter of the model in the folder ``model``. Raises ManifestError for one that is not there."""
    if name not in (there := list_adapters(model)):
        raise _missing(model.name, name, there)
    shutil.rmtree(model / FOLDER / name)


class Adapters:
    """A model's adapters; ``close`` frees what was opened of them."""

    def __init__(self, folder: ModelFolder, threads: int, *, alone: bool = True) -> None:
        """``alone``: as for ``Decoder``."""
        self._folder, self._threads, self._alone = folder, threads, alone
        self._session: BoundSession | None = None
        self._known: dict[str, Adapter] = {}

    def names(self) -> list[str]:
        """Every adapter there is now."""
        return list_adapters(self._folder.path)

    def get(self, name: str) -> Adapter | None:
        """The adapter ``name`` as it now lies on the disk, opened if need be; None for no name.

        Raises ManifestError, BackendError.
        """
        if not name:
            return None
        if name not in (there := self.names()):
            raise _missing(self._folder.about.name, name, there)
        about = self._describe(name)
        known = self._known.get(name)
        if known is None or known.mark != about.data.sha256:
            known = self._known[name] = self._open(about)
        return known

    def close(self) -> None:
        """Free them; answers that are being made with one fail at their next step."""
        self._known.clear()
        if self._session is not None:
            self._session.close()
            self._session = None

    def _describe(self, name: str) -> AdapterDescription:
        file = self._folder.path / FOLDER / name / DESCRIPTION
        try:
            about = msgspec.json.decode(file.read_bytes(), type=AdapterDescription)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ManifestError(f"{file}: {error}: {_again(self._folder)}") from error
        if about.format != FORMAT:
            raise ManifestError(f"{file} is of format {about.format}, not {FORMAT}: {_again(self._folder)}")
        if about.base != self._folder.about.files["decoder.data"].sha256:
            raise ManifestError(f"adapter {name} was made for another build: {_again(self._folder)}")
        return about

    def _open(self, about: AdapterDescription) -> Adapter:
        place = self._folder.path / FOLDER / about.name
        data = place / DATA
        # A few MB: hashed each time, because NaN or another adapter's halves would only be seen in the answers.
        if not data.is_file() or sha256_of(data) != about.data.sha256:
            raise ManifestError(f"{data} is missing, cut off or has changed: {_again(self._folder)}")
        try:
            held: dict[str, NDArray[Any]] = {
                name: map_tensor(place, stored) for name, stored in about.tensors.items()
            }
        except (OSError, ValueError, TypeError) as error:
            raise ManifestError(f"{data} can't be mapped ({error}): {_again(self._folder)}") from error
        decoder = Decoder(self._graph(), self._folder.about.text, alone=self._alone, held=held)
        return Adapter(about.data.sha256, decoder)

    def _graph(self) -> BoundSession:
        if self._session is None:
            path, about = self._folder.path, self._folder.about
            if GRAPH not in about.files:
                raise ManifestError(f"{about.name} takes no adapters at run time: build it again")
            twin = packed_like(path / GRAPH, path / "decoder.onnx", path / "decoder.data", self._threads)
            self._session = BoundSession(twin, self._threads)
        return self._session


def _missing(model: str, name: str, there: Sequence[str]) -> ManifestError:
    known = f"there are: {', '.join(there)}" if there else "`browline models adapter` adds one"
    return ManifestError(f"{model} has no adapter {name!r}; {known}")


def _again(folder: ModelFolder) -> str:
    return f"run `browline models adapter {folder.about.name} FOLDER` again"
