"""The text reader, loaded once for all tests here."""

from __future__ import annotations

import pytest

from models.manifest import list_manifests
from models.ocr.build import open_reader
from models.ocr.reader import TextReader
from tests.models.conftest import ModelFiles


@pytest.fixture(scope="session")
def reader(model_files: ModelFiles) -> TextReader:
    return open_reader(list_manifests()["ppocrv6-tiny"], model_files("ppocrv6-tiny"))
