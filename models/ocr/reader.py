"""Picture in, lines of text out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Generator as Steps

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.base import TextBox, TextDetector, TextLine, TextRecogniser
from models.ocr import straighten
from models.ocr.order import reading_order
from models.steps import finished

TALL = 1.5  # higher than this times its width: text that runs up or down, or a single tall character
UNSURE = 0.85  # below this the other directions are tried
SAMPLE = 6  # so many of the longest lines tell which way up the picture is
CLEARLY = 0.05  # another direction must beat the first by this


class TextReader:
    """Detect → straighten → recognise → put in order."""

    def __init__(
        self,
        detector: TextDetector,
        recogniser: TextRecogniser,
        *,
        min_confidence: float = 0.5,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        """Lines below ``min_confidence`` are left out; ``on_close`` unloads the models."""
        self._detector = detector
        self._recogniser = recogniser
        self._min_confidence = min_confidence
        self._on_close = on_close

    @property
    def recogniser(self) -> TextRecogniser:
        """What reads strips, for callers that cut their own."""
        return self._recogniser

    def close(self) -> None:
        """Unload the models."""
        if self._on_close is not None:
            self._on_close()

    def find(self, image: NDArray[np.uint8]) -> list[TextBox]:
        """Where the lines of ``image`` uint8[H, W, 3] BGR are, unread: a third of the time. Raises BackendError."""
        return self._detector.detect(image)

    def read(self, image: NDArray[np.uint8]) -> list[TextLine]:
        """``image`` uint8[H, W, 3] BGR → its lines in reading order. Raises BackendError."""
        return finished(self.steps(image))

    def steps(self, image: NDArray[np.uint8]) -> Steps[None, None, list[TextLine]]:
        """As ``read``; yields between steps of a few lines, so that what is more urgent may go between them."""
        boxes = sorted(self._detector.detect(image), key=_length, reverse=True)
        yield
        lines = yield from self._lines(image, boxes[:SAMPLE])
        if turns := _direction(lines):
            lines = yield from self._read_turned(image, turns)
        else:
            lines += yield from self._lines(image, boxes[SAMPLE:])
        return reading_order([line for line in lines if line.confidence >= self._min_confidence])

    def _read_turned(self, image: NDArray[np.uint8], turns: int) -> Steps[None, None, list[TextLine]]:
        """Held sideways or head down: look again, the right way up."""
        height, width = image.shape[:2]
        upright = np.ascontiguousarray(np.rot90(image, turns))
        boxes = self._detector.detect(upright)
        yield
        lines = yield from self._lines(upright, boxes)
        return [
            msgspec.structs.replace(line, box=straighten.unturned(line.box, turns, width, height))
            for line in lines
        ]

    def _lines(self, image: NDArray[np.uint8], boxes: Sequence[TextBox]) -> Steps[None, None, list[TextLine]]:
        lines: list[TextLine] = []
        for start in range(0, len(boxes), SAMPLE):
            lines += self.read_boxes(image, boxes[start : start + SAMPLE])
            yield
        return lines

    def read_boxes(self, image: NDArray[np.uint8], boxes: Sequence[TextBox]) -> list[TextLine]:
        """Read given boxes, in their order; a box where nothing is read gives no line."""
        lines = self._recognise(image, boxes)
        doubtful = [i for i, line in enumerate(lines) if _in_doubt(line)]
        turned = [straighten.turn(boxes[i], quarters) for i in doubtful for quarters in _turns(boxes[i])]
        owners = [i for i in doubtful for _ in _turns(boxes[i])]
        for owner, line in zip(owners, self._recognise(image, turned), strict=True):
            if _weight(line) > _weight(lines[owner]) + CLEARLY:
                lines[owner] = line
        return [line for line in lines if line.text.strip()]

    def _recognise(self, image: NDArray[np.uint8], boxes: Sequence[TextBox]) -> list[TextLine]:
        read = self._recogniser.read([straighten.cut(image, box) for box in boxes])
        return [
            TextLine(text.strip(), confidence, box)
            for (text, confidence), box in zip(read, boxes, strict=True)
        ]


def _length(box: TextBox) -> float:
    return max(straighten.size(box))


def _direction(lines: Sequence[TextLine]) -> int:
    """The way most of the text runs, weighed by its length; 0 unless another has a clear majority."""
    votes = [0.0] * 4
    for line in lines:
        votes[straighten.quarters(line.box)] += straighten.size(line.box)[0] * line.confidence
    best = max(range(4), key=votes.__getitem__)
    return best if votes[best] > 0.6 * sum(votes) else 0


def _in_doubt(line: TextLine) -> bool:
    return _weight(line) < UNSURE or _is_tall(line.box)


def _is_tall(box: TextBox) -> bool:
    width, height = straighten.size(box)
    return height > TALL * width


def _turns(box: TextBox) -> tuple[int, ...]:
    """Which other directions make sense: a long box only lies head down, a tall one runs up or down."""
    return (1, 3) if _is_tall(box) else (2,)


def _weight(line: TextLine) -> float:
    return line.confidence if line.text.strip() else 0.0
