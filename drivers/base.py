"""What every driver promises: small protocols, samples in SI units, one error tree.

A driver is a plain synchronous class. ``open`` and ``close`` may be called again and again;
``read`` never waits for the next sample, it returns what has arrived since the last call. The runtime
calls each driver from a thread of its own, so a driver may block on its bus but must not on its part.

Errors::

    DriverError
    ├── BusError (also OSError)     a transfer failed after its retries
    │   ├── NakError                the chip did not answer its address
    │   └── StuckBusError           SDA is held low; recovery was tried
    ├── WrongChipError              another chip answered
    ├── DeviceLostError (OSError)   it was there and has gone
    ├── ConfigError (ValueError)    the board file asks for what the part can't do
    └── CaptureRefusedError         the capture light can't be lit, so nothing is captured
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray


class DriverError(Exception):
    """Root of the drivers' errors; the message says what to do next."""


class BusError(DriverError, OSError):
    """A transfer failed after its retries."""


class NakError(BusError):
    """The chip did not acknowledge its address."""


class StuckBusError(BusError):
    """A chip holds SDA low; nine clock pulses did not free it."""


class WrongChipError(DriverError):
    """The identity register holds another chip's value."""


class DeviceLostError(DriverError, OSError):
    """The device was there and has gone: unplugged, browned out, or its node vanished."""


class ConfigError(DriverError, ValueError):
    """The board file asks for something this part can't do."""


class CaptureRefusedError(DriverError):
    """The capture light can't be lit, so camera and microphone stay closed."""


class Clock(Protocol):
    """The time a driver sees; ``runtime.core.clock`` has the real and the virtual one."""

    def now_ns(self) -> int:
        """Monotonic time in nanoseconds."""
        ...


class ImuSamples(msgspec.Struct, frozen=True):
    """Samples drained from an IMU's FIFO in one read, oldest first, in the chip's own axes.

    ``t_ns`` int64[N] monotonic; ``accel`` float32[N, 3] m/s²; ``gyro`` float32[N, 3] rad/s;
    ``temperature_c`` of the die; ``lost`` samples that overflowed since the last read.
    """

    t_ns: NDArray[np.int64]
    accel: NDArray[np.float32]
    gyro: NDArray[np.float32]
    temperature_c: float
    lost: int = 0


class Frame(msgspec.Struct, frozen=True):
    """One camera picture: ``image`` uint8[H, W, 3] BGR, taken at ``t_ns``; ``seq`` counts frames."""

    t_ns: int
    image: NDArray[np.uint8]
    seq: int


class AudioChunk(msgspec.Struct, frozen=True):
    """Sound since the last read: ``samples`` float32[N] mono in −1…1 at ``rate_hz``.

    ``t_ns`` is when the first sample entered the microphone; ``overruns`` counts lost periods.
    """

    t_ns: int
    samples: NDArray[np.float32]
    rate_hz: int
    overruns: int = 0


class InputEvent(msgspec.Struct, frozen=True):
    """A key or a touch: ``key`` as the board file names it ("shutter", "touch", …)."""

    t_ns: int
    key: str
    action: Literal["press", "release", "tap", "hold", "double_tap", "swipe_forward", "swipe_back"]


class BatteryState(msgspec.Struct, frozen=True):
    """Charge 0…1, volts, amperes (negative: discharging), °C; None where the gauge does not say."""

    t_ns: int
    charge: float | None
    volts: float
    amps: float | None
    temperature_c: float | None


class Fix(msgspec.Struct, frozen=True):
    """Where a receiver says it is: degrees (WGS 84), valid at ``t_ns``.

    ``accuracy_m`` is the radius that holds it in 68 of 100 cases; ``course_deg`` is where it goes, clockwise from
    true north. None where the receiver does not say. ``utc_s`` is its own clock, since 1970; ``source`` is the
    glasses' own receiver or the phone.
    """

    t_ns: int
    latitude: float
    longitude: float
    accuracy_m: float
    speed_mps: float | None = None
    course_deg: float | None = None
    altitude_m: float | None = None
    satellites: int | None = None
    utc_s: float | None = None
    source: Literal["gnss", "phone"] = "gnss"


