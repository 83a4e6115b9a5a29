"""Gestures of the head: nod, shake, look up, and a double tap on the frame.

A nod or a shake is a quick turn one way and back, twice, with little of the other axis in it. Walking bobs
the head by less than 20 °/s and looking around turns it once, so thresholds stand well above both.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from drivers.base import ImuSamples
from runtime.core.clock import NS
from runtime.core.messages import Gesture, Pose

SWING_RAD_S = math.radians(60)
SWING_DEG = 6.0  # a swing is also this wide: speech makes quick movements, and small ones
SWINGS = 3  # turns in alternating directions: there, back, there again
WITHIN_NS = 1_200_000_000
REST_NS = 800_000_000
LOOK_UP_DEG, LOOK_LEVEL_DEG = 20.0, 12.0  # "head up" of the glasses in the field is about 20°
LOOK_HOLD_NS = 300_000_000
TAP_MS2 = 12.0  # a finger on the frame jolts by more than 1 g between two samples; steps spread over 50 ms
TAP_APART_NS, TAP_QUIET_NS = 400_000_000, 80_000_000


class _Swings:
    """Turns in alternating directions about one axis."""

    def __init__(self) -> None:
        self._peaks: deque[tuple[int, int, float]] = deque(maxlen=SWINGS)

    def update(self, t_ns: int, angle: float, rate: float, other: float) -> bool:
        """Whether this sample completes a gesture. ``other`` is the rate about the axis it must not be."""
        if abs(rate) < SWING_RAD_S or abs(rate) < 2 * abs(other):
            return False
        sign = 1 if rate > 0 else -1
        if self._peaks and self._peaks[-1][1] == sign:
            return False
        if self._peaks and abs((angle - self._peaks[-1][2] + 180) % 360 - 180) < SWING_DEG:
            self._peaks.clear()
        self._peaks.append((t_ns, sign, angle))
        done = len(self._peaks) == SWINGS and t_ns - self._peaks[0][0] <= WITHIN_NS
        if done:
            self._peaks.clear()
        return done


class Gestures:
    """Feed it every pose with its samples, in order."""

    def __init__(self) -> None:
        self._nod, self._shake = _Swings(), _Swings()
        self._rest_ns = 0
        self._up_ns: int | None = None
        self._looked = False
        self._tap_ns = -NS
        self._jolt_ns = -NS
        self._last: NDArray[np.float32] | None = None

    def update(self, pose: Pose, samples: ImuSamples) -> Iterator[Gesture]:
        """The gestures that this batch completes."""
        kind = self._swung(pose)
        if kind is not None:
            yield Gesture(pose.t_ns, kind)
        if self._looks_up(pose):
            yield Gesture(pose.t_ns, "look_up")
        if self._tapped(samples):
            yield Gesture(pose.t_ns, "double_tap")

    def _swung(self, pose: Pose) -> Literal["nod", "shake"] | None:
        _, pitch, yaw = pose.rate
        nod = self._nod.update(pose.t_ns, pose.pitch, pitch, yaw)
        shake = self._shake.update(pose.t_ns, pose.yaw, yaw, pitch)
        if not (nod or shake) or pose.t_ns < self._rest_ns:
            return None
        self._rest_ns = pose.t_ns + REST_NS
        return "nod" if nod else "shake"

    def _looks_up(self, pose: Pose) -> bool:
        if pose.pitch < LOOK_LEVEL_DEG:
            self._up_ns, self._looked = None, False
        elif pose.pitch >= LOOK_UP_DEG:
            self._up_ns = pose.t_ns if self._up_ns is None else self._up_ns
            if not self._looked and pose.t_ns - self._up_ns >= LOOK_HOLD_NS:
                self._looked = True
                return True
        return False

    def _tapped(self, samples: ImuSamples) -> bool:
        accel = samples.accel
        if self._last is None:
            self._last = accel[:1]
        rows = np.concatenate((self._last, accel))
        self._last = accel[-1:]
        jolts = np.abs(rows[1:] - rows[:-1])
        if jolts.max() < TAP_MS2:
            return False
        t_ns = int(samples.t_ns[int(jolts.argmax()) // 3])
        quiet_ns, self._jolt_ns = t_ns - self._jolt_ns, t_ns
        if quiet_ns < TAP_QUIET_NS:  # the same jolt still rings
            return False
        double = t_ns - self._tap_ns <= TAP_APART_NS
        self._tap_ns = -NS if double else t_ns
        return double
