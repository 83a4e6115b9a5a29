"""IMU → poses and gestures: drains the FIFO a hundred times a second, keeps the gyro's bias over restarts."""

from __future__ import annotations

import math
from typing import Protocol

from boards import spec
from drivers.base import Imu, ImuSamples
from runtime.core.bus import Bus
from runtime.core.clock import NS, Clock
from runtime.core.errors import StoreError
from runtime.core.topics import GESTURE, IMU, POSE
from runtime.sense.gestures import Gestures
from runtime.sense.live import Live
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
        self,
        bus: Bus,
        clock: Clock,
        imu: Imu,
        part: spec.Imu,
        store: Keeps,
        live: Live,
    ) -> None:
        self._bus, self._clock, self._imu, self._part = bus, clock, imu, part
        self._store, self._live = store, live
        self._gestures = Gestures()
        self._pose: HeadPose | None = None
        self._epoch = live.epoch
        self.lost = 0

    async def run(self) -> None:
        """Serve until cancelled. Raises DriverError."""
        await self._clock.call("imu", self._imu.open)
        fresh = self._pose is None
        pose = self._begin()
        if fresh:
            await self._load_bias(pose)
        else:
            self._live.heads += 1
        untap = self._bus.tap(IMU, self._follow)
        try:
            await self._serve()
        finally:
            untap()
            self._imu.close()

    def _begin(self) -> HeadPose:
        """A new pose without a past but the gyro's bias."""
        pose = HeadPose(self._imu.rate_hz, self._part.gyro_range_dps, self._part.axes)
        if self._pose is not None:
            pose.bias = self._pose.bias
        self._pose, self._gestures, self._epoch = pose, Gestures(), self._live.epoch
        return pose

    def _follow(self, samples: ImuSamples) -> None:
        """Samples, the IMU's or a recording's, become a pose and gestures."""
        pose = self._pose if self._pose is not None and self._epoch == self._live.epoch else self._begin()
        now = pose.update(samples)
        if now is not None:
            self._bus.publish(POSE, now)
            for gesture in self._gestures.update(now, samples):
                self._bus.publish(GESTURE, gesture)

    async def _serve(self) -> None:
        clock, bus, read = self._clock, self._bus, self._imu.read
        due_ns, keep_ns = clock.now_ns(), clock.now_ns() + round(KEEP_BIAS_S * NS)
        period_ns = NS // READ_HZ
        while True:
            samples = await clock.call("imu", read)
            self.lost += samples.lost
            if not self._live.held:
                bus.publish(IMU, samples)
            if due_ns > keep_ns and self._pose is not None:
                keep_ns = due_ns + round(KEEP_BIAS_S * NS)
                await self._keep_bias(self._pose)
            # No drift, and no chase after a stall.
            due_ns = max(due_ns + period_ns, clock.now_ns() - period_ns)
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
