"""Poses, places and the magnetic field → HEADING, ten times a second: where the head points over the ground, and how
sure that is.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drivers.base import MagneticSamples
from drivers.gnss.ground import wrap_degrees
from runtime.core.bus import Bus, hear
from runtime.core.clock import NS, Clock
from runtime.core.errors import StoreError
from runtime.core.messages import Heading, Place, Pose
from runtime.core.topics import HEADING, MAGNETIC, PLACE, POSE
from runtime.sense.axes import Mounting
from runtime.sense.heading.course import CourseCompass
from runtime.sense.heading.earth import earth_field
from runtime.sense.heading.north import UNKNOWN_SD, North
from runtime.sense.live import Live

HZ = 10
HABIT_SD = 6.5  # of a head that is always carried a little aside: no walking averages it away
COMPASS_SD = 5.5  # of a magnetometer at its best: axes that are not square, a tilt
HEARD_NS = 3 * NS  # a magnetometer that was heard since is believed to be there
KNOWN_UT = 4.0  # one standard deviation of the glasses' own iron: known
KEEP_S, AGED_UT = 60.0, 3.0  # what was kept of it is so much less sure
APART_NS = 30_000_000  # between a sample and its pose
FASTEST_RAD_S = 2.0  # a head that turns faster has no pose for the sample
CONTRARY_DEG, CONTRARY_TIMES = 90.0, 5  # courses that speak so against what is believed are right after all
OWN_IRON = "magnetometer.own_iron"


class Keeps(Protocol):
    """What keeps the glasses' own iron: the store."""

    def get(self, key: str, kind: type[list[float]], default: list[float]) -> list[float]:
        """The value, or ``default``."""
        ...

    def set(self, key: str, value: object) -> None:
        """Keep it. Raises StoreError."""
        ...


class HeadingService:
    """Publishes HEADING while poses come; what nothing tells any more grows doubtful, and it says so.

    North is sought anew once a recording begins or ends, or the IMU begins anew: yaw counts from elsewhere then.

    ``axes`` mounts the magnetometer, as the board file says.
    """

    def __init__(self, bus: Bus, clock: Clock, live: Live, store: Keeps, axes: str = "+x+y+z") -> None:
        self._bus, self._clock, self._live, self._store = bus, clock, live, store
        self._mounting = Mounting(axes)
        self._kept: list[float] = []
        self._begin()

    def _begin(self) -> None:
        self._north: North | None = None
        self._compass = CourseCompass()
        self._epoch, self._heads = self._live.epoch, self._live.heads
        self._poses = deque[Pose](maxlen=16)
        self._speed = 0.0
        self._told_ns = -NS
        self._heard_ns: int | None = None
        self._contrary = 0

    async def run(self) -> None:
        """Serve until cancelled."""
        kept = await self._clock.call("store", self._store.get, OWN_IRON, list[float], [])
        if len(kept) == 4 and all(math.isfinite(value) and abs(value) < 1000 for value in kept):
            self._kept = kept
        async with asyncio.TaskGroup() as group:
            group.create_task(hear(self._bus, POSE, self._on_pose), name="heading.pose")
            group.create_task(hear(self._bus, MAGNETIC, self._on_field), name="heading.field")
            group.create_task(self._keep(), name="heading.keep")
            await hear(self._bus, PLACE, self._on_place)

    def _on_place(self, place: Place) -> None:
        field = earth_field(place.latitude, place.longitude)
        if self._north is None:
            self._north = North(field)
            if self._kept:
                self._north.begin_with(np.array(self._kept[:3]), math.hypot(self._kept[3], AGED_UT))
        north = self._north
        north.field, self._speed = field, place.speed_mps
        north.move(place.t_ns / NS, self._speed)
        north.keep_strength()
        told = self._compass.hear(place)
        if told is not None:
            self._weigh(north, *told)

    def _weigh(self, north: North, offset_deg: float, sd_deg: float) -> None:
        """A course is heard; who walks straight on against the compass again and again has a wrong compass."""
        off = wrap_degrees(offset_deg - north.offset_deg)
        self._contrary = self._contrary + 1 if abs(off) > CONTRARY_DEG and north.sd_deg < CONTRARY_DEG else 0
        if self._contrary >= CONTRARY_TIMES:
            self._north, self._kept, self._contrary = North(north.field), [], 0
            north = self._north
        north.hear_course(offset_deg, sd_deg)

    def _on_field(self, samples: MagneticSamples) -> None:
        if self._north is None or not len(samples.t_ns):
            return
        fields = self._mounting.to_head(samples.field)
        for t_ns, field in zip(samples.t_ns.tolist(), fields, strict=True):
            pose = min(self._poses, key=lambda pose: abs(pose.t_ns - t_ns), default=None)
            if pose is None or abs(pose.t_ns - t_ns) > APART_NS or math.hypot(*pose.rate) > FASTEST_RAD_S:
                continue
            self._north.move(t_ns / NS, self._speed)
            self._north.hear_field(field.astype(np.float64), rotation(pose))
            self._heard_ns = t_ns

    def _on_pose(self, pose: Pose) -> None:
        if self._epoch != self._live.epoch:
            self._begin()
        elif self._heads != self._live.heads:  # these glasses' own iron is still theirs
            self._learn()
            self._begin()
        self._poses.append(pose)
        self._compass.turn(pose)
        if pose.t_ns - self._told_ns >= NS // HZ:
            self._told_ns = pose.t_ns
            self._bus.publish(HEADING, self._heading(pose))

    def _heading(self, pose: Pose) -> Heading:
        north = self._north
        if north is None:
            return Heading(pose.t_ns, -pose.yaw % 360.0, UNKNOWN_SD, 0.0)
        north.move(pose.t_ns / NS, self._speed)
        heard = self._heard_ns is not None and pose.t_ns - self._heard_ns < HEARD_NS
        known = heard and north.calibrated_ut < KNOWN_UT
        sd_deg = min(UNKNOWN_SD, math.hypot(north.sd_deg, COMPASS_SD if known else HABIT_SD))
        offset_deg = north.offset_deg
        return Heading(
            pose.t_ns, (offset_deg - pose.yaw) % 360.0, sd_deg, offset_deg, heard and north.disturbed
        )

    async def _keep(self) -> None:
        """What was learned of the glasses' own iron, for the next start."""
        while True:
            await self._clock.sleep(KEEP_S)
            if self._live.held or not self._learn():
                continue
            try:
                await self._clock.call("store", self._store.set, OWN_IRON, self._kept)
            except StoreError:
                continue  # the disk's own fault is told by those whose words would be lost

    def _learn(self) -> bool:
        """Take what is known of the glasses' own iron as what was known before, if it is known."""
        north = self._north
        if north is None or north.calibrated_ut > KNOWN_UT or self._heard_ns is None:
            return False
        self._kept = [round(value, 2) for value in (*north.own_iron.tolist(), north.calibrated_ut)]
        return True


def rotation(pose: Pose) -> NDArray[np.float64]:
    """The head's rotation, float64[3, 3]: earth ← head."""
    w, x, y, z = pose.quaternion
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