class GnssState(msgspec.Struct, frozen=True):
    """What a satellite receiver has sent since the start.

    ``bytes`` in all, ``sentences`` whole and right, ``bad_checksums``, ``unreadable`` sentences whose fields make no
    sense, ``garbage_bytes`` in no sentence, ``fixes``, ``clock_steps``: how often its clock was set. ``in_view``
    satellites, ``hdop`` as last told; the times (monotonic) of the last byte and sentence are 0 while none came.
    """

    bytes: int = 0
    sentences: int = 0
    bad_checksums: int = 0
    unreadable: int = 0
    garbage_bytes: int = 0
    fixes: int = 0
    clock_steps: int = 0
    in_view: int = 0
    hdop: float | None = None
    last_byte_ns: int = 0
    last_sentence_ns: int = 0


class MagneticSamples(msgspec.Struct, frozen=True):
    """Samples of a magnetometer since the last read, oldest first, in the chip's own axes.

    ``t_ns`` int64[N] monotonic; ``field`` float32[N, 3] in microtesla; ``overflow`` counts samples left out
    because the field was beyond what the chip can measure.
    """

    t_ns: NDArray[np.int64]
    field: NDArray[np.float32]
    overflow: int = 0


class Rect(NamedTuple):
    """A rectangle in pixels: left, top, width, height."""

    x: int
    y: int
    w: int
    h: int


class Device(Protocol):
    """What every driver has."""

    def open(self) -> None:
        """Find the part, check its identity, set it up. Raises DriverError."""
        ...

    def close(self) -> None:
        """Leave the part quiet; never raises, may be called twice."""
        ...


class Imu(Device, Protocol):
    """An accelerometer and gyroscope with a FIFO."""

    @property
    def rate_hz(self) -> float:
        """The output data rate the chip was set to."""
        ...

    def read(self) -> ImuSamples:
        """Drain the FIFO (N may be 0). Raises BusError, DeviceLostError."""
        ...

    def self_test(self) -> Generator[float, None, dict[str, float]]:
        """Run the chip's own self-test: yields the seconds to wait before the next step, returns for each
        axis ("accel x", …) its response as a ratio to the factory's. Raises BusError.
        """
        ...


class Camera(Device, Protocol):
    """Latest frame, never a queue."""

    def read(self) -> Frame | None:
        """The newest frame, or None when there has been none since ``open``. Raises DeviceLostError."""
        ...


class Microphone(Device, Protocol):
    """A source of mono sound."""

    def read(self) -> AudioChunk:
        """What has been heard since the last read. Raises DeviceLostError."""
        ...


class Display(Device, Protocol):
    """A monochrome panel of 16 grey levels; black is transparent."""

    @property
    def width(self) -> int:
        """Columns."""
        ...

    @property
    def height(self) -> int:
        """Rows."""
        ...

    def show(self, canvas: NDArray[np.uint8], rects: Sequence[Rect]) -> None:
        """Send the parts of ``canvas`` (uint8[height, width], 0…15) that lie in ``rects``."""
        ...

    def power(self, on: bool) -> None:
        """Light the panel or turn it off; its memory is kept."""
        ...


class Keys(Device, Protocol):
    """Buttons and touch strips."""

    def read(self) -> list[InputEvent]:
        """Events since the last read, oldest first, debounced."""
        ...


class Gnss(Device, Protocol):
    """A satellite receiver."""

    @property
    def state(self) -> GnssState:
        """What was received so far; may be asked from any thread."""
        ...

    def read(self) -> list[Fix]:
        """Fixes since the last read, oldest first. Raises DeviceLostError."""
        ...


class Magnetometer(Device, Protocol):
    """Three axes of magnetic field."""

    def read(self) -> MagneticSamples:
        """What was measured since the last read (N may be 0). Raises BusError, DeviceLostError."""
        ...


class Light(Device, Protocol):
    """The capture light."""

    def set(self, on: bool) -> None:
        """Switch it. Raises DriverError when it can't be switched."""
        ...

    def is_on(self) -> bool:
        """What the hardware says, not what was asked for."""
        ...


class Battery(Device, Protocol):
    """A fuel gauge."""

    def read(self) -> BatteryState:
        """The state now. Raises BusError, DeviceLostError."""
        ...
