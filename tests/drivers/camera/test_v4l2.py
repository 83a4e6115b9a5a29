from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boards import spec
from drivers.base import ConfigError, DeviceLostError, Frame
from drivers.camera.v4l2 import V4l2Camera, open_device
from runtime.core.clock import RealClock

WAIT_S = 5.0


class FakeCapture:
    """Gives a picture each time it is let, as a device does at its frame rate."""

    def __init__(self) -> None:
        self.pictures: list[Any] = []
        self.more = threading.Semaphore(0)
        self.asked = threading.Semaphore(0)
        self.released = threading.Event()

    def give(self, picture: Any) -> None:
        """One more picture (None: the device fails; an exception: it is raised); returns when it was taken."""
        self.asked.acquire(timeout=WAIT_S)
        self.pictures.append(picture)
        self.more.release()

    def settle(self) -> None:
        """Wait until the thread asks again, so that what was given has been kept."""
        assert self.asked.acquire(timeout=WAIT_S)
        self.asked.release()

    def read(self) -> tuple[bool, Any]:
        self.asked.release()
        if not self.more.acquire(timeout=WAIT_S):
            return False, None
        picture = self.pictures.pop(0)
        if isinstance(picture, Exception):
            raise picture
        return picture is not None, picture

    def release(self) -> None:
        self.released.set()


def picture(value: int) -> Any:
    return np.full((2, 3, 3), value, np.uint8)


def latest(camera: V4l2Camera) -> Frame:
    frame = camera.read()
    assert frame is not None
    return frame


def test_only_the_latest_frame_is_kept() -> None:
    capture = FakeCapture()
    camera = V4l2Camera(lambda: capture, RealClock())
    camera.open()
    assert camera.read() is None
    for value in (1, 2, 3):
        capture.give(picture(value))
    capture.settle()
    frame = latest(camera)
    assert frame.image[0, 0, 0] == 3 and frame.seq == 2
    assert camera.read() is frame
    capture.give(None)
    camera.close()


def test_an_unplugged_camera_is_lost_and_opens_again() -> None:
    captures = [FakeCapture(), FakeCapture()]
    coming = iter(captures)
    camera = V4l2Camera(lambda: next(coming), RealClock())
    camera.open()
    captures[0].give(picture(1))
    captures[0].give(None)
    assert captures[0].released.wait(WAIT_S)
    with pytest.raises(DeviceLostError, match="check its cable"):
        camera.read()
    camera.open()
    assert camera.read() is None  # nothing of the old session
    captures[1].give(picture(9))
    captures[1].settle()
    assert latest(camera).image[0, 0, 0] == 9
    captures[1].give(None)
    camera.close()
    assert camera.read() is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_is_not_a_picture_that_stands_still() -> None:
    capture = FakeCapture()
    camera = V4l2Camera(lambda: capture, RealClock())
    camera.open()
    capture.give(picture(1))
    capture.give(RuntimeError("no such pixel format"))
    assert capture.released.wait(WAIT_S)
    with pytest.raises(DeviceLostError):
        camera.read()
    camera.close()


def test_a_device_that_does_not_open_says_so() -> None:
    def gone() -> FakeCapture:
        raise DeviceLostError("is it plugged in?")

    camera = V4l2Camera(gone, RealClock())
    with pytest.raises(DeviceLostError):
        camera.open()
    camera.close()


@pytest.mark.parametrize(("rotate", "corner"), [(0, (0, 0)), (90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))])
def test_pictures_are_turned_clockwise(rotate: int, corner: tuple[int, int]) -> None:
    capture = FakeCapture()
    camera = V4l2Camera(lambda: capture, RealClock(), rotate)
    camera.open()
    marked = picture(0)
    marked[0, 0] = 255
    capture.give(marked)
    capture.settle()
    image = latest(camera).image
    assert image.shape == ((2, 3, 3) if rotate % 180 == 0 else (3, 2, 3))
    assert image[corner].tolist() == [255, 255, 255] and image.sum() == 3 * 255
    capture.give(None)
    camera.close()


def test_an_odd_angle_is_refused() -> None:
    with pytest.raises(ConfigError, match="0, 90, 180 or 270"):
        V4l2Camera(FakeCapture, RealClock(), 45)


@pytest.mark.parametrize("device", ["99", "/dev/video-that-is-not"])
def test_no_such_device(device: str) -> None:
    with pytest.raises(DeviceLostError, match="plugged in"):
        open_device(spec.Camera(compatible="linux,v4l2-camera", device=device))


def test_over_opencvs_own_capture(tmp_path: Path) -> None:
    import cv2

    film = str(tmp_path / "film.avi")
    writer = cv2.VideoWriter(film, cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (64, 48))
    for level in (0, 80, 160, 240):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    ended = threading.Event()

    class Film:
        """A film as a device: it ends as an unplugged camera does."""

        def __init__(self) -> None:
            self._capture = cv2.VideoCapture(film)

        def read(self) -> tuple[bool, Any]:
            return self._capture.read()

        def release(self) -> None:
            self._capture.release()
            ended.set()

    camera = V4l2Camera(Film, RealClock())
    camera.open()
    assert ended.wait(WAIT_S)
    with pytest.raises(DeviceLostError):
        camera.read()
    camera.close()
