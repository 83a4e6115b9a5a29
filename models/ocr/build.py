"""Put a text reader together from a manifest and its files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from models.backends.ort import DEFAULT, Options, Session
from models.manifest import Manifest
from models.ocr.detector import DbDetector
from models.ocr.reader import TextReader
from models.ocr.recogniser import CtcRecogniser


def open_reader(manifest: Manifest, files: Mapping[str, Path], options: Options = DEFAULT) -> TextReader:
    """Load detector and recogniser; ``files`` is what ``ModelStore.ensure`` gave. Raises BackendError."""
    detector, recogniser = manifest.file("detector"), manifest.file("recogniser")
    sessions = [Session(files[file.name], file, options) for file in (detector, recogniser)]

    def close() -> None:
        for session in sessions:
            session.close()

    return TextReader(DbDetector(sessions[0]), CtcRecogniser(sessions[1]), on_close=close)
