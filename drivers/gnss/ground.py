"""Degrees and metres on the ground (WGS 84), and what an accuracy means."""

from __future__ import annotations

import math

EQUATOR_M, FLATNESS = (
    6_378_137.0,
    6.69437999014e-3,
)  # semi-major axis, first eccentricity squared (NIMA TR8350.2)
# The radius that holds 68 of 100 of a circular normal distribution, in its standard deviations of one axis.
RADIUS_68 = math.sqrt(-2 * math.log(1 - 0.68))


def metres_per_degree(latitude: float) -> tuple[float, float]:
    """Metres that a degree of latitude and one of longitude are long at ``latitude`` (degrees).

    From the radii of curvature in the meridian and in the prime vertical. At a pole a degree of longitude has no
    length; a millimetre is given, so that one may divide by it.
    """
    sin, cos = math.sin(math.radians(latitude)), math.cos(math.radians(latitude))
    bent = 1 - FLATNESS * sin * sin
    meridian = EQUATOR_M * (1 - FLATNESS) / bent**1.5
    vertical = EQUATOR_M / math.sqrt(bent)
    return math.radians(meridian), max(1e-3, math.radians(vertical * cos))


def wrap_degrees(degrees: float) -> float:
    """The same angle in −180 … 180 (exclusive above)."""
    return (degrees + 180.0) % 360.0 - 180.0
