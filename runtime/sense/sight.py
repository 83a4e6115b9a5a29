"""Pictures on request: the camera, and with it the capture light, is on only for a burst."""

from __future__ import annotations

import asyncio
import contextlib

from drivers.base import Camera, Frame
from runtime.core.bus import Bus
from runtime.core.clock import Clock
from runtime.core.topics import FRAME
from runtime.sense.live import Live

POLL_S = 0.008  # a quarter of a frame at 30 Hz
JUST_NOW_NS = 100_000_000  # a recorded frame may come in the same breath as its request
TURNS = 500  # polls before a camera that gives nothing new is given up


class Sight:
    """Takes bursts with one guarded camera; while a recording plays, from the recording."""

    def __init__(self, clock: Clock, bus: Bus, camera: Camera, live: Live) -> None:
        self._clock, self._bus, self._camera, self._live = clock, bus, camera, live

    async def burst(self, n: int) -> list[Frame]:
        """``n`` different frames, fewer when the camera gives no more; it is closed again in any case.

        Raises CaptureRefusedError, DeviceLostError and other DriverErrors.
        """
        if self._live.held:
            return await self._recorded(n)
        frames: list[Frame] = []
        try:
            await self._clock.call("camera", self._camera.open)
            for _ in range(TURNS):
                frame = await self._clock.call("camera", self._camera.read)
                if frame is not None and (not frames or frame.seq != frames[-1].seq):
                    frames.append(frame)
                    self._bus.publish(FRAME, frame)
                if len(frames) == n:
                    break
                await self._clock.sleep(POLL_S)
        finally:
            await self._clock.call("camera", self._camera.close)
        return frames

    async def _recorded(self, n: int) -> list[Frame]:
        last = self._bus.latest(FRAME)
        just_now = last is not None and self._clock.now_ns() - last.t_ns < JUST_NOW_NS
        frames = [last] if last is not None and just_now else []
        with self._bus.subscribe(FRAME) as recorded, contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_S * TURNS):
                while len(frames) < n:
                    frames.append(await recorded.get())
        return frames
