"""The emulated receiver through the real driver, on the World's walk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from boards.load import load
from drivers.base import BusError, DeviceLostError, Fix
from drivers.factory import BuildContext, build
from drivers.gnss.ground import metres_per_degree
from drivers.gnss.nmea import NmeaGnss
from drivers.sim.outing import Jump, Noise, Outage
from drivers.sim.receiver import frame
from drivers.sim.scenario import Scenario
from drivers.sim.walker import Walker
from drivers.sim.world import World
from runtime.core.clock import VirtualClock

NORTH = np.array([[31.23, 121.47], [31.25, 121.47]])
EXACT = Noise(white_m=0, wander_m=0, speed_mps=0)


class Street:
    """A walk to the north on the sim board, and its receiver."""

    def __init__(self, noise: Noise = EXACT, points: Any = NORTH, baud: int = 9600) -> None:
        nothing: Any = None
        self.clock = VirtualClock()
        self.world = World(self.clock, Scenario(name="t", ends_s=0), nothing)
        self.world.walk(Walker(points), noise)
        board = load("sim", settings=[f"gnss.baud={baud}"])
        gnss = build(BuildContext(board, self.clock, self.world)).gnss
        assert isinstance(gnss, NmeaGnss)
        self.gnss = gnss
        self.gnss.open()

    def go(self, seconds: float) -> list[Fix]:
        """The fixes of the next seconds, polled as the service does."""
        fixes: list[Fix] = []
        for _ in range(round(seconds * 20)):
            self.clock.advance(0.05)
            fixes += self.gnss.read()
        return fixes

    def off_m(self, fix: Fix) -> float:
        """How far a fix is from the truth at its own time."""
        spot = self.world.place(fix.t_ns)
        assert spot is not None
        north, east = metres_per_degree(spot.latitude)
        return float(
            np.hypot((fix.latitude - spot.latitude) * north, (fix.longitude - spot.longitude) * east)
        )


@pytest.mark.parametrize("baud", [9600, 38_400, 115_200])
def test_a_fix_a_second_where_and_when_it_was_true(baud: int) -> None:
    street = Street(baud=baud)
    fixes = street.go(30)
    assert len(fixes) in (29, 30)
    assert max(street.off_m(fix) for fix in fixes) < 0.15
    assert fixes[-1].speed_mps == pytest.approx(1.4, abs=0.01) and fixes[-1].course_deg in (0.0, 360.0)
    state = street.gnss.state
    assert (state.bad_checksums, state.unreadable, state.garbage_bytes) == (0, 0, 0)
    assert state.in_view == 11 and state.sentences > 180


@pytest.mark.parametrize(
    "points",
    [
        [[-33.86, 151.2], [-33.87, 151.21]],
        [[40.7, -74.0], [40.71, -74.01]],
        [[0.0001, -179.9999], [-0.0001, 179.999]],
        [[78.22, 15.6], [78.23, 15.7]],
    ],
)
def test_every_hemisphere_and_the_antimeridian(points: Any) -> None:
    street = Street(points=np.array(points))
    fixes = street.go(20)
    assert len(fixes) >= 19
    assert max(street.off_m(fix) for fix in fixes) < 0.2


def test_the_faults_of_the_console() -> None:
    street = Street()
    faults = street.world.faults
    street.go(5)
    faults.set("gnss", "outage")
    street.go(0.5)
    assert street.go(5) == [] and street.gnss.state.in_view <= 11
    faults.clear()
    faults.set("gnss", "silent")
    street.go(1)
    heard = street.gnss.state.bytes
    assert street.go(5) == [] and street.gnss.state.bytes == heard
    faults.clear()
    faults.set("gnss", "garbage")
    street.go(1)
    assert street.go(5) == [] and street.gnss.state.garbage_bytes > 1000
    faults.clear()
    faults.set("gnss", "jump")
    street.go(1)
    assert {round(street.off_m(fix)) for fix in street.go(5)} == {80}
    faults.clear()
    street.go(1)
    assert max(street.off_m(fix) for fix in street.go(5)) < 0.2


def test_a_clock_that_runs_backwards() -> None:
    street = Street()
    street.go(5)
    street.world.faults.set("gnss", "backwards")
    street.go(1)
    times = [fix.utc_s for fix in street.go(5)]
    assert None not in times and times == sorted(times, key=lambda t: -(t or 0)), times
    assert street.gnss.state.clock_steps > 0


@pytest.mark.parametrize("seconds", [1, 2, 4.8])
def test_a_clock_that_is_set_back_by_leap_seconds_is_followed_within_six_fixes(seconds: float) -> None:
    street = Street()
    street.go(30)
    street.world.walk(Walker(NORTH), Noise(white_m=0, wander_m=0, speed_mps=0, skew_s=-seconds))
    street.go(6)
    fixes = street.go(20)
    assert max(street.off_m(fix) for fix in fixes) < 0.15
    assert street.gnss.state.clock_steps == 1


def test_unplugged_and_plugged_in_again() -> None:
    street = Street()
    street.go(3)
    street.world.faults.set("gnss", "unplug")
    with pytest.raises(DeviceLostError, match="check the cable"):
        street.gnss.read()
    with pytest.raises(BusError, match="plugged in"):
        street.gnss.open()
    street.clock.advance(600)
    street.world.faults.clear()
    street.gnss.open()
    fixes = street.go(5)
    assert len(fixes) in (4, 5) and max(street.off_m(fix) for fix in fixes) < 0.2


def test_the_scenarios_noise_jumps_and_outages() -> None:
    noise = Noise(jumps=(Jump(30, 80, 3),), outages=(Outage(60, 20),), first_fix_s=10, skew_s=7)
    street = Street(noise)
    fixes = street.go(100)
    assert fixes[0].t_ns >= 9.9e9 and not [fix for fix in fixes if 60.5e9 < fix.t_ns < 79.5e9]
    far = [fix for fix in fixes if street.off_m(fix) > 50]
    assert len(far) == 3 and all(29.9e9 < fix.t_ns < 33e9 for fix in far)
    assert (fixes[0].utc_s or 0) - fixes[0].t_ns / 1e9 == pytest.approx(1_767_225_607, abs=0.2)


def test_where_nobody_walks_there_are_satellites_for_nobody() -> None:
    nothing: Any = None
    clock = VirtualClock()
    world = World(clock, Scenario(name="t", ends_s=0), nothing)
    gnss = build(BuildContext(load("sim"), clock, world)).gnss
    assert isinstance(gnss, NmeaGnss)
    gnss.open()
    for _ in range(100):
        clock.advance(0.05)
        assert gnss.read() == []
    assert gnss.state.sentences > 15 and gnss.state.unreadable == 0 and gnss.state.hdop is None


def test_a_reader_that_is_away_finds_what_a_kernel_would_have_kept() -> None:
    street = Street(baud=115_200)
    street.go(2)
    street.clock.advance(3600)
    assert len(street.gnss.read()) < 12
    assert len(street.go(3)) == 3


def test_the_sum_is_that_of_the_standards_example() -> None:
    assert frame("GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,").endswith(b"*47\r\n")
