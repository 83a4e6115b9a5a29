from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.features.snap.quality import best_first, quality
from runtime.features.snap.result import Image
from tests.runtime.features.snap.fakes import picture


def blurred(image: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), dtype=np.uint8)


def test_the_sharpest_comes_first_and_the_rest_in_order() -> None:
    sharp = picture(size=480)
    softer, softest = blurred(sharp, 1.5), blurred(sharp, 4)
    ranked = best_first([softest, sharp, softer])
    assert [id(image) for image in ranked] == [id(sharp), id(softer), id(softest)]
    assert len(best_first([sharp] * 5, keep=2)) == 2


def test_a_badly_exposed_frame_is_not_chosen_for_its_noise() -> None:
    dark = (picture(size=480) // 8).astype(np.uint8)
    good = blurred(picture(size=480), 0.7)
    assert quality(dark).brightness < 35
    assert best_first([dark, good])[0] is good


@pytest.mark.parametrize(
    ("image", "hint"),
    [
        (np.zeros((480, 640, 3), np.uint8), "dark"),
        (np.full((480, 640, 3), 255, np.uint8), "bright"),
        (np.full((480, 640, 3), 128, np.uint8), "Hold still"),
        (picture(size=480), ""),
    ],
)
def test_the_hint_says_what_to_do(image: Image, hint: str) -> None:
    assert (hint in quality(image).hint) if hint else quality(image).hint == ""


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (3, 2)])
def test_odd_shapes_are_judged_too(shape: tuple[int, int]) -> None:
    assert quality(np.full((*shape, 3), 90, np.uint8)).brightness == pytest.approx(90)
