"""Steps from the accelerometer: each heel strike is a peak of the specific force, once in 0.25 to 1.2 s.

The magnitude is free of the head's attitude. It is smoothed over 0.1 s, its mean of a second taken away, and a peak
counts where it rises above what a still head shows (Ying et al., "Automatic Step Detection in the Accelerometer
Signal", 2007).
"""

from __future__ import annotations

import math
from collections import deque

from drivers.base import ImuSamples
from runtime.core.clock import NS

SMOOTH_S, MEAN_S = 0.1, 1.0
RISE = 0.7  # m/s² above the mean: a nod has 0.3, a slow walk 1
SOONEST_S, LATEST_S = 0.28, 1.3


class StepCounter:
    """Samples in, times of steps out. A single step counts only with another soon before: a shake is none."""

    def __init__(self) -> None:
        self._fast, self._slow = deque[tuple[int, float]](), deque[tuple[int, float]]()
        self._fast_sum = self._slow_sum = 0.0
        self._before = self._middle = 0.0
        self._peak_ns: int | None = None

    def hear(self, samples: ImuSamples) -> list[int]:
        """The times of the steps in these samples."""
        found = []
        for t_ns, accel in zip(samples.t_ns.tolist(), samples.accel.tolist(), strict=True):
            step = self._sample(t_ns, math.sqrt(sum(a * a for a in accel)))
            if step is not None:
                found.append(step)
        return found

    def _sample(self, t_ns: int, force: float) -> int | None:
        self._fast_sum += self._push(self._fast, t_ns, force, SMOOTH_S)
        self._slow_sum += self._push(self._slow, t_ns, force, MEAN_S)
        level = self._fast_sum / len(self._fast) - self._slow_sum / len(self._slow)
        before, middle = self._before, self._middle
        self._before, self._middle = middle, level
        if not (middle > RISE and middle >= before and middle > level):
            return None
        last, since = self._peak_ns, None
        if last is not None:
            since = (t_ns - last) / NS
            if since < SOONEST_S:
                return None
        self._peak_ns = t_ns
        return t_ns if since is not None and since <= LATEST_S else None

    def _push(self, window: deque[tuple[int, float]], t_ns: int, force: float, seconds: float) -> float:
        """How much the window's sum changes."""
        window.append((t_ns, force))
        change = force
        while t_ns - window[0][0] > seconds * NS or t_ns < window[0][0]:
            change -= window.popleft()[1]
        return change
