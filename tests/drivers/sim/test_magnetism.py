"""The field of the earth and of iron, against the model's published values and the dipole's laws."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.sim.magnetism import Irons, earth, in_head
from drivers.sim.outing import Iron
from drivers.sim.walker import Walker

NORTHWARDS = np.array([[31.2, 121.4], [31.2018, 121.4]])  # 200 m


@pytest.mark.parametrize(
    ("place", "horizontal", "down", "declination"),
    [  # NOAA's calculator, WMM2025, mid 2026; µT, degrees
        ((31.2, 121.5), 33.3, 36.3, -6.5),
        ((52.5, 13.4), 18.9, 46.0, 5.3),
        ((-33.9, 151.2), 24.7, -51.2, 12.8),
        ((37.8, -122.4), 22.7, 41.9, 12.8),
    ],
)
def test_the_world_magnetic_model(
    place: tuple[float, float], horizontal: float, down: float, declination: float
) -> None:
    north, west, up = earth(*place)
    assert np.hypot(north, west) == pytest.approx(horizontal, abs=0.3)
    assert -up == pytest.approx(down, abs=0.5)
    assert np.degrees(np.arctan2(-west, north)) == pytest.approx(declination, abs=0.5)


def test_iron_is_felt_near_it_and_falls_with_the_cube_of_the_distance() -> None:
    walker = Walker(NORTHWARDS, 1.0)
    irons = Irons((Iron(at_m=100.0, left_m=2.0, moment_am2=(0.0, 0.0, 1000.0)),), walker)
    times = np.array([0.0, 60.0, 80.0, 100.5, 120.0])
    strength = np.linalg.norm(irons.field(walker.truth(times)), axis=1)
    assert strength[0] < 1e-3
    assert strength[3] == pytest.approx(0.1 * 1000 / np.hypot(2.0, 1.3) ** 3, rel=0.5)
    assert strength[1] / strength[2] == pytest.approx((20.5 / 40.5) ** 3, rel=0.1)


def test_above_a_standing_dipole_its_field_points_along_it() -> None:
    walker = Walker(NORTHWARDS, 1.0)
    irons = Irons((Iron(at_m=100.0, left_m=0.0, moment_am2=(0.0, 0.0, 50.0)),), walker)
    field = irons.field(walker.truth(np.array([100.5])))[0]
    assert field == pytest.approx([0.0, 0.0, 2 * 0.1 * 50 / 1.3**3], abs=0.05)


def test_a_vector_in_the_axes_of_a_head_that_looks_west() -> None:
    half = np.radians(45.0)
    quaternion = np.array([[np.cos(half), 0.0, 0.0, np.sin(half)]])
    assert in_head(np.array([[1.0, 0.0, 0.0]]), quaternion)[0] == pytest.approx([0.0, -1.0, 0.0])
