"""Which frames of a burst are worth reading: sharp in the middle and neither black nor burnt out."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import msgspec

from runtime.features.snap.result import Image

DARK, BRIGHT = 35.0, 225.0
"""Mean grey levels outside of which a label can hardly be read."""

BLURRED = 12.0
"""A Tenengrad score (mean squared Sobel gradient at 320 columns) under which small print is gone."""


class Quality(msgspec.Struct, frozen=True):
    """``sharpness`` is the Tenengrad score (≥ 0), ``brightness`` the mean grey level 0…255 of the centre."""

    sharpness: float
    brightness: float

    @property
    def hint(self) -> str:
        """What the wearer can do about it, or "" when the frame is fine."""
        if self.brightness < DARK:
            return "It is too dark: turn to the light"
        if self.brightness > BRIGHT:
            return "It is too bright: tilt the label"
        return "Hold still and closer" if self.sharpness < BLURRED else ""

    @property
    def score(self) -> float:
        """The order of frames: sharpness, worth little when the exposure is off."""
        exposed = DARK <= self.brightness <= BRIGHT
        return self.sharpness if exposed else self.sharpness * 0.25


def quality(image: Image) -> Quality:
    """Judge uint8[H, W, 3] BGR by its middle (half the width and height), brought to 320 columns.

    Tenengrad: Krotkov, "Focusing", IJCV 1 (1988). The common size makes scores of one burst comparable.
    """
    h, w = image.shape[:2]
    centre = image[h // 4 : max(h // 4 + 1, h - h // 4), w // 4 : max(w // 4 + 1, w - w // 4)]
    grey = cv2.cvtColor(centre, cv2.COLOR_BGR2GRAY)
    scale = 320 / grey.shape[1]
    if scale < 1:
        grey = cv2.resize(grey, (320, max(1, round(grey.shape[0] * scale))), interpolation=cv2.INTER_AREA)
    gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return Quality(float((gx * gx + gy * gy).mean()), float(grey.mean()))


def best_first(images: Sequence[Image], keep: int = 3) -> list[Image]:
    """The ``keep`` best frames, sharpest first; the earlier of equals comes first."""
    if len(images) < 2:
        return list(images)
    return sorted(images, key=lambda image: -quality(image).score)[:keep]
