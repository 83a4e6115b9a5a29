"""Real models and real pictures, where this machine has them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.base import ManifestError
from models.language import built_folder
from models.manifest import list_checkpoints, list_manifests
from models.speech.whisper.folder import SpeechFolder
from models.store import ModelStore, cache_folder
from tools.export.whisper.build import build_whisper

FIXTURES = Path(__file__).resolve().parents[3] / "shared" / "fixtures"

ModelFiles = Callable[[str], dict[str, Path]]
Picture = Callable[[str], NDArray[np.uint8]]


def _never(_seconds: float) -> None:
    raise AssertionError("a model that is there needs no waiting")


@pytest.fixture(scope="session")
def model_files() -> ModelFiles:
    """Model name → its verified files; skips where they were never pulled."""
    store = ModelStore(cache_folder(os.environ), list_manifests(), _never)

    def files(name: str) -> dict[str, Path]:
        if name in store.missing():
            pytest.skip(f"{name} is not in the cache: run `browline models pull`")
        return store.ensure(name)

    return files


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The folder of real test data; skips where a plain clone has none."""
    if not FIXTURES.is_dir():
        pytest.skip("../shared/fixtures is not here: real test data is not part of the repository")
    return FIXTURES


@pytest.fixture(scope="session")
def picture(fixtures: Path) -> Picture:
    """A fixture picture as uint8[H, W, 3] BGR."""

    def load(name: str) -> NDArray[np.uint8]:
        image = cv2.imread(str(fixtures / name))
        assert image is not None, name
        return image.astype(np.uint8, copy=False)

    return load


@pytest.fixture(scope="session")
def whisper_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whisper base as the glasses use it, built anew where the built one is of another format; else skips."""
    built = built_folder(os.environ) / "whisper-base"
    try:
        return SpeechFolder(built).path
    except ManifestError:
        checkpoint = ModelStore(cache_folder(os.environ), list_checkpoints(), _never)
        if "whisper-base" in checkpoint.missing():
            pytest.skip("whisper-base is not in the cache: run `browline models build whisper-base`")
        target = tmp_path_factory.mktemp("whisper") / "whisper-base"
        build_whisper(checkpoint.ensure("whisper-base")["model.bin"].parent, target)
        return target
