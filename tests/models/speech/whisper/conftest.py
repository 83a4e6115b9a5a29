from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.speech.whisper.folder import Quant
from models.speech.whisper.model import WhisperModel, open_whisper
from tests.models.conftest import ModelFiles
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


@pytest.fixture(scope="session")
def whisper_base(model_files: ModelFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whisper base, built as the glasses use it; skips where its weights were never fetched."""
    source = model_files("whisper-base")["model.bin"].parent
    target = tmp_path_factory.mktemp("whisper") / "whisper-base"
    build_whisper(source, target)
    return target
