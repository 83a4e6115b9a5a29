"""Sound that knows when it was heard: the newest samples of a stream by their position, and each one's time."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

NS = 1_000_000_000


class TimedSound:
    """Samples by position, counted from the first that was appended; what was dropped can't be asked for."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._samples = np.zeros(0, np.float32)
        self._first = 0
        self._marks: deque[tuple[int, int]] = deque()  # (position, ns), oldest first

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def end(self) -> int:
        """The position behind the last sample."""
        return self._first + len(self._samples)

    @property
    def due_ns(self) -> int | None:
        """When the next sample is to be heard by the last mark; None before the first."""
        return self.time_ns(self.end) if self._marks else None

    def mark(self, t_ns: int) -> None:
        """Say when the sample that is appended next was heard."""
        if self._marks and self._marks[-1][0] == self.end:
            self._marks.pop()
        self._marks.append((self.end, t_ns))

    def append(self, samples: NDArray[np.float32]) -> None:
        """``samples`` float32[N] follow."""
        self._samples = np.concatenate((self._samples, samples.astype(np.float32, copy=False)))

    def part(self, first: int, end: int) -> NDArray[np.float32]:
        """A copy of float32[end − first] from position ``first`` on."""
        return self._samples[first - self._first : end - self._first].copy()

    def time_ns(self, position: int) -> int:
        """When the sample at ``position`` was heard: counted from the last mark before it."""
        at, t_ns = next((mark for mark in reversed(self._marks) if mark[0] <= position), self._marks[0])
        return t_ns + (position - at) * NS // self._rate_hz

    def drop(self, until: int) -> None:
        """Forget the samples before the position ``until``."""
        until = min(max(until, self._first), self.end)
        self._samples = self._samples[until - self._first :]
        self._first = until
        while len(self._marks) > 1 and self._marks[1][0] <= until:
            self._marks.popleft()
