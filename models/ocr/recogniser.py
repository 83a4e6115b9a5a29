"""PP-OCRv6 recognition: strips of one line, 48 pixels high, read by CTC (Graves et al. 2006)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.backends.ort import Session
from models.base import BackendError

HEIGHT = 48
STRIDE = 8  # pixels of width that one time step stands for
WIDEST = 66 * HEIGHT  # longer strips are squeezed: no line of print is that long, and memory is finite


class CtcRecogniser:
    """Reads upright strips; implements ``models.base.TextRecogniser``."""

    def __init__(self, session: Session, *, bucket: int = 64, batch_width: int = 1280) -> None:
        self._session = session
        self._bucket = bucket
        self._batch_width = batch_width
        self._alphabet = _alphabet(session)

    @property
    def alphabet(self) -> str:
        """Class c ≥ 1 of the posteriors stands for ``alphabet[c − 1]``; class 0 is the CTC blank."""
        return self._alphabet

    def posteriors(self, strips: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        """``strips`` uint8[h, w, 3] BGR → for each float32[T, C], T = ⌈width at 48 px high / 8⌉.

        Raises BackendError.
        """
        result: list[NDArray[np.float32]] = [np.zeros((0, 0), np.float32)] * len(strips)
        for index, steps in self._run(strips):
            result[index] = steps.copy()
        return result

    def read(self, strips: Sequence[NDArray[np.uint8]]) -> list[tuple[str, float]]:
        """Greedy CTC text and its mean probability, for each strip. Raises BackendError."""
        result = [("", 0.0)] * len(strips)
        for index, steps in self._run(strips):
            result[index] = self._greedy(steps)
        return result

    def _run(self, strips: Sequence[NDArray[np.uint8]]) -> Iterator[tuple[int, NDArray[np.float32]]]:
        widths = [_width(strip) for strip in strips]
        for batch in self._batches(widths):
            padded = self._padded(widths[batch[-1]])
            rows = np.zeros((len(batch), 3, HEIGHT, padded), np.float32)
            for row, index in zip(rows, batch, strict=True):
                _fill(row, strips[index], widths[index])
            (steps,) = self._session.run({"x": rows})  # [N, T, C]
            for one, index in zip(steps, batch, strict=True):
                yield index, one[: math.ceil(widths[index] / STRIDE)]

    def _batches(self, widths: Sequence[int]) -> Iterator[list[int]]:
        """Indices by rising width, so that one batch pads little and fits the memory budget."""
        batch: list[int] = []
        for index in sorted(range(len(widths)), key=widths.__getitem__):
            padded = self._padded(widths[index])
            if batch and (
                padded != self._padded(widths[batch[0]]) or len(batch) * padded >= self._batch_width
            ):
                yield batch
                batch = []
            batch.append(index)
        if batch:
            yield batch

    def _padded(self, width: int) -> int:
        return math.ceil(width / self._bucket) * self._bucket

    def _greedy(self, steps: NDArray[np.float32]) -> tuple[str, float]:
        best = steps.argmax(axis=1)
        starts = np.flatnonzero((best != 0) & (best != np.concatenate(([0], best[:-1]))))
        if not len(starts):
            return "", 0.0
        text = "".join(self._alphabet[c - 1] for c in best[starts])
        return text, float(steps[starts, best[starts]].mean())


def _alphabet(session: Session) -> str:
    characters = session.metadata.get("character", "").splitlines()
    if not characters or any(len(c) != 1 for c in characters):
        raise BackendError("the recogniser's file names no alphabet: it is not a PP-OCR recogniser")
    return "".join(characters) + " "


def _width(strip: NDArray[np.uint8]) -> int:
    return min(max(STRIDE, round(int(strip.shape[1]) * HEIGHT / int(strip.shape[0]))), WIDEST)


def _fill(row: NDArray[np.float32], strip: NDArray[np.uint8], width: int) -> None:
    shrinks = strip.shape[0] > HEIGHT
    resized = cv2.resize(
        strip, (width, HEIGHT), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    row[:, :, :width] = resized.transpose(2, 0, 1)
    row[:, :, :width] /= 127.5
    row[:, :, :width] -= 1.0
