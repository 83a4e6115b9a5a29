"""Fixes → position, speed and course: a Kalman filter of constant velocity in the plane around the first fix.

Receivers err slowly: the next fix errs much as this one, so what is known does not grow with their number as the
filter alone would have it. A fix far from where the wearer can be is kept back until others confirm it.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from drivers.base import Fix
from drivers.gnss.ground import RADIUS_68, metres_per_degree, wrap_degrees
from runtime.core.clock import NS
from runtime.core.messages import Place

Floats = NDArray[np.float64]
PUSH_MPS2 = 0.7  # how hard a walker speeds up or turns, one σ
SHARED = 0.8  # of a fix's error that the next fixes share
GATE_SIGMAS, GATE_M = 4.0, 15.0
CONFIRMED_S = 5.0  # of fixes that agree with each other, far from where the wearer was thought to be
FORGET_S = 30.0  # without a fix, and the next one is believed
LEAST_M, MOST_M = 1.0, 200.0  # accuracies that receivers state and that are believed
SPEED_SD = 0.4  # m/s, of a receiver's own velocity
FAR_M = 50_000.0  # from the middle of the plane
STANDING_MPS = 0.35


class PlaceFilter:
    """Fixes in, places out."""

    def __init__(self) -> None:
        self._last: Fix | None = None
        self._far: Fix | None = None  # the first of those that disagree
        self._far_last: Fix | None = None
        self._middle = (0.0, 0.0)
        self._scale = (1.0, 1.0)
        self._x: Floats = np.zeros(4)  # north, east in metres; their rates
        self._p: Floats = np.eye(4)
        self._shared_m = 0.0

    def hear(self, fix: Fix, *, anew: bool = False) -> Place | None:
        """The place with this fix in it; None for one that can't be believed, or is not newer than the last of its
        source. Another source may be some seconds late: its time is gone back to. ``anew``: forget what was known.
        """
        if not is_usable(fix):
            return None
        if self._last is None or fix.t_ns - self._last.t_ns > FORGET_S * NS:
            return self._begin(fix)
        other = fix.source != self._last.source
        if fix.t_ns <= self._last.t_ns - (FORGET_S * NS if other else 0):
            return None
        if anew:
            return self._begin(fix)
        north, east = self._flat(fix.latitude, fix.longitude)  # first: it may move the middle
        dt = (fix.t_ns - self._last.t_ns) / NS
        x, p = _moved(self._x, self._p, dt)
        if other:  # what the old source's fixes shared, the new one's do not
            p += self._shared_m**2 * np.diag([1.0, 1.0, 0.0, 0.0])
        sd = _sd(fix)
        if self._is_far(north - x[0], east - x[1], float(p[0, 0]) + sd * sd):
            return self._suspect(fix)
        self._far = None
        self._x, self._p, self._last = x, p, fix
        self._take((north, east), 0, sd)
        if fix.speed_mps is not None and (fix.course_deg is not None or fix.speed_mps < STANDING_MPS):
            course = math.radians(fix.course_deg or 0.0)
            velocity = fix.speed_mps * math.cos(course), fix.speed_mps * math.sin(course)
            self._take(velocity, 2, SPEED_SD)
        self._shared_m = SHARED * sd
        return self._place(fix.t_ns, fix, self._x, self._p)

    def ahead(self, t_ns: int) -> Place:
        """Where the wearer is at ``t_ns``, after the last fix, going on as then. Raises ValueError before it."""
        if self._last is None:
            raise ValueError("no fix has been heard yet")
        x, p = _moved(self._x, self._p, max(0.0, (t_ns - self._last.t_ns) / NS))
        return self._place(t_ns, self._last, x, p)

    def _begin(self, fix: Fix) -> Place:
        self._middle, self._scale = (fix.latitude, fix.longitude), metres_per_degree(fix.latitude)
        sd = _sd(fix)
        self._x = np.zeros(4)
        self._p = np.diag([sd * sd, sd * sd, 2.0, 2.0])
        self._last, self._far, self._shared_m = fix, None, SHARED * sd
        if fix.speed_mps is not None and fix.course_deg is not None:
            course = math.radians(fix.course_deg)
            velocity = fix.speed_mps * math.cos(course), fix.speed_mps * math.sin(course)
            self._take(velocity, 2, SPEED_SD)
        return self._place(fix.t_ns, fix, self._x, self._p)

    def _is_far(self, north: float, east: float, variance: float) -> bool:
        off = math.hypot(north, east)
        return off > GATE_M and off > GATE_SIGMAS * math.sqrt(variance)

    def _suspect(self, fix: Fix) -> Place | None:
        """Too far to be: unless others have told the same for some seconds."""
        last, self._far_last = self._far_last, fix
        if (
            self._far is None
            or last is None
            or _apart(last, fix) > GATE_M + 15.0 * (fix.t_ns - last.t_ns) / NS
        ):
            self._far = fix
        if fix.t_ns - self._far.t_ns >= CONFIRMED_S * NS:
            return self._begin(fix)
        return None

    def _take(self, seen: tuple[float, float], first: int, sd: float) -> None:
        """North and east, rows ``first`` and the next, one by one: their errors are independent."""
        for row, value in enumerate(seen, first):
            across = self._p[row]
            gain = across / (across[row] + sd * sd)
            self._x = self._x + gain * (value - self._x[row])
            self._p = self._p - gain[:, None] * across

    def _flat(self, latitude: float, longitude: float) -> tuple[float, float]:
        east = wrap_degrees(longitude - self._middle[1])
        north_m, east_m = (latitude - self._middle[0]) * self._scale[0], east * self._scale[1]
        if math.hypot(north_m, east_m) > FAR_M:
            self._recentre(latitude, longitude)
            return self._flat(latitude, longitude)
        return north_m, east_m

    def _recentre(self, latitude: float, longitude: float) -> None:
        here = self._round(self._x[0], self._x[1])
        self._middle, self._scale = (latitude, longitude), metres_per_degree(latitude)
        east = wrap_degrees(here[1] - longitude)
        self._x[:2] = (here[0] - latitude) * self._scale[0], east * self._scale[1]

    def _round(self, north: float, east: float) -> tuple[float, float]:
        longitude = self._middle[1] + east / self._scale[1]
        return self._middle[0] + north / self._scale[0], wrap_degrees(longitude)

    def _place(self, t_ns: int, fix: Fix, x: Floats, p: Floats) -> Place:
        north, east, v_north, v_east = x.tolist()
        speed, speed_sd = math.hypot(v_north, v_east), math.sqrt(float(p[2, 2]))
        goes = speed >= max(STANDING_MPS, 1.5 * speed_sd)
        accuracy = math.sqrt(float(p[0, 0]) + self._shared_m**2)
        latitude, longitude = self._round(north, east)
        course = math.degrees(math.atan2(v_east, v_north)) % 360.0
        return Place(
            t_ns,
            latitude,
            longitude,
            accuracy,
            speed if goes else 0.0,
            course if goes else None,
            fix.source,
        )


def _moved(x: Floats, p: Floats, dt: float) -> tuple[Floats, Floats]:
    f, q = _motion(dt)
    return f @ x, f @ p @ f.T + q


@functools.lru_cache(maxsize=64)
def _motion(dt: float) -> tuple[Floats, Floats]:
    """What moves on within ``dt`` seconds, and how much less is known then."""
    f = np.eye(4)
    f[0, 2] = f[1, 3] = dt
    a, b, c = dt**4 / 4, dt**3 / 2, dt**2
    return f, PUSH_MPS2**2 * np.array([[a, 0, b, 0], [0, a, 0, b], [b, 0, c, 0], [0, b, 0, c]])


def _sd(fix: Fix) -> float:
    return min(MOST_M, max(LEAST_M, fix.accuracy_m / RADIUS_68))


def _apart(one: Fix, other: Fix) -> float:
    north, east = metres_per_degree(one.latitude)
    turn = wrap_degrees(other.longitude - one.longitude)
    return math.hypot((other.latitude - one.latitude) * north, turn * east)


def is_usable(fix: Fix) -> bool:
    """Whether every number in it is one, on Earth, and claims some accuracy."""
    numbers = (fix.latitude, fix.longitude, fix.accuracy_m, fix.speed_mps or 0.0, fix.course_deg or 0.0)
    on_earth = abs(fix.latitude) <= 90 and abs(fix.longitude) <= 360
    return all(map(math.isfinite, numbers)) and on_earth and fix.accuracy_m > 0
