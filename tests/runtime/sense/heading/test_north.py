"""North from courses and from a magnetometer: what each tells, how sure that is, what iron does to it."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.sense.heading.earth import EarthField, earth_field
from runtime.sense.heading.north import UNKNOWN_SD, North

FIELD = EarthField(33.0, -36.0, -6.5)
OWN = np.array([14.0, -22.0, 9.0])


def turned(yaw_deg: float, pitch_deg: float = 0.0) -> NDArray[np.float64]:
    """The rotation pose ← head of a head that looks so far to the left and up."""
    yaw, pitch = math.radians(yaw_deg), math.radians(pitch_deg)
    around = np.array([[math.cos(yaw), -math.sin(yaw), 0], [math.sin(yaw), math.cos(yaw), 0], [0, 0, 1]])
    up = np.array([[math.cos(pitch), 0, -math.sin(pitch)], [0, 1, 0], [math.sin(pitch), 0, math.cos(pitch)]])
    turn: NDArray[np.float64] = around @ up
    return turn


class Street:
    """Samples of a head in a field whose magnetic north lies ``north_deg`` to the left of the pose's x axis."""

    def __init__(self, north: North, north_deg: float, seed: int = 0) -> None:
        self.north, self.rng, self.t_s = north, Random(seed), 0.0
        angle = math.radians(north_deg)
        self.earth = FIELD.horizontal * np.array([math.cos(angle), math.sin(angle), 0.0])
        self.earth[2] = FIELD.up
        self.iron = np.zeros(3)
        self.own = OWN

    def walk(self, seconds: float, *, speed: float = 1.4, looks_deg: float = 60.0) -> None:
        yaw = aim = pitch = 0.0
        for step in range(round(seconds * 20)):
            if step % 40 == 0:
                aim, pitch = self.rng.uniform(-looks_deg, looks_deg), self.rng.uniform(-15, 10)
            yaw += (aim - yaw) * 0.2
            self.t_s += 0.05
            rotation = turned(yaw, pitch if looks_deg else 0.0)
            noise = np.array([self.rng.gauss(0, 0.3) for _ in range(3)])
            self.north.move(self.t_s, speed)
            self.north.hear_field(rotation.T @ (self.earth + self.iron) + self.own + noise, rotation)
            if step % 20 == 0:
                self.north.keep_strength()

    @property
    def error(self) -> float:
        truth = math.degrees(math.atan2(self.earth[1], self.earth[0])) + FIELD.declination_deg
        return abs((self.north.offset_deg - truth + 180) % 360 - 180)


@pytest.mark.parametrize("north_deg", [0.0, 75.0, 180.0, -120.0])
def test_a_head_that_looks_around_finds_north_and_the_glasses_own_iron(north_deg: float) -> None:
    street = Street(North(FIELD), north_deg)
    assert street.north.sd_deg == UNKNOWN_SD
    street.walk(20.0)
    assert street.error < 3
    assert street.error < 2 * street.north.sd_deg < 20
    assert street.north.own_iron == pytest.approx(OWN, abs=2.0)
    assert street.north.calibrated_ut < 2


def test_a_head_that_never_turns_knows_nothing_and_says_so() -> None:
    street = Street(North(FIELD), 75.0)
    street.walk(60.0, looks_deg=0.0)
    assert street.north.sd_deg > 40


def test_what_was_kept_of_the_own_iron_is_north_at_once() -> None:
    street = Street(North(FIELD), 75.0)
    street.north.begin_with(OWN + np.array([1.0, -1.0, 0.5]), 3.0)
    street.walk(1.0, looks_deg=0.0)
    assert street.error < 2 * street.north.sd_deg < 40


def test_standing_beside_iron_is_not_mistaken_for_knowledge() -> None:
    """A quarter of an hour beside a car tells no more than a moment: only a walk takes iron for what it is."""
    street = Street(North(FIELD), 40.0)
    street.iron = np.array([-6.0, 8.0, 5.0])
    street.walk(900.0, speed=0.0)
    assert street.error < 2 * street.north.sd_deg
    street.iron = np.zeros(3)
    for _ in range(6):
        street.walk(10.0)
        assert street.error < 3 * street.north.sd_deg
    assert street.error < 5


def test_iron_near_by_is_noticed_and_does_not_turn_north() -> None:
    street = Street(North(FIELD), 40.0)
    street.walk(60.0)
    before = street.error
    street.iron = np.array([-12.0, 15.0, 10.0])
    street.walk(5.0)
    noticed = street.north.disturbed
    assert street.error < before + 4
    street.iron = np.zeros(3)
    street.walk(20.0)
    assert (noticed, street.north.disturbed) == (True, False)
    assert street.error < 4


@pytest.mark.parametrize("seed", range(6))
def test_the_stated_deviation_covers_a_street_of_iron(seed: int) -> None:
    street, rng, inside = Street(North(FIELD), 40.0, seed), Random(seed), []
    street.walk(20.0)
    for _ in range(60):
        street.iron = np.array([rng.gauss(0, 8.0) for _ in range(3)])
        street.walk(2.0)
        inside.append(street.error <= 2 * street.north.sd_deg)
    assert sum(inside) / len(inside) >= 0.9


def test_courses_alone_find_north_and_their_absence_is_doubt() -> None:
    north = North(FIELD)
    for second in range(60):
        north.move(float(second), 1.4)
        north.hear_course(123.0, 12.0)
    assert north.offset_deg == pytest.approx(123.0, abs=1)
    sure = north.sd_deg
    assert sure < 4
    for second in range(60, 660, 10):
        north.move(float(second), 1.4)
    assert 10 < north.sd_deg < 90


def test_a_look_into_a_shop_window_is_no_turn_of_the_earth() -> None:
    north = North(FIELD)
    for second in range(66):
        north.move(float(second), 1.4)
        north.hear_course(100.0 if second < 60 else 190.0, 34.0)
    assert north.offset_deg == pytest.approx(100, abs=12)


def test_the_offset_runs_over_north_without_a_jump() -> None:
    north = North(FIELD)
    north.move(0.0, 1.4)
    for degrees in (359.0, 1.0, 358.0, 2.0) * 10:
        north.hear_course(degrees, 10.0)
    assert min(north.offset_deg, 360 - north.offset_deg) < 2


def test_a_gyro_that_drifts_is_followed() -> None:
    """0.05 °/s: three degrees a minute, told by nothing but the magnetometer."""
    street = Street(North(FIELD), 0.0)
    for _ in range(60):
        angle = math.radians(0.05 * 4)
        x, y = street.earth[0], street.earth[1]
        street.earth[0], street.earth[1] = (
            math.cos(angle) * x - math.sin(angle) * y,
            math.sin(angle) * x + math.cos(angle) * y,
        )
        street.walk(4.0)
    assert street.error < 5


def test_at_a_magnetic_pole_a_magnetometer_tells_no_north() -> None:
    pole = earth_field(86.0, 139.0)
    assert pole.horizontal < 5
    street = Street(North(pole), 0.0)
    street.earth = np.array([pole.horizontal, 0.0, pole.up])
    street.walk(30.0)
    assert street.north.sd_deg > 30


def test_the_declination_takes_magnetic_north_to_the_true_one() -> None:
    assert earth_field(31.2, 121.5).declination_deg == pytest.approx(-6.5, abs=0.7)
    assert earth_field(-33.9, 151.2).declination_deg == pytest.approx(12.8, abs=0.7)
