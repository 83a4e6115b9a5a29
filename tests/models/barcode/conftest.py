"""Readers made once: one that sees bars only, one that reads the printed digits too."""

from __future__ import annotations

import pytest

from models.backends.ort import Session
from models.barcode.reader import BarcodeReader
from models.manifest import list_manifests
from models.ocr.recogniser import CtcRecogniser
from tests.models.conftest import ModelFiles


@pytest.fixture(scope="session")
def bars_only() -> BarcodeReader:
    return BarcodeReader()


@pytest.fixture(scope="session")
def reader(model_files: ModelFiles) -> BarcodeReader:
    recogniser = list_manifests()["ppocrv6-tiny"].file("recogniser")
    path = model_files("ppocrv6-tiny")[recogniser.name]
    return BarcodeReader(CtcRecogniser(Session(path, recogniser)))
