"""What ``browline models list`` says: models that are fetched whole, those built here, those the hub has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from models.base import ModelError
from models.manifest import list_checkpoints, list_manifests
from models.qwen_vl.folder import ModelFolder, Quant
from models.qwen_vl.kernels import told
from models.speech.whisper.folder import SpeechFolder
from models.store import ModelStore
from runtime.console.table import table
from tools.hub_models import QUANTS, HubModel, holders, list_hub_models
from tools.qwen import describe, list_built
from tools.speech import describe_speech, list_built_speech

UNKNOWN = "size unknown until fetched"


def lines(store: ModelStore) -> Iterator[str]:
    """For people. Raises ManifestError."""
    missing = store.missing()
    for name, manifest in list_manifests().items():
        state = "missing" if name in missing else "here"
        size = f"{manifest.bytes / 1e6:6.1f} MB"
        yield f"{name:<16} {size}  {state:<8} {manifest.licence:<12} {manifest.task}"
    if built := list_built():
        yield "\nLanguage models that were built here:"
    for path in built.values():
        try:
            yield describe(path)
            if measured := told(ModelFolder(path)):
                yield f"{'':<24} {measured}"
        except ModelError as error:  # one that is damaged does not hide the others
            yield f"{path.name:<24} damaged: {error}"
    if speech := list_built_speech():
        yield "\nSpeech models that were built here, for captions and `browline transcribe`:"
    for path in speech.values():
        try:
            yield describe_speech(path)
        except ModelError as error:
            yield f"{path.name:<24} damaged: {error}"
    yield "\nFor `browline models build NAME`:"
    for name, manifest in list_checkpoints().items():
        yield f"{name:<16} {manifest.bytes / 1e6:6.1f} MB  {manifest.licence:<12} {manifest.task}"
    yield "\nOf the Hugging Face hub, for `browline models build NAME`; MB are what it takes on the glasses:"
    head = ("", "download", *(f"{quant} MB" for quant in QUANTS), "licence", "boards that hold it")
    yield table(map(_row, list_hub_models().values()), head)


def _row(model: HubModel) -> tuple[object, ...]:
    weight = model.weight()
    if weight is None:
        return (model.name, "–", *("–" for _ in QUANTS), model.licence, UNKNOWN)
    memory = (weight.memory_mb[quant] for quant in QUANTS)
    return (
        model.name,
        f"{weight.download / 1e9:.1f} GB",
        *memory,
        model.licence,
        _boards(weight.memory_mb),
    )


def _boards(memory_mb: dict[Quant, int]) -> str:
    """Each board with the finest of int8 and int4 that it holds."""
    fine = holders(memory_mb["int8"])
    coarse = [board for board in holders(memory_mb["int4"]) if board not in fine]
    said = [f"{quant}: {', '.join(boards)}" for quant, boards in (("int8", fine), ("int4", coarse)) if boards]
    return " · ".join(said) or "none"


def data(store: ModelStore) -> dict[str, Any]:
    """For programs: ``models``, ``built``, ``speech``, ``checkpoints`` and ``hub``. Raises ManifestError."""
    missing = store.missing()
    models = [
        {
            "name": name,
            "bytes": manifest.bytes,
            "here": name not in missing,
            "licence": manifest.licence,
            "task": manifest.task,
            "memory_mb": manifest.memory_mb,
        }
        for name, manifest in list_manifests().items()
    ]
    checkpoints = [
        {"name": name, "bytes": one.bytes, "licence": one.licence, "task": one.task}
        for name, one in list_checkpoints().items()
    ]
    hub = list(map(_hub, list_hub_models().values()))
    built = {"built": list(_built()), "speech": list(_built_speech())}
    return {"models": models, **built, "checkpoints": checkpoints, "hub": hub}


def _built() -> Iterator[dict[str, Any]]:
    for name, path in list_built().items():
        try:
            about = ModelFolder(path).about
        except ModelError as error:
            yield {"name": name, "damaged": str(error)}
            continue
        size = sum(mark.bytes for mark in about.files.values())
        row = {key: getattr(about, key) for key in ("name", "family", "quant", "source", "licence")}
        yield row | {"bytes": size, "parameters": about.text.parameters(), "sees": about.vision is not None}


def _built_speech() -> Iterator[dict[str, Any]]:
    for name, path in list_built_speech().items():
        try:
            about = SpeechFolder(path).about
        except ModelError as error:
            yield {"name": name, "damaged": str(error)}
            continue
        size = sum(mark.bytes for mark in about.files.values())
        row = {key: getattr(about, key) for key in ("name", "family", "quant", "source", "licence")}
        yield row | {"bytes": size, "parameters": about.shape.parameters()}


def _hub(model: HubModel) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(model)
    del row["config"]
    weight = model.weight()
    if weight is None:
        return row | {"download": None, "memory_mb": None, "boards": None}
    boards = {quant: holders(weight.memory_mb[quant]) for quant in QUANTS}
    return row | {"download": weight.download, "memory_mb": weight.memory_mb, "boards": boards}
