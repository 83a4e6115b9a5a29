"""Where north is in the pose's axes: one Kalman filter of the earth's field, iron near by, the glasses' own iron and
the gyro's drift.

A magnetometer measures Rᵀ (E + D) + H: the earth's field E, which the World Magnetic Model gives in strength and dip
but not in direction, the field D of iron in the street, and H of the glasses' own ("hard iron"). E and D are given in
the pose's axes, whose yaw starts anywhere and drifts with the gyro; H turns with the head. So a head that looks
around tells H from the rest, and a wearer who walks on tells D from E: D is forgotten within some metres. Walking
straight on says the direction of E too, without any magnetometer. All of it is linear, so nothing has to be guessed
to begin with, and what is not known yet is in the covariance. Calibration on the move after Kok and Schön,
"Magnetometer calibration using inertial sensors", IEEE Sensors J. 16 (2016); the iron near by as a Gauss-Markov
process of the way walked.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from runtime.sense.heading.earth import EarthField

Floats = NDArray[np.float64]
E, D, H, DRIFT = slice(0, 3), slice(3, 6), slice(6, 9), 9

UNKNOWN_SD = 104.0  # of an angle that may be any: 360° / √12
DRIFT_DPS, DRIFT_WALK = 0.2, 2e-4  # of the gyro's zero, when nothing is known of it, and ° / s per √s after
WANDER = 0.06  # ° per √s, of the pose's own errors
STREET_UT, FIRST_STREET_UT = (
    4.0,
    8.0,
)  # of iron along a street, a standard deviation; where one does not come from
STREET_M = 4.0  # … within which it is another
SLOWEST_MPS = 0.002  # that counts as another place: who stands learns nothing new of the street
QUARTER_M = 30.0  # as long as iron was met, more of it is expected
OWN_UT, OWN_WALK = 60.0, 0.02  # of the glasses' own iron, and µT per √s
EARTH_UT = 0.7  # by which the model errs (WMM2025 report, and magnetic rocks)
SAMPLE_UT = 1.5  # of a sample: noise, a tilt of some degrees, unequal axes
NEAR_UT, FAR_UT = 5.0, 2.5  # beyond the doubt: iron is near by; below, it is gone
FREEDOM = 4.0  # of a Student t: a course far from what is believed counts for less
TURN_SD = 30.0  # degrees; with less doubt the strength of E may be told along its direction


class North:
    """``offset_deg``: heading = offset − yaw, with ``sd_deg``. ``field`` is the earth's where the wearer is."""

    def __init__(self, field: EarthField) -> None:
        self.field = field
        self.disturbed = False
        self.calibrated_ut = OWN_UT  # one standard deviation of the glasses' own iron
        self._t_s: float | None = None
        self._street_ut, self._met_ut2 = STREET_UT, 0.0
        self._x = np.zeros(10)
        self._x[2] = field.up
        spread = [field.horizontal] * 2 + [EARTH_UT] + [FIRST_STREET_UT] * 3 + [OWN_UT] * 3
        self._p = np.diag(np.square([*spread, math.radians(DRIFT_DPS)]))

    @property
    def offset_deg(self) -> float:
        """Where true north is: degrees to the left of the pose's x axis."""
        return (math.degrees(math.atan2(self._x[1], self._x[0])) + self.field.declination_deg) % 360.0

    @property
    def sd_deg(self) -> float:
        """One standard deviation of it; never more than that of an angle of which nothing is known."""
        x, y = self._x[0], self._x[1]
        strength = math.hypot(x, y)
        if strength < 1e-6:
            return UNKNOWN_SD
        across = (y * y * self._p[0, 0] - 2 * x * y * self._p[0, 1] + x * x * self._p[1, 1]) / strength**2
        return min(UNKNOWN_SD, math.degrees(math.sqrt(max(0.0, across)) / strength))

    @property
    def own_iron(self) -> Floats:
        """The field of the glasses' own iron, µT, float64[3] in head axes."""
        own: Floats = self._x[H].copy()
        return own

    def begin_with(self, own_iron: Floats, sd_ut: float) -> None:
        """What was learned of the glasses' own iron before; it is of worth as long as nothing was magnetised."""
        self._x[H] = own_iron
        self._p[H, :] = self._p[:, H] = 0.0
        self._p[H, H] = np.eye(3) * sd_ut**2

    def move(self, t_s: float, speed_mps: float) -> None:
        """Time passes at a walk of ``speed_mps``: the pose drifts, and the street is another."""
        dt = 0.0 if self._t_s is None else min(10.0, max(0.0, t_s - self._t_s))
        self._t_s = t_s
        if dt == 0.0:
            return
        x, p, turn = self._x, self._p, self._x[DRIFT] * dt
        way_m = dt * max(speed_mps, SLOWEST_MPS)
        stay = math.exp(-way_m / STREET_M)
        self._met_ut2 += (1 - math.exp(-way_m / QUARTER_M)) * (float(x[D] @ x[D]) / 3 - self._met_ut2)
        step = np.eye(10)
        step[0, 1], step[1, 0] = -turn, turn
        step[0, DRIFT], step[1, DRIFT] = -x[1] * dt, x[0] * dt
        step[D, D] *= stay
        moved = x.copy()
        cos, sin = math.cos(turn), math.sin(turn)
        moved[0], moved[1] = cos * x[0] - sin * x[1], sin * x[0] + cos * x[1]
        moved[D] *= stay
        self._x = moved
        p = step @ p @ step.T
        wander = math.radians(WANDER) ** 2 * dt
        p[0, 0] += wander * x[1] ** 2
        p[1, 1] += wander * x[0] ** 2
        p[0, 1] -= wander * x[0] * x[1]
        p[1, 0] = p[0, 1]
        diagonal = np.einsum("ii->i", p)
        diagonal[D] += self._street_ut**2 * (1 - stay * stay)
        diagonal[H] += OWN_WALK**2 * dt
        diagonal[DRIFT] += math.radians(DRIFT_WALK) ** 2 * dt
        self._p = p

    def hear_field(self, field: Floats, rotation: Floats) -> None:
        """A sample in µT, float64[3] in head axes, and the head's rotation then, float64[3, 3] (pose ← head)."""
        back = rotation.T
        row = np.zeros((3, 10))
        row[:, E] = row[:, D] = back
        row[:, H] = np.eye(3)
        off, noise = field - row @ self._x, np.eye(3) * SAMPLE_UT**2
        self._suspect(field, rotation, off, row @ self._p @ row.T + noise)
        across = row @ self._p  # after that: D may be wider now
        gain = np.linalg.solve(across @ row.T + noise, across).T
        self._x = self._x + gain @ off
        p = self._p - gain @ across
        self._p = (p + p.T) / 2
        own = self._p[H, H]
        self.calibrated_ut = math.sqrt(max(0.0, float(np.trace(own)) / 3))

    def hear_course(self, offset_deg: float, sd_deg: float) -> None:
        """A course over ground says that the offset is so much."""
        angle = math.radians(offset_deg - self.field.declination_deg)
        strength = self.field.horizontal
        ahead, across = np.zeros(10), np.zeros(10)
        ahead[0], ahead[1] = math.cos(angle), math.sin(angle)
        across[0], across[1] = -math.sin(angle), math.cos(angle)
        noise = (strength * math.sin(math.radians(min(60.0, sd_deg)))) ** 2
        off = -float(across @ self._x)
        size = off * off / (float(across @ self._p @ across) + noise)
        doubt = max(1.0, (FREEDOM + size) / (FREEDOM + 1.0))
        self._take(across, off, noise * doubt)
        self._take(ahead, strength - float(ahead @ self._x), strength**2 * doubt)  # ahead, and not behind

    def keep_strength(self) -> None:
        """The model says how strong E is. Told only while that is less sure than the model: told again and again
        along a direction that turns, it would seem to tell the direction.
        """
        x, y = self._x[0], self._x[1]
        strength = math.hypot(x, y)
        if self.sd_deg > TURN_SD or strength < 1e-6:
            return
        row = np.zeros(10)
        row[0], row[1] = x / strength, y / strength
        if float(row @ self._p @ row) > EARTH_UT**2:
            self._take(row, self.field.horizontal - strength, EARTH_UT**2)

    def _take(self, row: Floats, off: float, noise: float) -> None:
        """One scalar measurement."""
        gain = self._p @ row / (float(row @ self._p @ row) + noise)
        self._x = self._x + gain * off
        self._p = self._p - np.outer(gain, row @ self._p)

    def _suspect(self, field: Floats, rotation: Floats, off: Floats, spread: Floats) -> None:
        """A field that is stronger or dips otherwise than the earth's, or jumps, is iron near by: D may be more."""
        around = rotation @ (field - self._x[H])
        wrong = math.hypot(
            around[2] - self.field.up, math.hypot(around[0], around[1]) - self.field.horizontal
        )
        doubt = 2 * math.sqrt(3 * self.calibrated_ut**2 + SAMPLE_UT**2)
        jump = float(np.linalg.norm(off)) - 3 * math.sqrt(float(np.trace(spread)) / 3)
        near = max(0.0, wrong - doubt, jump)
        self.disturbed = near > (FAR_UT if self.disturbed else NEAR_UT)
        self._street_ut = max(STREET_UT, near, 1.5 * math.sqrt(self._met_ut2))
        if near > STREET_UT:
            diagonal = np.einsum("ii->i", self._p)
            diagonal[D] = np.maximum(diagonal[D], near**2)
