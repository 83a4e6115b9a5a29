"""PP-OCRv6 detection: a probability map of text, cut into boxes.

Differentiable Binarization, Liao et al. 2020 (arXiv 1911.08947) §3.4: threshold the map, take each region's
smallest rectangle, grow it by area × ratio / perimeter, because the map shows shrunken text.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.backends.ort import Session
from models.base import TextBox

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]

# PaddleOCR's preprocessing: BGR, with ImageNet's mean and deviation in that order; one row a channel.
MEAN = np.array((0.485, 0.456, 0.406), np.float32)[:, None]
DEVIATION = np.array((0.229, 0.224, 0.225), np.float32)[:, None]
LEVELS = (np.arange(256, dtype=np.float32) / 255 - MEAN) / DEVIATION  # [3, 256]


class DbDetector:
    """Finds lines of text in any picture; implements ``models.base.TextDetector``."""

    def __init__(
        self,
        session: Session,
        *,
        threshold: float = 0.2,
        box_threshold: float = 0.4,
        unclip: float = 1.4,
        least_pixels: int = 700_000,
        most_pixels: int = 940_000,
        max_zoom: float = 2.0,
    ) -> None:
        """A picture is looked at with ``least_pixels`` to ``most_pixels``: time and memory go with them.

        The thresholds and ``unclip`` are those of PP-OCRv6's configuration.
        """
        self._session = session
        self._threshold = threshold
        self._box_threshold = box_threshold
        self._unclip = unclip
        self._least_pixels = least_pixels
        self._most_pixels = most_pixels
        self._max_zoom = max_zoom

    def detect(self, image: NDArray[np.uint8]) -> list[TextBox]:
        """``image`` uint8[H, W, 3] BGR → boxes in any order. Raises BackendError."""
        width, height = self.working_size(image.shape[1], image.shape[0])
        (maps,) = self._session.run({"x": _to_input(image, width, height)})
        scale = np.array((image.shape[1] / width, image.shape[0] / height))
        return self._boxes(maps[0, 0], scale)

    def working_size(self, width: int, height: int) -> tuple[int, int]:
        """The size a picture is looked at: multiples of 32, small ones enlarged, large ones reduced."""
        zoom_in = min(math.sqrt(self._least_pixels / (width * height)), self._max_zoom)
        zoom = min(math.sqrt(self._most_pixels / (width * height)), max(1.0, zoom_in))
        return max(32, round(width * zoom / 32) * 32), max(32, round(height * zoom / 32) * 32)

    def _boxes(self, heat: NDArray[np.float32], scale: NDArray[np.float64]) -> list[TextBox]:
        mask = (heat > self._threshold).astype(np.uint8)
        contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        found = (self._box(contour, heat, scale) for contour in contours)
        return [box for box in found if box]

    def _box(self, contour: Any, heat: NDArray[np.float32], scale: NDArray[np.float64]) -> TextBox | None:
        centre, (w, h), angle = cv2.minAreaRect(contour)
        if min(w, h) < 3:
            return None
        score = _mean_inside(heat, cv2.boxPoints((centre, (w, h), angle)))
        if score < self._box_threshold:
            return None
        grow = self._unclip * w * h / (w + h)  # the paper's distance, on both sides
        corners = cv2.boxPoints((centre, (w + grow, h + grow), angle))
        return TextBox(_clockwise((corners + 0.5) * scale), score)


def _to_input(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.float32]:
    shrinks = width < image.shape[1]
    resized = cv2.resize(
        image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    pixels = resized.astype(np.uint8, copy=False)
    planes = np.empty((1, 3, height, width), np.float32)
    for channel, levels in enumerate(LEVELS):  # by table: no other large array comes and goes
        np.take(levels, pixels[:, :, channel], out=planes[0, channel], mode="clip")
    return planes


def _mean_inside(heat: NDArray[np.float32], corners: NDArray[Any]) -> float:
    height, width = heat.shape
    low = np.clip(np.floor(corners.min(axis=0)), 0, (width - 1, height - 1)).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)), 0, (width - 1, height - 1)).astype(int)
    patch = heat[low[1] : high[1] + 1, low[0] : high[0] + 1]
    mask = np.zeros(patch.shape, np.uint8)
    cv2.fillPoly(mask, [(corners - low).astype(np.int32)], 1)
    return float(cv2.mean(patch, mask)[0])


def _clockwise(corners: NDArray[np.float64]) -> Quad:
    """Order four corners clockwise from the top left, as for text that leans less than 45°."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left = by_x[:2][np.argsort(by_x[:2, 1], kind="stable")]
    right = by_x[2:][np.argsort(by_x[2:, 1], kind="stable")]
    a, b, c, d = ((float(x), float(y)) for x, y in (left[0], right[0], right[1], left[1]))
    return a, b, c, d
