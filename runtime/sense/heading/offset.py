"""The angle between the pose's yaw and true north: a Kalman filter of that offset and of how fast it drifts.

heading = offset − yaw. The gyro's remaining zero-rate error turns the offset by some degrees a minute; whatever
tells where north is (the course of a walker, a magnetometer) pulls it back. What lies far from what is believed
counts for less, as with a Student t of few degrees of freedom: a wearer who looks into a shop window for a while
is not a turn of the earth.
"""

from __future__ import annotations

import math

DRIFT_DPS = 0.05  # of the gyro when nothing is known of it: 3° a minute
DRIFT_WALK = 2e-4  # °/s per √s, of the drift itself
WANDER = 0.06  # ° per √s, of the pose's own errors
UNKNOWN_SD = 104.0  # of an angle that may be any: 360° / √12
FREEDOM = 4.0  # of the Student t
LOST_SIGMAS = 3.5  # what contradicts so clearly, again and again, is right after all


class Offset:
    """``degrees`` and ``sd_deg`` at ``t_s``, the last time it was moved to."""

    def __init__(self) -> None:
        self.degrees, self._drift = 0.0, 0.0
        self._p = [[UNKNOWN_SD**2, 0.0], [0.0, DRIFT_DPS**2]]
        self._t_s: float | None = None

    @property
    def sd_deg(self) -> float:
        """One standard deviation; never more than that of an angle of which nothing is known."""
        return min(math.sqrt(self._p[0][0]), UNKNOWN_SD)

    def move(self, t_s: float) -> None:
        """Time passes: the offset drifts, and less is known."""
        dt = 0.0 if self._t_s is None else max(0.0, t_s - self._t_s)
        self._t_s = t_s
        self.degrees = (self.degrees + self._drift * dt) % 360.0
        (a, b), (_, d) = self._p
        a += 2 * b * dt + d * dt * dt + WANDER**2 * dt
        self._p = [[a, b + d * dt], [b + d * dt, d + DRIFT_WALK**2 * dt]]

    def hear(self, degrees: float, sd_deg: float) -> None:
        """Something says that the offset is ``degrees`` ± ``sd_deg``."""
        off = (degrees - self.degrees + 180.0) % 360.0 - 180.0
        (a, b), (_, d) = self._p
        size = off * off / (a + sd_deg**2)
        noise = sd_deg**2 * max(1.0, (FREEDOM + size) / (FREEDOM + 1.0))
        total = a + noise
        gain, slow = a / total, b / total
        self.degrees = (self.degrees + gain * off) % 360.0
        self._drift = max(-3 * DRIFT_DPS, min(3 * DRIFT_DPS, self._drift + slow * off))
        self._p = [[a * (1 - gain), b * (1 - gain)], [b * (1 - gain), d - slow * b]]

    def doubt(self, sd_deg: float) -> None:
        """Know no more than that, however much was believed."""
        self._p[0][0] = max(self._p[0][0], sd_deg**2)
