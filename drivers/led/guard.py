"""The promise of the light: while camera or microphone is open it is lit, and when it can't be lit they stay
closed. ``drivers.factory`` hands out cameras and microphones only behind these guards.
"""

from __future__ import annotations

import contextlib
import threading

from drivers.base import AudioChunk, Camera, CaptureRefusedError, DriverError, Frame, Light, Microphone

REFUSED = "the capture light does not light, so nothing is captured: check the light (see `doctor`)"


class CaptureLight:
    """One light for all that captures: lit from the first ``hold`` to the last ``release``."""

    def __init__(self, light: Light | None) -> None:
        self._light = light
        self._holders = 0
        self._lock = threading.Lock()

    def hold(self) -> None:
        """Light it and look whether it is lit. Raises CaptureRefusedError."""
        with self._lock:
            try:
                self._switch_on()
            except CaptureRefusedError:
                self._switch_off_when_idle()  # else a light that mends itself shines for nothing
                raise
            self._holders += 1

    def release(self) -> None:
        """One capture less; the last one turns the light off."""
        with self._lock:
            self._holders = max(0, self._holders - 1)
            self._switch_off_when_idle()

    def check(self) -> None:
        """Raises CaptureRefusedError when the light has gone dark."""
        if self._light is None or not self._lit():
            raise CaptureRefusedError(REFUSED)

    def _switch_on(self) -> None:
        if self._light is None:
            raise CaptureRefusedError("this board has no capture light, so nothing is captured")
        try:
            self._light.set(True)
        except DriverError as error:
            raise CaptureRefusedError(f"{REFUSED} ({error})") from error
        self.check()

    def _switch_off_when_idle(self) -> None:
        if self._holders == 0 and self._light is not None:
            with contextlib.suppress(DriverError):
                self._light.set(False)

    def _lit(self) -> bool:
        try:
            return self._light is not None and self._light.is_on()
        except DriverError:
            return False


class _Guarded:
    """Holds the light while its device is open."""

    def __init__(self, device: Camera | Microphone, light: CaptureLight) -> None:
        self._device, self._light = device, light
        self._open = False

    def open(self) -> None:
        """Light first, then the device. Raises CaptureRefusedError, DriverError."""
        if self._open:
            return
        self._light.hold()
        try:
            self._device.open()
        except BaseException:
            self._light.release()
            raise
        self._open = True

    def close(self) -> None:
        """The device first, then the light."""
        if self._open:
            self._open = False
            self._device.close()
            self._light.release()

    def _check(self) -> None:
        """Close at once when the light has died in mid-capture."""
        try:
            self._light.check()
        except CaptureRefusedError:
            self.close()
            raise


class GuardedCamera(_Guarded):
    """A camera behind the light."""

    def __init__(self, camera: Camera, light: CaptureLight) -> None:
        super().__init__(camera, light)
        self._camera = camera

    def read(self) -> Frame | None:
        """The newest frame. Raises CaptureRefusedError, DeviceLostError."""
        self._check()
        return self._camera.read()


class GuardedMicrophone(_Guarded):
    """A microphone behind the light."""

    def __init__(self, microphone: Microphone, light: CaptureLight) -> None:
        super().__init__(microphone, light)
        self._microphone = microphone

    def read(self) -> AudioChunk:
        """What has been heard. Raises CaptureRefusedError, DeviceLostError."""
        self._check()
        return self._microphone.read()
