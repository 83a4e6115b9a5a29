"""Built speech models on this computer: where they lie, and what is said of them."""

from __future__ import annotations

from pathlib import Path

from models.speech.whisper.folder import SpeechFolder, list_speech
from tools.qwen import COMMIT, built_folder


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
