"""Strips cut from a picture: each box warped to an upright rectangle, and turned where that is in doubt."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from models.base import TextBox
from models.ocr.recogniser import HEIGHT

# Measured on the fixtures at six sizes and three leans: boxes are a little high and, around small print, a
# little short; more at the sides of big print would let its neighbours in.
SIDE_MARGIN = 0.2
MOST_MARGIN = 3.0  # pixels
TOP_MARGIN = -0.08
MAX_HEIGHT = 4 * HEIGHT
MAX_WIDTH = 40 * HEIGHT


def size(box: TextBox) -> tuple[float, float]:
    """Width along the text and height across it, in pixels."""
    corners = np.array(box.quad)
    return float(np.linalg.norm(corners[1] - corners[0])), float(np.linalg.norm(corners[3] - corners[0]))


def turn(box: TextBox, turns: int) -> TextBox:
    """The same box for text that is turned clockwise by ``turns`` × 90°."""
    a, b, c, d = (box.quad[(k + turns) % 4] for k in range(4))
    return TextBox((a, b, c, d), box.score)


def quarters(box: TextBox) -> int:
    """Which way the text runs: 0 to the right, 1 down, 2 to the left, 3 up."""
    (x0, y0), (x1, y1) = box.quad[:2]
    return round(math.atan2(y1 - y0, x1 - x0) / (math.pi / 2)) % 4


def unturned(box: TextBox, turns: int, width: int, height: int) -> TextBox:
    """A box found in ``np.rot90(image, turns)``, in the image's own pixels (``width`` × ``height``)."""

    def back(x: float, y: float) -> tuple[float, float]:
        return ((x, y), (width - y, x), (width - x, height - y), (y, height - x))[turns]

    a, b, c, d = (back(x, y) for x, y in box.quad)
    return TextBox((a, b, c, d), box.score)


def cut(image: NDArray[np.uint8], box: TextBox) -> NDArray[np.uint8]:
    """``image`` uint8[H, W, 3] → the box as an upright strip uint8[h, w, 3], at least 48 pixels high."""
    width, height = size(box)
    side, top = min(SIDE_MARGIN * height, MOST_MARGIN), TOP_MARGIN * height
    corners = _grown(np.array(box.quad), side, top)
    width, height = width + 2 * side, height + 2 * top
    zoom = min(max(1.0, HEIGHT / height), MAX_HEIGHT / height)
    h = max(1, round(height * zoom))
    w = min(max(1, round(width * zoom)), MAX_WIDTH)
    target = np.array(((0, 0), (w, 0), (w, h), (0, h)))
    # Corners lie between pixels, cv2 counts from the middle of the first one.
    matrix = cv2.getPerspectiveTransform(
        (corners - 0.5).astype(np.float32), (target - 0.5).astype(np.float32)
    )
    strip = cv2.warpPerspective(
        image, matrix, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return strip.astype(np.uint8, copy=False)


def _grown(corners: NDArray[np.float64], side: float, top: float) -> NDArray[np.float64]:
    """Corners moved outwards along the text by ``side`` and across it by ``top`` pixels."""
    along, across = corners[1] - corners[0], corners[3] - corners[0]
    along *= side / max(float(np.linalg.norm(along)), 1e-6)
    across *= top / max(float(np.linalg.norm(across)), 1e-6)
    signs = np.array(((-1, -1), (1, -1), (1, 1), (-1, 1)))
    grown: NDArray[np.float64] = corners + signs[:, :1] * along + signs[:, 1:] * across
    return grown
