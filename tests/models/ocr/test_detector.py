from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.backends.ort import Session
from models.manifest import list_manifests
from models.ocr.detector import DbDetector
from tests.models.conftest import ModelFiles, Picture


@pytest.fixture(scope="module")
def detector(model_files: ModelFiles) -> DbDetector:
    file = list_manifests()["ppocrv6-tiny"].file("detector")
    return DbDetector(Session(model_files("ppocrv6-tiny")[file.name], file))


def test_one_box_around_one_line(detector: DbDetector) -> None:
    image = np.full((480, 640, 3), 230, np.uint8)
    cv2.putText(image, "BEST BEFORE", (120, 250), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (20, 20, 20), 3)
    ys, xs = np.nonzero(image[:, :, 0] < 100)
    (box,) = detector.detect(image)
    (left, top), (right, _), (_, bottom), _ = box.quad
    assert box.score > 0.7
    assert left <= xs.min() + 3 and right >= xs.max() - 3
    assert abs(top - ys.min()) < 15 and abs(bottom - ys.max()) < 15


def test_boxes_lie_where_the_text_is_at_any_size(detector: DbDetector, picture: Picture) -> None:
    sign = picture("labels/street_sign_zh_en.jpg")
    for zoom in (1.0, 3.0):
        boxes = detector.detect(cv2.resize(sign, None, fx=zoom, fy=zoom).astype(np.uint8))
        centres = [np.mean(box.quad, axis=0) / zoom for box in boxes]
        assert any(np.hypot(*(centre - (323, 117))) < 25 for centre in centres), "the street's name"


def test_nothing_is_found_where_nothing_is_written(detector: DbDetector) -> None:
    assert detector.detect(np.full((480, 640, 3), 128, np.uint8)) == []


@pytest.mark.parametrize(
    ("size", "looked_at"),
    [
        ((1, 1), (32, 32)),
        ((640, 480), (960, 736)),
        ((323, 430), (640, 864)),
        ((1280, 960), (1120, 832)),
        ((1920, 1080), (1280, 736)),
        ((20_000, 300), (7904, 128)),
    ],
)
def test_pictures_are_looked_at_in_a_size_that_is_worth_it(
    detector: DbDetector, size: tuple[int, int], looked_at: tuple[int, int]
) -> None:
    assert detector.working_size(*size) == looked_at


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 2000, 3), (20_000, 8, 3), (33, 31, 3)])
def test_odd_pictures_are_no_error(detector: DbDetector, shape: tuple[int, int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    for box in detector.detect(noise):
        assert 0 <= box.score <= 1
