"""The simulator's camera: what the World shows where the head points, on the grid of its frame rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boards import spec
from drivers.base import Clock, DeviceLostError, Frame
from drivers.sim.world import World

if TYPE_CHECKING:
    from drivers.factory import BuildContext


class SimCamera:
    """``width`` × ``height`` at ``fps``; the first frame is there at once, as from a warm sensor."""

    def __init__(self, world: World, clock: Clock, width: int, height: int, fps: int) -> None:
        self._world, self._clock = world, clock
        self._size = (width, height)
        self._period_ns = 1_000_000_000 // fps
        self._frame: Frame | None = None
        self._open = False

    @classmethod
    def from_board(cls, part: spec.Camera, context: BuildContext) -> SimCamera:
        """As the board file says."""
        return cls(context.world, context.clock, part.width, part.height, part.fps)

    def open(self) -> None:
        """Start streaming. Raises DeviceLostError."""
        self._check()
        self._frame, self._open = None, True

    def close(self) -> None:
        """Stop streaming."""
        self._frame, self._open = None, False

    def read(self) -> Frame | None:
        """The frame of this tick of the sensor, None while it is closed. Raises DeviceLostError."""
        if not self._open:
            return None
        self._check()
        seq = self._clock.now_ns() // self._period_ns
        frozen = self._world.faults.strikes("camera", "freeze")
        if self._frame is None or (seq != self._frame.seq and not frozen):
            t_ns = seq * self._period_ns
            image = self._world.picture(t_ns, *self._size)
            if self._world.faults.strikes("camera", "dark"):
                image = image // np.uint8(32)
            self._frame = Frame(t_ns, image, seq)
        return self._frame

    def _check(self) -> None:
        if self._world.faults.strikes("camera", "unplug"):
            raise DeviceLostError("the camera is gone: check its cable")
