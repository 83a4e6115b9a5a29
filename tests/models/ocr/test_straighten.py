from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.base import TextBox
from models.ocr import straighten
from models.ocr.recogniser import HEIGHT

BOX = TextBox(((100.0, 50.0), (200.0, 50.0), (200.0, 80.0), (100.0, 80.0)), 0.9)


def striped() -> NDArray[np.uint8]:
    """A dark picture with a box that is white above and grey below."""
    image = np.zeros((200, 300, 3), np.uint8)
    image[50:65, 100:200] = 255
    image[65:80, 100:200] = 128
    return image


def test_a_strip_shows_the_box_upright() -> None:
    strip = straighten.cut(striped(), BOX)
    assert strip.shape[0] >= HEIGHT
    middle = strip.shape[1] // 2
    assert strip[5, middle].tolist() == [255] * 3
    assert strip[-5, middle].tolist() == [128] * 3


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_box_found_in_a_turned_picture_cuts_the_same_strip_from_the_picture_itself(turns: int) -> None:
    image = striped()
    turned = np.ascontiguousarray(np.rot90(image, turns))
    ys, xs = np.nonzero(turned[:, :, 0])
    left, right, top, bottom = xs.min(), xs.max() + 1, ys.min(), ys.max() + 1
    found = TextBox(
        tuple((float(x), float(y)) for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))),  # type: ignore[arg-type]
        0.9,
    )
    back = straighten.unturned(found, turns, width=300, height=200)
    assert set(back.quad) == set(BOX.quad)
    assert straighten.quarters(back) == turns
    there, here = straighten.cut(turned, found), straighten.cut(image, back)
    assert np.abs(there.astype(int) - here).max() <= 2


def test_turning_four_times_is_not_turning() -> None:
    box = BOX
    for expected in (1, 2, 3, 0):
        box = straighten.turn(box, 1)
        assert straighten.quarters(box) == expected
    assert box == BOX


@pytest.mark.parametrize(
    "quad",
    [
        ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),
        ((-50.0, -50.0), (5000.0, -50.0), (5000.0, -30.0), (-50.0, -30.0)),
        ((10.0, 10.0), (10.5, 10.0), (10.5, 4000.0), (10.0, 4000.0)),
    ],
)
def test_odd_boxes_give_small_strips_not_errors(quad: tuple[tuple[float, float], ...]) -> None:
    strip = straighten.cut(striped(), TextBox(quad, 0.5))  # type: ignore[arg-type]
    assert strip.dtype == np.uint8
    assert 1 <= strip.shape[0] <= straighten.MAX_HEIGHT
    assert 1 <= strip.shape[1] <= straighten.MAX_WIDTH


def test_small_print_is_enlarged_and_posters_are_reduced() -> None:
    image = cv2.resize(striped(), None, fx=20, fy=20).astype(np.uint8)
    big = TextBox(tuple((x * 20, y * 20) for x, y in BOX.quad), 0.9)  # type: ignore[arg-type]
    assert straighten.cut(image, big).shape[0] == straighten.MAX_HEIGHT
    assert straighten.cut(striped(), BOX).shape[0] == HEIGHT
