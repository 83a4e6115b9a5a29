"""Somebody who walks (or rides) along a path: where, how fast, which way, at any time; seconds from the start.

Between its stops the speed is a trapezoid: up at ``RAMP_MPS2``, level, down again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivers.base import ConfigError
from drivers.sim.outing import Detour, Outing, Pause, check_points
from drivers.sim.path import Path

Floats = NDArray[np.float64]
RAMP_MPS2 = 1.0
RIDES_MPS = 2.6  # faster than anybody walks: on wheels, without steps
# Steps a second at speed v, walking: 1.5 + 0.3 v; 1.9 at 1.4 m/s, steps of 0.73 m.
CADENCE_HZ, CADENCE_PER_MPS = 1.5, 0.3


class Truth(NamedTuple):
    """At N times: degrees, m/s, degrees clockwise from north (where the body faces), and metres walked."""

    latitude: Floats
    longitude: Floats
    speed_mps: Floats
    course_deg: Floats
    walked_m: Floats


class Spot(NamedTuple):
    """``Truth`` at one time."""

    latitude: float
    longitude: float
    speed_mps: float
    course_deg: float
    walked_m: float


class Walker:
    """Along ``points`` float64[N, 2] (latitude, longitude) at ``speed_mps``, from ``starts_s`` on.

    ``pauses`` and ``detours`` are measured along the way that is really walked, detours before included. Raises
    ConfigError.
    """

    def __init__(
        self,
        points: Floats,
        speed_mps: float = 1.4,
        *,
        pauses: Sequence[Pause] = (),
        detours: Sequence[Detour] = (),
        starts_s: float = 0.0,
    ) -> None:
        if not 0 < speed_mps <= 60:
            raise ConfigError(f"nobody walks at {speed_mps:g} m/s: choose more than 0 and at most 60")
        path = Path(check_points(points, "walk"))
        for detour in sorted(detours, key=lambda d: d.at_m):
            path = Path(path.stray(detour))
        self.path, self.speed_mps, self.rides = path, speed_mps, speed_mps > RIDES_MPS
        self._plan(starts_s, sorted(pauses, key=lambda pause: pause.at_m))

    @classmethod
    def of(cls, outing: Outing, points: Floats) -> Walker:
        """As a scenario says."""
        return cls(
            points, outing.speed_mps, pauses=outing.pauses, detours=outing.detours, starts_s=outing.starts_s
        )

    @property
    def ends_s(self) -> float:
        """When the end of the path is reached."""
        return float(self._t[-1])

    def truth(self, t_s: Floats) -> Truth:
        """Where the walker is at each time; before the start and after the end standing there."""
        walked, speed, _, _ = self.progress(t_s)
        latitude, longitude = self.path.position(walked)
        facing, _ = self.path.facing(walked)
        return Truth(latitude, longitude, speed, np.degrees(facing) % 360.0, walked)

    def at(self, t_s: float) -> Spot:
        """``truth`` at one time."""
        return Spot(*(float(column[0]) for column in self.truth(np.array([t_s]))))

    def progress(self, t_s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Metres walked, m/s, m/s² and steps taken (whole ones are heel strikes) at each time."""
        i = np.clip(np.searchsorted(self._t, t_s, side="right") - 1, 0, len(self._t) - 1)
        since = np.maximum(0.0, t_s - self._t[i])
        speed = self._v[i] + self._a[i] * since
        walked = self._s[i] + (self._v[i] + 0.5 * self._a[i] * since) * since
        steps = self._steps[i] + np.where(self._moves[i], CADENCE_HZ * since, 0.0)
        steps = steps + CADENCE_PER_MPS * (walked - self._s[i])
        return walked, speed, self._a[i], np.zeros_like(steps) if self.rides else steps

    def steps(self, from_s: float, to_s: float) -> Floats:
        """When a foot comes down: the times of the heel strikes in ``from_s`` … ``to_s`` (exclusive)."""
        times = np.arange(from_s, to_s, 0.01)
        count = np.floor(self.progress(times)[3])
        return times[1:][np.diff(count) > 0] if len(times) else times

    def _plan(self, starts_s: float, pauses: Sequence[Pause]) -> None:
        """Stretches of even acceleration: when each begins, how far, how fast, and how many steps there were."""
        stops = [(min(pause.at_m, self.path.length_m), pause.for_s) for pause in pauses]
        rows: list[tuple[float, float, float, float]] = [(min(0.0, starts_s), 0.0, 0.0, 0.0)]
        now_s, done_m = starts_s, 0.0
        for at_m, for_s in [*stops, (self.path.length_m, 0.0)]:
            for lasts_s, speed, change in self._leg(at_m - done_m):
                rows.append((now_s, done_m, speed, change))
                now_s, done_m = now_s + lasts_s, done_m + (speed + 0.5 * change * lasts_s) * lasts_s
            rows.append((now_s, at_m, 0.0, 0.0))
            now_s, done_m = now_s + for_s, at_m
        self._t, self._s, self._v, self._a = np.array(rows).T.copy()
        self._moves = (self._v > 0) | (self._a > 0)
        lasts = np.diff(self._t, append=self._t[-1])
        gained = np.where(self._moves, CADENCE_HZ * lasts, 0.0)
        gained += CADENCE_PER_MPS * np.diff(self._s, append=self._s[-1])
        self._steps = np.r_[0.0, np.cumsum(gained)[:-1]]

    def _leg(self, length_m: float) -> list[tuple[float, float, float]]:
        """Seconds, first speed and acceleration of the stretches from one stop to the next."""
        if length_m <= 1e-6:
            return []
        top = min(self.speed_mps, (RAMP_MPS2 * length_m) ** 0.5)
        ramp_s = top / RAMP_MPS2
        level_s = max(0.0, (length_m - top * ramp_s) / top)
        return [(ramp_s, 0.0, RAMP_MPS2), (level_s, top, 0.0), (ramp_s, top, -RAMP_MPS2)]
