"""Which token may come next: no notes of subtitlers, no empty text, and timestamps in order.

The rules of openai/whisper ``decoding.py``: SuppressTokens, SuppressBlank, ApplyTimestampRules.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.speech.whisper.tokens import Vocabulary

LATEST_START = 50  # timestamps: a text begins in the first second


class Rules:
    """For texts with or without timestamps."""

    def __init__(self, vocabulary: Vocabulary, *, timestamps: bool) -> None:
        self.vocabulary = vocabulary
        self._timestamps = timestamps
        self._always = ~vocabulary.suppressed(timestamps=timestamps)

    def allowed(self, logits: NDArray[np.float32], said: Sequence[int]) -> NDArray[np.bool_]:
        """bool[vocabulary] for the token after ``said``, which leaves out the opening."""
        may = self._always.copy()
        if not said:
            may[[self.vocabulary.blank, self.vocabulary.end]] = False
        if self._timestamps:
            self._keep_order(may, said)
            self._prefer_time(may, logits)
        return may

    def _keep_order(self, may: NDArray[np.bool_], said: Sequence[int]) -> None:
        """Times come in pairs, an end and a start, never go back, and the first one stands first."""
        first, end = self.vocabulary.first_timestamp, self.vocabulary.end
        if not said:
            may[:first] = False
            may[first + LATEST_START + 1 :] = False
            return
        after_time = said[-1] >= first
        if after_time and (len(said) < 2 or said[-2] >= first):
            may[first:] = False
        elif after_time:
            may[:end] = False
        times = [token for token in said if token >= first]
        if times:
            may[first : times[-1] + (0 if after_time and len(said) > 1 else 1)] = False

    def _prefer_time(self, may: NDArray[np.bool_], logits: NDArray[np.float32]) -> None:
        """A time, when all of them together are more likely than any word."""
        first = self.vocabulary.first_timestamp
        values = np.where(may, logits, -np.inf)
        times, words = values[first:], values[:first]
        highest = times.max()
        if np.isfinite(highest) and highest + np.log(np.exp(times - highest).sum()) > words.max():
            may[:first] = False
