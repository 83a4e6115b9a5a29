from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.speech.whisper.folder import Quant
from models.speech.whisper.model import WhisperModel, open_whisper
from tools.bench import tiny_whisper
from tools.export.whisper.build import build_whisper

Tiny = Callable[..., WhisperModel]


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Tiny]:
    """Number and quantisation → that tiny checkpoint, built and loaded."""
    opened: list[WhisperModel] = []

    def build(number: int, quant: Quant = "none") -> WhisperModel:
        place = tmp_path / f"{number}-{quant}"
        build_whisper(tiny_whisper.draw(number, place / "tiny"), place / "built", quant)
        opened.append(open_whisper(place / "built", threads=1))
        return opened[-1]

    yield build
    for model in opened:
        model.close()
