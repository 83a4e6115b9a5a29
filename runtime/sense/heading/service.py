"""Poses and places → HEADING, ten times a second: where the head points over the ground, and how sure that is."""

from __future__ import annotations

import asyncio
import math

from runtime.core.bus import Bus, hear
from runtime.core.clock import NS
from runtime.core.messages import Heading, Place, Pose
from runtime.core.topics import HEADING, PLACE, POSE
from runtime.sense.heading.course import CourseCompass
from runtime.sense.heading.offset import Offset
from runtime.sense.live import Live

HZ = 10
HABIT_SD = 5.0  # of a head that is always carried a little aside: no walking averages it away


class HeadingService:
    """Publishes HEADING while poses come; without a course its deviation grows, and it says so."""

    def __init__(self, bus: Bus, live: Live) -> None:
        self._bus, self._live = bus, live
        self._begin()

    def _begin(self) -> None:
        self._offset, self._compass, self._epoch = Offset(), CourseCompass(), self._live.epoch
        self._told_ns = -NS

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(hear(self._bus, POSE, self._on_pose), name="heading.pose")
            await hear(self._bus, PLACE, self._on_place)

    def _on_place(self, place: Place) -> None:
        told = self._compass.hear(place)
        if told is not None:
            self._offset.move(place.t_ns / NS)
            self._offset.hear(*told)

    def _on_pose(self, pose: Pose) -> None:
        if self._epoch != self._live.epoch:  # a recording began or ended: this head is another
            self._begin()
        self._compass.turn(pose)
        if pose.t_ns - self._told_ns < NS // HZ:
            return
        self._told_ns = pose.t_ns
        offset = self._offset
        offset.move(pose.t_ns / NS)
        degrees = (offset.degrees - pose.yaw) % 360.0
        sd = math.hypot(offset.sd_deg, HABIT_SD)
        self._bus.publish(HEADING, Heading(pose.t_ns, degrees, sd, offset.degrees))
