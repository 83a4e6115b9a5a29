"""FIX → PLACE, whoever tells the fixes: receiver, phone or a recording. Where they stay away, steps lead on for a
while, in growing doubt; then nothing is said.

It does not depend on the receiver's life: steps are counted while that is unplugged, too.
"""

from __future__ import annotations

import asyncio

import msgspec

from drivers.base import Fix, ImuSamples
from drivers.gnss.ground import RADIUS_68, wrap_degrees
from runtime.core.bus import Bus, hear
from runtime.core.clock import NS, Clock
from runtime.core.messages import Place, Pose
from runtime.core.topics import FIX, IMU, PLACE, POSE
from runtime.sense.live import Live
from runtime.sense.place.filter import PlaceFilter, is_usable
from runtime.sense.place.reckoning import Reckoning
from runtime.sense.place.sources import PHONE_BETTER, Sources
from runtime.sense.place.steps import StepCounter

PART = "place"
OUTAGE_S = 2.5  # without a fix, and steps are told
DOUBT_M = 40.0  # beyond which counted steps are no place any more
STALE_S = 5.0  # a fix that comes later than that tells nothing of now
LATE_NS = NS // 2  # one that comes later is told with the way since
UNFELT_NS = NS // 2  # without a sample: a step may have been missed
YAW_NS = NS // 10


class PlaceService:
    """Publishes PLACE. It needs no receiver: FIX may be the phone's alone."""

    def __init__(self, bus: Bus, clock: Clock, live: Live) -> None:
        self._bus, self._clock, self._live = bus, clock, live
        self._begin()

    def _begin(self) -> None:
        self._filter, self._reckoning, self._steps = PlaceFilter(), Reckoning(), StepCounter()
        self._sources = Sources()
        self._epoch, self._heads = self._live.epoch, self._live.heads
        self._fixed_ns: int | None = None
        self._yaw: float | None = None
        self._yaw_ns = 0
        self._told_ns = self._felt_ns = 0
        self._place_ns = -1

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(hear(self._bus, FIX, self._on_fix), name="place.fix")
            group.create_task(hear(self._bus, IMU, self._on_imu), name="place.steps")
            group.create_task(hear(self._bus, POSE, self._on_pose), name="place.pose")
            await self._reckon()

    def _on_fix(self, fix: Fix) -> None:
        if self._epoch != self._live.epoch:
            self._begin()
        now_ns = self._clock.now_ns() if self._live.exact else fix.t_ns
        if fix.t_ns > now_ns:  # by a clock that is ahead of ours
            fix = msgspec.structs.replace(fix, t_ns=now_ns)
        if not is_usable(fix) or now_ns - fix.t_ns > STALE_S * NS or self._steps_tell_more(fix, now_ns):
            return
        choice = self._sources.choose(fix, now_ns)
        place = None if choice == "no" else self._filter.hear(fix, anew=choice == "anew")
        if place is None:
            return
        self._sources.believed(fix, now_ns)
        if now_ns - place.t_ns > LATE_NS or place.t_ns <= self._place_ns:
            place = self._filter.ahead(max(now_ns, self._place_ns + 1))
        self._fixed_ns = place.t_ns
        self._reckoning.anchor(place)
        self._tell(place)

    def _steps_tell_more(self, fix: Fix, now_ns: int) -> bool:
        """The other source's vague fix must not end a good reckoning."""
        if self._sources.is_held(fix) or not self._feels(now_ns):
            return False
        place = self._reckoning.place(now_ns)
        return place is not None and place.accuracy_m < PHONE_BETTER * fix.accuracy_m / RADIUS_68

    def _on_imu(self, samples: ImuSamples) -> None:
        now_ns = self._clock.now_ns()
        if now_ns - self._felt_ns > UNFELT_NS:
            self._reckoning.lose()
        if len(samples.t_ns):
            self._felt_ns = now_ns
        if self._fixed_ns is None:  # nobody asks yet where steps lead, and counting costs
            return
        for t_ns in self._steps.hear(samples):
            self._reckoning.step(t_ns)

    def _on_pose(self, pose: Pose) -> None:
        if self._heads != self._live.heads:  # straight ahead is another way now
            self._heads, self._yaw = self._live.heads, None
            self._reckoning.lose()
        if self._yaw is not None and pose.t_ns - self._yaw_ns < YAW_NS:
            return
        last = pose.yaw if self._yaw is None else self._yaw
        self._yaw, self._yaw_ns = last + wrap_degrees(pose.yaw - last), pose.t_ns
        self._reckoning.turn(pose.t_ns, self._yaw)

    async def _reckon(self) -> None:
        while True:
            await self._clock.sleep(0.5)
            self._walk_on()

    def _walk_on(self) -> None:
        """In an outage: once a second where the steps have led, as long as that is worth something."""
        now_ns = self._clock.now_ns()
        if self._fixed_ns is None or now_ns - self._fixed_ns < OUTAGE_S * NS or now_ns - self._told_ns < NS:
            return
        if not self._feels(now_ns):
            return
        place = self._reckoning.place(now_ns)
        if place is not None and place.accuracy_m <= DOUBT_M:
            self._tell(place)

    def _feels(self, now_ns: int) -> bool:
        """Without an IMU nobody knows whether there are steps."""
        return now_ns - self._felt_ns <= NS

    def _tell(self, place: Place) -> None:
        self._told_ns, self._place_ns = self._clock.now_ns(), place.t_ns
        self._bus.publish(PLACE, place)
