from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.base import BackendError, TextBox, TextLine
from models.manifest import list_manifests
from models.ocr import straighten
from models.ocr.build import open_reader
from models.ocr.reader import TextReader
from tests.models.conftest import ModelFiles, Picture

PRICE, SIGN = "labels/price_card_zh.jpg", "labels/street_sign_zh_en.jpg"


def texts(lines: Sequence[TextLine]) -> list[str]:
    return [line.text for line in lines]


def label(width: int = 900, height: int = 500) -> NDArray[np.uint8]:
    image = np.full((height, width, 3), 225, np.uint8)
    for row, text in enumerate(("MUESLI WITH RAISINS", "NET WEIGHT 750 g", "EXPIRES 12.03.2027")):
        cv2.putText(image, text, (60, 100 + 110 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (30, 20, 20), 3)
    return image


def test_the_price_card(reader: TextReader, picture: Picture) -> None:
    lines = reader.read(picture(PRICE))
    read = texts(lines)
    assert "5.8" in read
    assert read.count("10.0起") == 2
    assert "正品促销" in read[0]
    price = next(line for line in lines if line.text == "5.8")
    was = next(line for line in lines if line.text == "10.0起")
    assert price.confidence > 0.95
    assert straighten.size(price.box)[1] > 2 * straighten.size(was.box)[1], "the price is in the big digits"


def test_the_street_sign_in_reading_order(reader: TextReader, picture: Picture) -> None:
    assert texts(reader.read(picture(SIGN))) == ["西", "愚园路", "东", "315", "309", "W", "Yuyuan Rd.", "E"]


@pytest.mark.parametrize("name", [PRICE, SIGN])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_picture_held_on_its_side_or_head_down_reads_the_same(
    reader: TextReader, picture: Picture, name: str, turns: int
) -> None:
    image = picture(name)
    upright = reader.read(image)
    turned = reader.read(np.ascontiguousarray(np.rot90(image, -turns)))
    assert texts(turned) == texts(upright)
    assert {straighten.quarters(line.box) for line in turned} == {turns}


@pytest.mark.parametrize("degrees", [-30, -12, 12, 30])
def test_leaning_text_is_read(reader: TextReader, degrees: float) -> None:
    image = label()
    turn = cv2.getRotationMatrix2D((450, 250), degrees, 0.8)
    turn[1, 2] += 120
    leaning = cv2.warpAffine(image, turn, (900, 740), borderValue=(90, 90, 90)).astype(np.uint8)
    read = [text.replace(" ", "") for text in texts(reader.read(leaning))]
    assert read == ["MUESLIWITHRAISINS", "NETWEIGHT750g", "EXPIRES12.03.2027"]


def test_one_line_head_down_among_others_is_turned(reader: TextReader) -> None:
    image = label()
    image[260:360] = np.rot90(image[260:360], 2)
    assert "EXPIRES 12.03.2027" in texts(reader.read(image))


def test_boxes_lie_around_their_text(reader: TextReader) -> None:
    lines = reader.read(label())
    for row, line in enumerate(lines):
        middle = np.mean(line.box.quad, axis=0)
        assert abs(middle[1] - (85 + 110 * row)) < 12


@pytest.mark.parametrize("size", [(1, 1), (7, 3000), (3000, 7), (64, 64)])
def test_pictures_without_text_give_no_lines(reader: TextReader, size: tuple[int, int]) -> None:
    assert reader.read(np.full((*size, 3), 77, np.uint8)) == []


def test_given_boxes_are_read_in_their_order(reader: TextReader, picture: Picture) -> None:
    name = TextBox(((228.0, 174.0), (416.0, 174.0), (416.0, 209.0), (228.0, 209.0)), 1.0)
    number = TextBox(((78.0, 125.0), (135.0, 125.0), (135.0, 152.0), (78.0, 152.0)), 1.0)
    assert texts(reader.read_boxes(picture(SIGN), [name, number])) == ["Yuyuan Rd.", "315"]


def test_a_closed_reader_says_so(model_files: ModelFiles) -> None:
    reader = open_reader(list_manifests()["ppocrv6-tiny"], model_files("ppocrv6-tiny"))
    reader.close()
    with pytest.raises(BackendError, match="was unloaded"):
        reader.read(label())
