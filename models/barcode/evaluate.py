"""How well a reader does on a folder of photos with known codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import msgspec
import numpy as np

from models.barcode.base import Code, Image

_SUFFIXES = {".webp", ".png", ".jpg", ".jpeg"}


class Reads(Protocol):
    """Anything that reads codes from frames, such as ``BarcodeReader``."""

    def read(self, images: Sequence[Image]) -> list[Code]:
        """Codes in the frames, the surest first."""
        ...


class Result(msgspec.Struct, frozen=True):
    """One photo: the code it shows, the first product code that was read, the milliseconds that took."""

    photo: Path
    truth: str
    code: Code | None
    ms: float

    @property
    def outcome(self) -> str:
        """``right sure``, ``right probable``, ``wrong sure``, ``wrong probable`` or ``none``."""
        if self.code is None:
            return "none"
        return f"{'right' if self.code.gtin == self.truth else 'wrong'} {self.code.certainty}"


def evaluate(folder: Path, reader: Reads, seconds: Callable[[], float]) -> list[Result]:
    """Read every photo in ``folder`` that has its code beside it as ``NAME.txt``, in order of name.

    ``seconds`` is a running clock, for the times only. Raises ValueError for a photo that can't be opened.
    """
    results = []
    for photo in sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES):
        truth = photo.with_suffix(".txt")
        if not truth.is_file():
            continue
        image = _opened(photo)
        start = seconds()
        codes = [code for code in reader.read([image]) if code.gtin]
        ms = (seconds() - start) * 1000.0
        results.append(Result(photo, truth.read_text("utf-8").strip(), codes[0] if codes else None, ms))
    return results


def _opened(photo: Path) -> Image:
    image = cv2.imread(str(photo), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"{photo} is no picture that OpenCV can open")
    return np.asarray(image, np.uint8)
