"""A V4L2 or USB camera through OpenCV: a thread of its own keeps only the latest frame."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from boards import spec
from drivers.base import Clock, ConfigError, DeviceLostError, Frame

if TYPE_CHECKING:
    from drivers.factory import BuildContext

TURNS = {0: 0, 90: 3, 180: 2, 270: 1}  # clockwise degrees → numpy's counter-clockwise quarters
STOP_S = 2.0


class Capture(Protocol):
    """The part of ``cv2.VideoCapture`` that is used."""

    def read(self) -> tuple[bool, Any]:
        """Wait for the next picture: (got one, uint8[H, W, 3] BGR)."""
        ...

    def release(self) -> None:
        """Close the device."""
        ...


class V4l2Camera:
    """``start()`` opens the device and returns it, or raises DeviceLostError; ``rotate`` is clockwise."""

    def __init__(self, start: Callable[[], Capture], clock: Clock, rotate: int = 0) -> None:
        if rotate not in TURNS:
            raise ConfigError(f"camera.rotate: {rotate} is no quarter turn; give 0, 90, 180 or 270")
        self._start, self._clock, self._turns = start, clock, TURNS[rotate]
        self._lock = threading.Lock()
        self._frame: Frame | None = None
        self._lost = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @classmethod
    def from_board(cls, part: spec.Camera, context: BuildContext) -> V4l2Camera:
        """As the board file says."""
        return cls(lambda: open_device(part), context.clock, part.rotate)

    def open(self) -> None:
        """Open the device and start the thread. Raises DeviceLostError."""
        self.close()
        capture = self._start()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._grab, args=(capture, self._stop), name="camera-grab", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop the thread, which releases the device; one stuck in the kernel is left behind."""
        if self._thread is not None:
            with self._lock:
                self._stop.set()
                self._frame, self._lost = None, False
            self._thread.join(STOP_S)
            self._thread = None

    def read(self) -> Frame | None:
        """The newest frame, or None before the first. Raises DeviceLostError."""
        with self._lock:
            if self._lost:
                raise DeviceLostError("the camera stopped giving pictures: check its cable")
            return self._frame

    def _grab(self, capture: Capture, stop: threading.Event) -> None:
        """Keep the latest frame until ``stop``; however it ends, a reader learns that no more will come."""
        seq, got = 0, True
        try:
            while got and not stop.is_set():
                got, image = capture.read()
                if got:
                    self._keep(image, seq, stop)
                seq += 1
        finally:
            with self._lock:
                self._lost |= not stop.is_set()
            capture.release()

    def _keep(self, image: NDArray[np.uint8], seq: int, stop: threading.Event) -> None:
        upright = np.ascontiguousarray(np.rot90(image, self._turns)) if self._turns else image
        with self._lock:
            if not stop.is_set():  # else it is a thread that was left behind: its frame is of another session
                self._frame = Frame(self._clock.now_ns(), upright, seq)


def open_device(part: spec.Camera) -> Capture:
    """The camera of the board file through V4L2, MJPEG where it can. Raises DeviceLostError."""
    import cv2

    cv2.utils.logging.setLogLevel(
        cv2.utils.logging.LOG_LEVEL_SILENT
    )  # what fails is said below, once; the terminal belongs to the HUD
    name: str | int = int(part.device) if part.device.isdigit() else part.device
    capture = cv2.VideoCapture(name, cv2.CAP_V4L2)
    if not capture.isOpened():
        capture.release()
        raise DeviceLostError(
            f"camera {part.device} can't be opened: is it plugged in, and is this user in the group video?"
        )
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, part.width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, part.height)
    capture.set(cv2.CAP_PROP_FPS, part.fps)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return capture
