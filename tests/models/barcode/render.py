"""Symbols drawn and spoiled by the tests themselves."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.barcode.gtin import GtinError, check_digit, expand_upce

Image = NDArray[np.uint8]
QUIET = 11  # modules


def draw(bits: str, module: int = 3, height: int = 50, text: str = "") -> Image:
    """Bars ``module`` px wide and ``height`` modules tall on white, ``text`` beneath them."""
    row = 255 - 255 * np.repeat(np.array([*map(int, "0" * QUIET + bits + "0" * QUIET)], np.uint8), module)
    page = np.full(((height + 24) * module, len(row)), 255, np.uint8)
    page[8 * module : (8 + height) * module] = row
    image = cv2.cvtColor(page, cv2.COLOR_GRAY2BGR)
    if text:
        scale = 0.29 * module
        place = (QUIET * module, (height + 19) * module)
        cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), max(1, module // 2))
    return image.astype(np.uint8, copy=False)


def shrink(image: Image, by: float) -> Image:
    size = (max(1, round(image.shape[1] * by)), max(1, round(image.shape[0] * by)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def blur(image: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def noise(image: Image, sigma: float, seed: int) -> Image:
    rng = np.random.default_rng(seed)
    dim = 30.0 + 0.6 * image
    return np.clip(dim + rng.normal(0.0, sigma, image.shape[:2])[..., None], 0, 255).astype(np.uint8)


def turn(image: Image, degrees: float) -> Image:
    h, w = image.shape[:2]
    side = int(np.hypot(h, w)) + 2
    matrix = cv2.getRotationMatrix2D((w / 2, h / 2), degrees, 1.0)
    matrix[:, 2] += [(side - w) / 2, (side - h) / 2]
    return np.asarray(cv2.warpAffine(image, matrix, (side, side), borderValue=(200, 200, 200)), np.uint8)


def lean(image: Image, by: float) -> Image:
    """The right side farther away: ``by`` of its height is lost."""
    h, w = image.shape[:2]
    source = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    target = np.array(
        [[0, 0], [w * (1 - by), h * by / 2], [w * (1 - by), h * (1 - by / 2)], [0, h]], np.float32
    )
    matrix = cv2.getPerspectiveTransform(source, target)
    return np.asarray(cv2.warpPerspective(image, matrix, (w, h), borderValue=(200, 200, 200)), np.uint8)


def ean13(seed: int) -> str:
    body = "".join(str(d) for d in np.random.default_rng(seed).integers(0, 10, 12))
    return body + check_digit(body)


def ean8(seed: int) -> str:
    body = "".join(str(d) for d in np.random.default_rng(seed).integers(0, 10, 7))
    return body + check_digit(body)


def upce(seed: int) -> str:
    rng = np.random.default_rng(seed)
    body = "0" + "".join(str(d) for d in rng.integers(1, 10, 6))
    for check in "0123456789":
        try:
            expand_upce(body + check)
        except GtinError:
            continue
        return body + check
    raise AssertionError("one check digit is right")
