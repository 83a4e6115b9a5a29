"""The real text reader over the real photographs, where this machine has both."""

from __future__ import annotations

import pytest

from models.manifest import list_manifests
from models.ocr.build import open_reader
from models.ocr.reader import TextReader
from runtime.core.clock import VirtualClock
from runtime.features.snap.pipeline import Tools, read_product
from runtime.features.snap.result import SnapResult
from tests.models.conftest import ModelFiles, Picture, fixtures, model_files, picture
from tests.runtime.features.snap.fakes import FakeCodes, FakeTracer

__all__ = ["fixtures", "model_files", "picture"]


@pytest.fixture(scope="module")
def reader(model_files: ModelFiles) -> TextReader:
    return open_reader(list_manifests()["ppocrv6-tiny"], model_files("ppocrv6-tiny"))


def snap(reader: TextReader, picture: Picture, name: str) -> SnapResult:
    tools = Tools(FakeCodes(), reader, VirtualClock(), FakeTracer())
    return read_product([picture(name)], tools, lambda: False)


def test_the_promotion_card(reader: TextReader, picture: Picture) -> None:
    result = snap(reader, picture, "labels/price_card_zh.jpg")
    price, was = result.field("price"), result.field("was_price")
    assert (price.value, price.certainty, price.qualifier) == (5.8, "sure", "from")
    assert (was.value, was.text) == (10.0, "10.0起")
    assert price.crop is not None
    assert 120 < price.crop.x < 135
    assert result.field("best_before").certainty == "not read"


def test_the_street_sign(reader: TextReader, picture: Picture) -> None:
    result = snap(reader, picture, "labels/street_sign_zh_en.jpg")
    texts = [line.text for line in result.lines]
    assert "愚园路" in texts
    assert "Yuyuan Rd." in texts
    assert result.field("price").certainty == "not read", "house numbers are no prices"
