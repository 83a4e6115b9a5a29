"""The magnetic field where the wearer is: the earth's, that of iron beside the way, and that of the glasses' own
parts.

The earth's is the World Magnetic Model's (NOAA and BGS, WMM2025); a piece of iron is a dipole.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray
from pygeomag import GeoMag

from drivers.gnss.ground import metres_per_degree
from drivers.sim.outing import Iron
from drivers.sim.walker import Truth, Walker

Floats = NDArray[np.float64]
HOME = (31.2304, 121.4737)  # where nobody says where: Shanghai, People's Square
YEAR = 2026.5
NEAR_M = 40.0  # iron farther along the way is not felt
HEAD_M = 1.3  # the head above most iron: a car's engine, a manhole's cover
MU_0_4PI_UT = 0.1  # µ0 / 4π in µT·m³ / (A·m²)


def earth(latitude: float, longitude: float) -> Floats:
    """The earth's field in µT, float64[3] to north, west and up."""
    return _earth(round(latitude, 1), round(longitude, 1))


@functools.lru_cache(maxsize=64)
def _earth(latitude: float, longitude: float) -> Floats:
    field = GeoMag(coefficients_file="wmm/WMM_2025.COF").calculate(latitude, longitude, 0.0, YEAR)
    return np.array([field.x, -field.y, -field.z]) * 1e-3


class Irons:
    """Pieces of iron along a walker's way."""

    def __init__(self, irons: tuple[Iron, ...], walker: Walker) -> None:
        irons = tuple(sorted(irons, key=lambda iron: iron.at_m))
        self._at_m = np.array([iron.at_m for iron in irons])
        self._moment = np.array([iron.moment_am2 for iron in irons]).reshape(-1, 3)
        latitude, longitude = walker.path.position(self._at_m)
        facing, _ = walker.path.facing(self._at_m)
        aside = np.array([iron.left_m for iron in irons])
        north, east = metres_per_degree(float(latitude[0]) if len(irons) else 0.0)
        self._scale = np.array([north, east])
        self._place = np.stack([latitude, longitude], axis=1)
        self._shift = np.stack([aside * np.sin(facing), aside * np.cos(facing)], axis=1)  # to north and west

    def field(self, truth: Truth) -> Floats:
        """What they add in µT, float64[N, 3] to north, west and up, where the walker is."""
        near = np.zeros((len(truth.latitude), 3))
        first = np.searchsorted(self._at_m, float(truth.walked_m.min()) - NEAR_M)
        last = np.searchsorted(self._at_m, float(truth.walked_m.max()) + NEAR_M)
        for at in range(int(first), int(last)):
            near += self._dipole(at, truth)
        return near

    def _dipole(self, at: int, truth: Truth) -> Floats:
        """B = µ0 / 4π · (3 (m·r̂) r̂ − m) / r³."""
        (latitude, longitude), (north, east), (to_north, to_west) = (
            self._place[at],
            self._scale,
            self._shift[at],
        )
        way = np.empty((len(truth.latitude), 3))
        way[:, 0] = (truth.latitude - latitude) * north - to_north
        way[:, 1] = ((longitude - truth.longitude + 180.0) % 360.0 - 180.0) * east - to_west
        way[:, 2] = HEAD_M
        distance = np.linalg.norm(way, axis=1, keepdims=True)
        way /= distance
        moment = self._moment[at]
        dipole: Floats = MU_0_4PI_UT * (3 * (way @ moment)[:, None] * way - moment) / distance**3
        return dipole


def in_head(earth_field: Floats, quaternion: Floats) -> Floats:
    """Vectors [N, 3] to north, west, up, in the axes of heads with these quaternions [N, 4] (earth ← head)."""
    w, inner = quaternion[:, :1], -quaternion[:, 1:]  # the inverse turn
    twice = 2 * np.cross(inner, earth_field)
    turned: Floats = earth_field + w * twice + np.cross(inner, twice)
    return turned
