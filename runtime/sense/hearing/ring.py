"""The last sound, in memory only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

KEPT_S = 30.0


class Ring:
    """Keeps the last ``seconds``; older sound is overwritten where it lies."""

    def __init__(self, rate_hz: int, seconds: float = KEPT_S) -> None:
        self._samples = np.zeros(round(rate_hz * seconds), np.float32)
        self._rate_hz = rate_hz
        self._at = self._held = 0
        self._end_ns = 0

    def append(self, samples: NDArray[np.float32], end_ns: int) -> None:
        """``samples`` float32[N] follow; the sound behind the last of them is heard at ``end_ns``."""
        samples = samples[-len(self._samples) :]
        first = min(len(samples), len(self._samples) - self._at)
        self._samples[self._at : self._at + first] = samples[:first]
        self._samples[: len(samples) - first] = samples[first:]
        self._at = (self._at + len(samples)) % len(self._samples)
        self._held = min(self._held + len(samples), len(self._samples))
        self._end_ns = end_ns

    def last(self, seconds: float) -> tuple[int, NDArray[np.float32]]:
        """When it began and float32[N], a copy: the last ``seconds``, or what there is."""
        n = min(self._held, round(seconds * self._rate_hz))
        samples = np.roll(self._samples, -self._at)[len(self._samples) - n :]
        return self._end_ns - n * 1_000_000_000 // self._rate_hz, samples.copy()

    def memory(self) -> NDArray[np.float32]:
        """Where the sound lies: a view, for those who check that it is gone."""
        return self._samples.view()

    def wipe(self) -> None:
        """Overwrite it all with silence."""
        self._samples.fill(0)
        self._at = self._held = self._end_ns = 0
