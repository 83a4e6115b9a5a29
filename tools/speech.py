"""Built speech models on this computer: where they lie, what is said of them, and one of them opened."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from models.base import ManifestError, ModelMemoryError
from models.speech.choice import WORKING_MB
from models.speech.whisper.folder import Quant, SpeechFolder, list_speech
from models.speech.whisper.recogniser import WhisperRecogniser, open_recogniser
from models.store import ignore_progress
from tools.qwen import COMMIT, built_folder

FIRST = "whisper-base"  # what is built when there is none
BYTES: dict[Quant, float] = {
    "int8": 1.1,
    "weights8": 1.1,
    "none": 4,
}  # a weight, its share of the scales with it


def list_built_speech() -> dict[str, Path]:
    """Name → folder of every built speech model, in the order of names."""
    return list_speech(built_folder())


def describe_speech(path: Path) -> str:
    """One line about a built speech model. Raises ManifestError."""
    about = SpeechFolder(path).about
    size = sum(mark.bytes for mark in about.files.values()) / 1e6
    millions = about.shape.parameters() / 1e6
    source = COMMIT.sub(r"@\1", about.source)
    return (
        f"{about.name:<24} {size:7.1f} MB  {about.quant:<5} {about.family:<6} {millions:.0f} M from {source}"
    )


def check_speech_room(checkpoint: Path, quant: Quant, board: str) -> None:
    """Raise ModelMemoryError when ``board`` can't hold a build of the ``checkpoint``, ExportError for no Whisper."""
    from tools.export.whisper.checkpoint import open_whisper_checkpoint, shape_of  # they import onnx
    from tools.hub_models import rooms

    weights = shape_of(open_whisper_checkpoint(checkpoint).config).parameters()
    needed_mb, room_mb = weights * BYTES[quant] // (1 << 20) + WORKING_MB, rooms()[board]
    if needed_mb > room_mb:
        raise ModelMemoryError(
            f"as {quant} it needs {needed_mb:.0f} MB; {board} has {room_mb} MB for it: take a smaller Whisper"
        )


def open_speech(name: str | None, say: Callable[[str], object]) -> WhisperRecogniser:
    """The model ``name`` (a built one or a folder), ``FIRST`` or another where none is named; built if there is none.

    ``say`` is told of a build. Raises ModelError.
    """
    threads = max(1, min(2, os.cpu_count() or 1))
    return open_recogniser(_find(name, say), threads=threads)


def _find(name: str | None, say: Callable[[str], object]) -> Path:
    built = list_built_speech()
    wanted = name or (FIRST if FIRST in built else next(iter(built), FIRST))
    if wanted in built:
        return built[wanted]
    if name is None:
        return build_first(say)
    if Path(name).is_dir():
        return Path(name)
    there = f"there are: {', '.join(built)}" if built else f"run `browline models build {FIRST}`"
    raise ManifestError(f"no speech model is called {name!r}; {there}")


def build_first(say: Callable[[str], object]) -> Path:
    """Fetch and build ``FIRST``; where it lies. Raises ModelError."""
    from tools import source  # it imports onnx
    from tools.export.whisper.build import build_whisper

    say(f"no speech model was built yet: building {FIRST}, once")
    checkpoint = source.fetch(source.find(FIRST), say, ignore_progress)
    target = built_folder() / FIRST
    build_whisper(checkpoint.path, target, origin=checkpoint.origin)
    source.open_checkpoints().remove(FIRST)
    return target
