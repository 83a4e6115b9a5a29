"""The earth's magnetic field at a place, by the World Magnetic Model (NOAA and BGS, WMM2025, good until 2030)."""

from __future__ import annotations

import datetime
import functools
from typing import NamedTuple

from pygeomag import GeoMag

COEFFICIENTS, FIRST, LAST = "wmm/WMM_2025.COF", 2025.0, 2030.0
GRID = 10.0  # parts of a degree: a field is the same over some ten kilometres
LEAST_UT = 1.0  # a magnetic pole has no horizontal field; there is nothing to divide by


class EarthField(NamedTuple):
    """µT ``horizontal`` (to magnetic north) and ``up``; ``declination_deg`` takes that north to the true one."""

    horizontal: float
    up: float
    declination_deg: float


def earth_field(latitude: float, longitude: float) -> EarthField:
    """At sea level, this year."""
    return _field(round(latitude * GRID), round(longitude * GRID), datetime.date.today().year)


@functools.lru_cache(maxsize=16)
def _field(latitude: int, longitude: int, year: int) -> EarthField:
    when = min(max(year + 0.5, FIRST), LAST - 0.01)
    field = GeoMag(coefficients_file=COEFFICIENTS).calculate(latitude / GRID, longitude / GRID, 0.0, when)
    return EarthField(max(LEAST_UT, field.h * 1e-3), -field.z * 1e-3, field.d)
