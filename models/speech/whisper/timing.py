"""When each piece was said: pieces spread over the time in which somebody is heard, by what they take to say."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from models.speech.whisper.pieces import Span, is_unspaced

FRAME_S = 0.01
HEARD = 0.35  # of the way from the quietest frame's level to the loudest's
SYLLABLE = 3.0  # what a Han character takes, in letters of a word


def weight(text: str) -> float:
    """How long it takes to say, in letters."""
    letters = [letter for letter in text if unicodedata.category(letter)[0] in "LN"]
    return max(1.0, sum(SYLLABLE if is_unspaced(letter) else 1.0 for letter in letters))


class Timeline:
    """The frames in which somebody is heard, counted up."""

    def __init__(self, mel: NDArray[np.float32]) -> None:
        """``mel`` float32[bands, frames] of 10 ms."""
        level = mel.mean(axis=0)
        heard = level > (1 - HEARD) * level.min() + HEARD * level.max() if len(level) else level > 0
        self._count = np.concatenate(
            ([0.0], np.cumsum(heard + 1e-3))
        )  # grows everywhere, so that it has an inverse
        self._ends = np.flatnonzero(heard)

    @property
    def bounds(self) -> tuple[float, float]:
        """Seconds from the first to the last that is heard."""
        if not len(self._ends):
            return 0.0, (len(self._count) - 1) * FRAME_S
        return float(self._ends[0]) * FRAME_S, float(self._ends[-1] + 1) * FRAME_S

    def spread(self, texts: Sequence[str], start_s: float, end_s: float) -> list[tuple[float, float]]:
        """Start and end of each of ``texts``, one after the other from ``start_s`` to ``end_s``."""
        if not texts:
            return []
        at = np.arange(len(self._count)) * FRAME_S
        first, last = np.interp([start_s, max(start_s, end_s)], at, self._count)
        shares = np.cumsum([0.0, *map(weight, texts)])
        edges = np.interp(first + (last - first) * shares / shares[-1], self._count, at)
        return [(float(a), float(b)) for a, b in pairwise(edges)]

    def place(
        self, pieces: Sequence[Span], marks: Sequence[tuple[int, float]], start_s: float
    ) -> list[tuple[float, float]]:
        """Start and end of each of ``pieces``: spread between the times the model gave, if any.

        One of ``marks`` is how many tokens stand before it, and its seconds.
        """
        _, end_s = self.bounds
        if not marks:
            return self.spread([piece.text for piece in pieces], start_s, end_s)
        placed: list[tuple[float, float]] = []
        for at, group in groupby(pieces, lambda piece: sum(token <= piece.first for token, _ in marks)):
            start = marks[at - 1][1] if at else start_s
            end = marks[at][1] if at < len(marks) else end_s
            placed += self.spread([piece.text for piece in group], start, max(start, end))
        return placed
