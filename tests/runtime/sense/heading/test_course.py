"""The heading of a walker without a magnetometer: right soon, and as sure as it says."""

from __future__ import annotations

import asyncio
import statistics

import pytest

from runtime.core.bus import Bus
from runtime.core.clock import NS, VirtualClock, run_virtual
from runtime.core.messages import Heading
from runtime.core.topics import HEADING, PLACE, POSE
from runtime.sense.heading.course import CourseCompass
from runtime.sense.heading.offset import UNKNOWN_SD, Offset
from runtime.sense.heading.service import HeadingService
from runtime.sense.live import Live
from tests.runtime.sense.heading.outing import outing, place, pose


def walked(seed: int, seconds: float, **how: float) -> list[tuple[float, float, float]]:
    """Seconds, error and stated deviation in degrees, ten times a second."""
    clock, found = VirtualClock(), list[tuple[float, float, float]]()
    bus = Bus(clock)
    service = HeadingService(bus, Live())
    truth = [0.0]

    def hear(heading: Heading) -> None:
        error = (heading.degrees - truth[0] + 180) % 360 - 180
        found.append((heading.t_ns / NS, abs(error), heading.sd_deg))

    async def main() -> None:
        bus.tap(HEADING, hear)
        running = asyncio.create_task(service.run())
        await clock.sleep(0)
        for _, truth[0], at, here in outing(seed, seconds, **how):
            if here is not None:
                bus.publish(PLACE, here)
            bus.publish(POSE, at)
            await clock.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run_virtual(clock, main())
    return found


def test_after_thirty_metres_of_walking_the_heading_is_right_and_its_deviation_honest() -> None:
    runs = [walked(seed, 240.0) for seed in range(12)]
    later = [one for run in runs for one in run if one[0] > 22]
    errors = sorted(error for _, error, _ in later)
    assert statistics.median(errors) <= 5
    assert errors[int(0.95 * len(errors))] <= 15
    assert sum(error <= 2 * sd for _, error, sd in later) / len(later) >= 0.9
    assert statistics.median(sd for _, _, sd in later) <= 12


def test_standing_from_the_start_nothing_is_known_and_that_is_said() -> None:
    clock = VirtualClock()
    bus = Bus(clock)
    service = HeadingService(bus, Live())
    service._on_pose(pose(0.0, 10.0))
    heading = bus.latest(HEADING)
    assert heading is not None
    assert heading.sd_deg >= UNKNOWN_SD


def test_without_a_course_the_deviation_grows() -> None:
    offset = Offset()
    offset.move(0.0)
    for _ in range(40):
        offset.hear(30.0, 12.0)
    before = offset.sd_deg
    offset.move(600.0)
    assert before < 3
    assert 10 < offset.sd_deg < 90


def test_a_look_into_a_shop_window_is_no_turn_of_the_earth() -> None:
    offset = Offset()
    for second in range(60):
        offset.move(float(second))
        offset.hear(100.0, 34.0)
    for second in range(60, 66):
        offset.move(float(second))
        offset.hear(190.0, 34.0)
    assert abs(offset.degrees - 100) < 12


def test_the_offset_runs_over_north_without_a_jump() -> None:
    offset = Offset()
    offset.move(0.0)
    for degrees in (359.0, 1.0, 358.0, 2.0) * 10:
        offset.hear(degrees, 10.0)
    assert min(offset.degrees, 360 - offset.degrees) < 2


@pytest.mark.parametrize(("course", "speed"), [(None, 1.4), (90.0, 0.3)], ids=["no course", "too slow"])
def test_nobody_walks_nothing_is_told(course: float | None, speed: float) -> None:
    compass = CourseCompass()
    for second in range(20):
        for tenth in range(10):
            compass.turn(pose(second + tenth / 10, 0.0))
        assert compass.hear(place(second, course, speed)) is None


def test_a_corner_tells_nothing_until_it_is_behind() -> None:
    compass, told = CourseCompass(), []
    for second in range(20):
        course = 0.0 if second < 8 else 90.0
        for tenth in range(10):
            compass.turn(pose(second + tenth / 10, -course))
        told.append(compass.hear(place(second, course)) is not None)
    assert told[7]
    assert not any(told[8:11])
    assert told[16]
