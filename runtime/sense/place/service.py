"""Receiver → FIX and PLACE. Where fixes stay away, steps lead on for a while, in growing doubt; then nothing is
said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from drivers.base import Fix, Gnss, ImuSamples
from runtime.core.bus import Bus, hear
from runtime.core.clock import NS, Clock
from runtime.core.messages import Place, Pose
from runtime.core.topics import FIX, IMU, PLACE, POSE
from runtime.sense.live import Live
from runtime.sense.place.filter import PlaceFilter
from runtime.sense.place.reckoning import Reckoning
from runtime.sense.place.steps import StepCounter

PART = "gnss"
READ_HZ = 10
OUTAGE_S = 2.5  # without a fix, and steps are told
DOUBT_M = 40.0  # beyond which counted steps are no place any more
SILENT_S = 6.0  # without a byte, and the wearer is told
SILENT = "No satellite receiver is heard. Check its cable."
YAW_NS = NS // 10

Report = Callable[[str, str | None], None]


class PlaceService:
    """Publishes FIX and PLACE; a driver's error goes up to the supervisor. ``report`` tells a receiver that is
    silent.
    """

    def __init__(self, bus: Bus, clock: Clock, gnss: Gnss, live: Live, report: Report) -> None:
        self._bus, self._clock, self._gnss, self._live, self._report = bus, clock, gnss, live, report
        self._silent = False
        self._begin()

    def _begin(self) -> None:
        self._filter, self._reckoning, self._steps = PlaceFilter(), Reckoning(), StepCounter()
        self._epoch = self._live.epoch
        self._fixed_ns: int | None = None
        self._yaw: float | None = None
        self._yaw_ns = 0
        self._told_ns = self._felt_ns = 0

    async def run(self) -> None:
        """Serve until cancelled. Raises DriverError."""
        await self._clock.call("gnss", self._gnss.open)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(hear(self._bus, FIX, self._on_fix), name="gnss.fix")
                group.create_task(hear(self._bus, IMU, self._on_imu), name="gnss.steps")
                group.create_task(hear(self._bus, POSE, self._on_pose), name="gnss.pose")
                group.create_task(self._reckon(), name="gnss.reckon")
                await (
                    self._read()
                )  # in the body: there Python 3.11 takes its cancellation of a failed group back
        finally:
            self._gnss.close()

    async def _read(self) -> None:
        """The receiver, ten times a second."""
        opened_ns = self._clock.now_ns()
        while True:
            await self._clock.sleep(1 / READ_HZ)
            fixes = await self._clock.call("gnss", self._gnss.read)
            if not self._live.held:
                for fix in fixes:
                    self._bus.publish(FIX, fix)
            self._listen(opened_ns)

    def _on_fix(self, fix: Fix) -> None:
        """The receiver's, the phone's or a recording's."""
        if self._epoch != self._live.epoch:
            self._begin()
        place = self._filter.hear(fix)
        if place is None:
            return
        self._fixed_ns = fix.t_ns
        self._reckoning.anchor(place)
        self._tell(place)

    def _on_imu(self, samples: ImuSamples) -> None:
        self._felt_ns = self._clock.now_ns()
        for t_ns in self._steps.hear(samples):
            self._reckoning.step(t_ns)

    def _on_pose(self, pose: Pose) -> None:
        if self._yaw is not None and pose.t_ns - self._yaw_ns < YAW_NS:
            return
        last = pose.yaw if self._yaw is None else self._yaw
        self._yaw, self._yaw_ns = last + (pose.yaw - last + 180.0) % 360.0 - 180.0, pose.t_ns
        self._reckoning.turn(pose.t_ns, self._yaw)

    def _listen(self, opened_ns: int) -> None:
        """Whether bytes come at all."""
        heard_ns = max(self._gnss.state.last_byte_ns, opened_ns)
        silent = self._clock.now_ns() - heard_ns > SILENT_S * NS
        if silent != self._silent:
            self._silent = silent
            self._report(PART, SILENT if silent else None)

    async def _reckon(self) -> None:
        while True:
            await self._clock.sleep(0.5)
            self._walk_on()

    def _walk_on(self) -> None:
        """In an outage: once a second where the steps have led, as long as that is worth something."""
        now_ns = self._clock.now_ns()
        if self._fixed_ns is None or now_ns - self._fixed_ns < OUTAGE_S * NS or now_ns - self._told_ns < NS:
            return
        if now_ns - self._felt_ns > NS:  # without an IMU nobody knows whether there are steps
            return
        place = self._reckoning.place(now_ns)
        if place is not None and place.accuracy_m <= DOUBT_M:
            self._tell(place)

    def _tell(self, place: Place) -> None:
        self._told_ns = self._clock.now_ns()
        self._bus.publish(PLACE, place)
