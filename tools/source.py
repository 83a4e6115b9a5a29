"""What somebody who types ``browline models build WHAT`` means by it: a path, a short name, a name of the hub."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from models.base import ManifestError
from models.fetch_http import Progress
from models.manifest import Manifest, list_checkpoints
from models.qwen_vl.folder import ModelFolder, Quant
from models.store import ModelStore, cache_folder
from tools import hub
from tools.export.build import Origin
from tools.export.checkpoint import open_checkpoint
from tools.export.sizes import shapes_of
from tools.hub_models import HubModel, check_room, list_hub_models, memory_mb
from tools.qwen import list_built


class Source(msgspec.Struct, frozen=True):
    """``plain`` is what its builds are called after; ``repository`` is empty for a ``path`` of this machine.

    ``listed``: a checkpoint that a manifest describes.
    """

    plain: str
    repository: str = ""
    path: Path = Path()
    known: HubModel | None = None
    listed: Manifest | None = None


class Checkpoint(msgspec.Struct, frozen=True):
    """Here at last: where, and where it came from."""

    path: Path
    origin: Origin | None = None


def find(text: str) -> Source:
    """What ``text`` means; a path that is there goes before names. Raises ManifestError."""
    path = Path(text)
    name, _, revision = text.partition("@")
    known = list_hub_models().get(name)
    if text in list_checkpoints() and not path.exists():
        return Source(text, listed=list_checkpoints()[text])
    if path.exists() or (known is None and not hub.is_named(text)):
        return Source(path.resolve().stem if path.is_file() else path.resolve().name, path=path)
    if known is None:
        return Source(path.name.replace("@", "-"), text)
    asked = revision or ("" if known.revision == "main" else known.revision)
    return Source(text.replace("@", "-"), known.repository + (f"@{asked}" if asked else ""), known=known)


def fetch(source: Source, say: Callable[[str], object], progress: Progress) -> Checkpoint:
    """The checkpoint, pulled if need be, at the commit of an earlier build unless a revision was named.

    Raises FetchError, OSError.
    """
    if source.listed:
        store = open_checkpoints()
        if source.plain in store.missing():
            say(
                f"fetching {source.plain}, {source.listed.bytes / 1e6:.0f} MB; its licence is {source.listed.licence}"
            )
        folder = next(iter(store.ensure(source.plain, progress).values())).parent
        return Checkpoint(folder, Origin(source.plain, source.listed.licence))
    if not source.repository:
        return Checkpoint(source.path)
    name = hub.pinned(source.repository, _sources())
    earlier = (
        "" if name == source.repository else f", as built before ({source.repository}@main is the newest)"
    )
    say(f"fetching {name}{earlier}")
    if source.known:
        terms = f": {source.known.terms}" if source.known.terms else ""
        say(f"its licence is {source.known.licence}{terms}")
    pulled = hub.Hub(cache_folder(os.environ), os.environ, time.sleep, progress).pull(name)
    licence = pulled.licence or (source.known.licence if source.known else "")
    return Checkpoint(pulled.folder, Origin(pulled.name, licence))


def open_checkpoints() -> ModelStore:
    """The store of checkpoints that manifests describe, in this user's cache."""
    return ModelStore(cache_folder(os.environ), list_checkpoints(), time.sleep)


def check_board(source: Source, checkpoint: Checkpoint | None, quant: Quant, board: str) -> None:
    """Raise ModelMemoryError when ``board`` can't hold the build; before it is fetched, as far as that is known.

    Raises ExportError for a checkpoint that can't be built.
    """
    config = source.known.config if source.known else None
    if checkpoint is not None:
        config = open_checkpoint(checkpoint.path).config
    if config is not None:
        check_room(source.plain, quant, memory_mb(*shapes_of(config)), board)


def _sources() -> list[str]:
    """Where the models built so far came from, the latest first."""
    built = sorted(list_built().values(), key=lambda path: path.stat().st_mtime, reverse=True)
    found: list[str] = []
    for path in built:
        try:
            found.append(ModelFolder(path).about.source)
        except ManifestError:  # a damaged one tells nothing
            continue
    return found
