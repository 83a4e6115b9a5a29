"""Pictures on request: the camera, and with it the capture light, is on only for a burst."""

from __future__ import annotations

from drivers.base import Camera, Frame
from runtime.core.bus import Bus
from runtime.core.clock import Clock
from runtime.core.topics import FRAME

POLL_S = 0.008  # a quarter of a frame at 30 Hz
TURNS = 500  # polls before a camera that gives nothing new is given up


class Sight:
    """Takes bursts with one guarded camera."""

    def __init__(self, clock: Clock, bus: Bus, camera: Camera) -> None:
        self._clock, self._bus, self._camera = clock, bus, camera

    async def burst(self, n: int) -> list[Frame]:
        """``n`` different frames, fewer when the camera gives no more; it is closed again in any case.

        Raises CaptureRefusedError, DeviceLostError and other DriverErrors.
        """
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
