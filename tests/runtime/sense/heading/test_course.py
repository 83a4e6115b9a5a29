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
from runtime.sense.heading.north import UNKNOWN_SD
from runtime.sense.heading.service import HeadingService
from runtime.sense.live import Live
from tests.runtime.sense.heading.outing import outing, place, pose


class Kept:
    """Nothing was kept."""

    def get(self, key: str, kind: type[list[float]], default: list[float]) -> list[float]:
        return default

    def set(self, key: str, value: object) -> None:
        return


def walked(seed: int, seconds: float, **how: float) -> list[tuple[float, float, float]]:
    """Seconds, error and stated deviation in degrees, ten times a second."""
    clock, found = VirtualClock(), list[tuple[float, float, float]]()
    bus = Bus(clock)
    service = HeadingService(bus, clock, Live(), Kept())
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
    service = HeadingService(bus, clock, Live(), Kept())
    service._on_pose(pose(0.0, 10.0))
    heading = bus.latest(HEADING)
    assert heading is not None
    assert heading.sd_deg >= UNKNOWN_SD


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
