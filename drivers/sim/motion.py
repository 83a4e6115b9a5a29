"""How the simulated head moves: a list of turns, each a minimum-jerk curve, plus a little sway.

Minimum jerk: Flash and Hogan, "The coordination of arm movements", J. Neurosci. 5 (1985).
Head axes: x forward, y left, z up; yaw positive to the left, pitch positive up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivers.sim.gait import Body

G = 9.80665
SWAY_DEG, SWAY_HZ = (0.15, 0.1), (0.31, 0.23)  # yaw, pitch: a standing person is never quite still

Times = NDArray[np.int64]
Floats = NDArray[np.float64]


class HeadMotion(NamedTuple):
    """The head at N times: ``quaternion`` [N, 4] w x y z (earth ← head), ``gyro`` [N, 3] rad/s and
    ``accel`` [N, 3] m/s² (gravity's reaction included) in head axes.
    """

    quaternion: Floats
    gyro: Floats
    accel: Floats


class _Turn(NamedTuple):
    start_s: float
    over_s: float
    yaw: float
    pitch: float


class Head:
    """The head's path; turns may be added at any time and take effect from then on."""

    def __init__(self) -> None:
        self._turns = [_Turn(0.0, 1e-3, 0.0, 0.0)]
        self._table: Floats | None = None

    def turn(self, start_s: float, yaw: float, pitch: float, over_s: float) -> None:
        """From ``start_s`` on turn to these degrees within ``over_s``."""
        self._turns.append(_Turn(start_s, over_s, yaw, pitch))
        self._turns.sort(key=lambda turn: turn.start_s)
        self._table = None

    def angles(self, t_ns: Times) -> tuple[Floats, Floats, Floats, Floats]:
        """Yaw, pitch in degrees and their rates in degrees a second at each time."""
        t = t_ns * 1e-9
        start, over, *ends = self._columns()
        index = np.maximum(np.searchsorted(start, t, side="right") - 1, 0)
        u = np.clip((t - start[index]) / over[index], 0.0, 1.0)
        curve = u * u * u * (10 + u * (6 * u - 15))
        slope = 30 * u * u * (1 - u) * (1 - u) / over[index]
        found: list[Floats] = []
        for axis in (0, 1):
            begin, end = ends[2 * axis][index], ends[2 * axis + 1][index]
            phase = 2 * np.pi * SWAY_HZ[axis]
            found.append(begin + (end - begin) * curve + SWAY_DEG[axis] * np.sin(phase * t))
            found.append((end - begin) * slope + SWAY_DEG[axis] * phase * np.cos(phase * t))
        return found[0], found[2], found[1], found[3]

    def motion(self, t_ns: Times, body: Body | None = None) -> HeadMotion:
        """What an ideal IMU in the head's axes would feel; ``body``, at the same times, carries the head along."""
        yaw, pitch, yaw_rate, pitch_rate = (np.radians(a) for a in self.angles(t_ns))
        if body is not None:
            yaw, pitch = yaw + body.yaw, pitch + body.pitch
            yaw_rate, pitch_rate = yaw_rate + body.yaw_rate, pitch_rate + body.pitch_rate
        sin, cos = np.sin(pitch), np.cos(pitch)
        gyro = np.stack([yaw_rate * sin, -pitch_rate, yaw_rate * cos], axis=1)
        accel = np.stack([G * sin, np.zeros_like(sin), G * cos], axis=1)
        if body is not None:
            accel += _in_head(body.accel, yaw, pitch)
        cy, sy, cp, sp = np.cos(yaw / 2), np.sin(yaw / 2), np.cos(-pitch / 2), np.sin(-pitch / 2)
        quaternion = np.stack([cy * cp, -sy * sp, cy * sp, sy * cp], axis=1)
        return HeadMotion(quaternion, gyro, accel)

    def _columns(self) -> Floats:
        """Start, duration, yaw from/to, pitch from/to of each turn, as columns to index."""
        if self._table is None:
            rows: list[tuple[float, ...]] = []
            yaw, pitch = 0.0, 0.0
            for i, turn in enumerate(self._turns):
                rows.append((turn.start_s, turn.over_s, yaw, turn.yaw, pitch, turn.pitch))
                share = self._share(i)
                yaw, pitch = yaw + (turn.yaw - yaw) * share, pitch + (turn.pitch - pitch) * share
            self._table = np.array(rows, dtype=np.float64).T
        return self._table

    def _share(self, i: int) -> float:
        """How far turn ``i`` has come when the next one takes over."""
        if i + 1 == len(self._turns):
            return 1.0
        u = min(1.0, (self._turns[i + 1].start_s - self._turns[i].start_s) / self._turns[i].over_s)
        return u * u * u * (10 + u * (6 * u - 15))


def _in_head(earth: Floats, yaw: Floats, pitch: Floats) -> Floats:
    """Vectors [N, 3] to north, west and up, in the axes of a head that points there."""
    north, west, up = earth.T
    forward = np.cos(yaw) * north + np.sin(yaw) * west
    left = np.cos(yaw) * west - np.sin(yaw) * north
    sin, cos = np.sin(pitch), np.cos(pitch)
    return np.stack([forward * cos + up * sin, left, up * cos - forward * sin], axis=1)
