"""IMU → poses and gestures: drains the FIFO a hundred times a second, keeps the gyro's bias over restarts."""

from __future__ import annotations

import math
from typing import Protocol

from boards import spec
from drivers.base import Imu
from runtime.core.bus import Bus
from runtime.core.clock import NS, Clock
from runtime.core.errors import StoreError
from runtime.core.topics import GESTURE, IMU, POSE
from runtime.core.trace import Tracer
from runtime.sense.gestures import Gestures
from runtime.sense.pose import HeadPose

READ_HZ = 100
KEEP_BIAS_S = 60.0
BIAS = "imu.gyro_bias"


class Keeps(Protocol):
    """What keeps the bias: the store."""

    def get(self, key: str, kind: type[list[float]], default: list[float]) -> list[float]:
        """The value, or ``default``."""
        ...

    def set(self, key: str, value: object) -> None:
        """Keep it. Raises StoreError."""
        ...


class MotionService:
    """Publishes IMU, POSE and GESTURE while it runs; a driver's error goes up to the supervisor."""

    def __init__(
        self, bus: Bus, clock: Clock, imu: Imu, part: spec.Imu, store: Keeps, tracer: Tracer
    ) -> None:
        self._bus, self._clock, self._imu, self._part = bus, clock, imu, part
        self._store, self._tracer = store, tracer
        self.lost = 0

    async def run(self) -> None:
        """Serve until cancelled. Raises DriverError."""
        await self._clock.call("imu", self._imu.open)
        pose = HeadPose(self._imu.rate_hz, self._part.gyro_range_dps, self._part.axes)
        gestures = Gestures()
        await self._load_bias(pose)
        try:
            await self._serve(pose, gestures)
        finally:
            self._imu.close()

    async def _serve(self, pose: HeadPose, gestures: Gestures) -> None:
        clock, bus, read = self._clock, self._bus, self._imu.read
        due_ns, keep_ns = clock.now_ns(), clock.now_ns() + round(KEEP_BIAS_S * NS)
        period_ns = NS // READ_HZ
        while True:
            samples = await clock.call("imu", read)
            self.lost += samples.lost
            bus.publish(IMU, samples)
            now = pose.update(samples)
            if now is not None:
                bus.publish(POSE, now)
                for gesture in gestures.update(now, samples):
                    bus.publish(GESTURE, gesture)
            if due_ns > keep_ns:
                keep_ns = due_ns + round(KEEP_BIAS_S * NS)
                await self._keep_bias(pose)
            due_ns = max(
                due_ns + period_ns, clock.now_ns() - period_ns
            )  # no drift, and no chase after a stall
            await clock.sleep(max(0.0, (due_ns - clock.now_ns()) / NS))

    async def _load_bias(self, pose: HeadPose) -> None:
        kept = await self._clock.call("store", self._store.get, BIAS, list[float], [])
        if len(kept) == 3 and all(math.isfinite(v) and abs(v) < 10 for v in kept):
            pose.bias = (kept[0], kept[1], kept[2])

    async def _keep_bias(self, pose: HeadPose) -> None:
        try:
            await self._clock.call("store", self._store.set, BIAS, [round(v, 4) for v in pose.bias])
        except StoreError:
            return  # the disk's own fault is told by those whose words would be lost
