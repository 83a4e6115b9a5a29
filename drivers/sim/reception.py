"""What a receiver makes of where it is: white noise, slow wander, jumps, outages; the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from drivers.base import Fix
from drivers.gnss.ground import RADIUS_68, metres_per_degree
from drivers.sim.outing import Noise
from drivers.sim.walker import Spot, Walker

NS = 1_000_000_000
START_UTC_S = 1_767_225_600.0  # 2026-01-01: the day on which every simulated walk begins


class Measured(NamedTuple):
    """One epoch: degrees, m/s, degrees (None below ``COURSE_MPS``), and the deviation the receiver believes in."""

    latitude: float
    longitude: float
    speed_mps: float
    course_deg: float | None
    sd_m: float


COURSE_MPS = 0.3


class Reception:
    """Ask it in the order of time."""

    def __init__(self, noise: Noise, seed: int = 0) -> None:
        self.noise = noise
        self._random = np.random.default_rng(seed)
        self._wander = self._random.normal(0, 1, 2)
        self._last_s: float | None = None

    def measure(self, truth: Spot, t_s: float, aside_m: float = 0.0) -> Measured | None:
        """What is received at ``t_s``; ``aside_m`` is a jump on top of the noise's own. None in an outage."""
        north, east, *velocity = self._errors(t_s)
        jump_m = aside_m + sum(j.metres for j in self.noise.jumps if j.at_s <= t_s < j.at_s + j.for_s)
        if self._is_out(t_s):
            return None
        bearing = self._bearing(t_s)
        per_north, per_east = metres_per_degree(truth.latitude)
        latitude = truth.latitude + (north + jump_m * math.cos(bearing)) / per_north
        longitude = truth.longitude + (east + jump_m * math.sin(bearing)) / per_east
        course = math.radians(truth.course_deg)
        vn = truth.speed_mps * math.cos(course) + velocity[0]
        ve = truth.speed_mps * math.sin(course) + velocity[1]
        speed = math.hypot(vn, ve)
        return Measured(
            max(-90.0, min(90.0, latitude)),
            (longitude + 180.0) % 360.0 - 180.0,
            speed,
            math.degrees(math.atan2(ve, vn)) % 360.0 if speed >= COURSE_MPS else None,
            max(0.5, self.noise.sd_m),
        )

    def _errors(self, t_s: float) -> tuple[float, ...]:
        """North and east in metres, then of the velocity in m/s. Drawn in outages too: the noise goes on."""
        noise, draws = self.noise, self._random.normal(0, 1, 6)
        if self._last_s is not None:
            kept = math.exp(-max(0.0, t_s - self._last_s) / noise.wander_s)
            self._wander = kept * self._wander + math.sqrt(1 - kept * kept) * draws[:2]
        self._last_s = t_s
        place = noise.wander_m * self._wander + noise.white_m * draws[2:4]
        return (*place.tolist(), *(noise.speed_mps * draws[4:]).tolist())

    def _is_out(self, t_s: float) -> bool:
        out = any(outage.at_s <= t_s < outage.at_s + outage.for_s for outage in self.noise.outages)
        return out or t_s < self.noise.first_fix_s

    def _bearing(self, t_s: float) -> float:
        """Which way the jump at this time goes: one way as long as it lasts."""
        begun = [jump.at_s for jump in self.noise.jumps if jump.at_s <= t_s]
        return 2.399963 * (len(begun) + 1)  # the golden angle: no two alike


def receive(
    walker: Walker, noise: Noise, seed: int = 0, rate_hz: float = 1.0, after_s: float = 5.0
) -> Iterator[Fix]:
    """The fixes of a walk from its start to ``after_s`` past its end, ``t_ns`` counted from 0; none in outages."""
    reception = Reception(noise, seed)
    for k in range(math.floor((walker.ends_s + after_s) * rate_hz) + 1):
        t_s = k / rate_hz
        measured = reception.measure(walker.at(t_s), t_s)
        if measured is not None:
            yield make_fix(measured, t_s, noise.skew_s)


def make_fix(measured: Measured, t_s: float, skew_s: float = 0.0) -> Fix:
    """As the driver would hand it over."""
    return Fix(
        round(t_s * NS), measured.latitude, measured.longitude, measured.sd_m * RADIUS_68, measured.speed_mps,
        measured.course_deg, satellites=10, utc_s=START_UTC_S + t_s + skew_s,
    )  # fmt: skip
