"""The shape of a board file (``boards/*/board.toml``).

A board is data. Every table is one struct here; unknown keys are errors, and what a value may be is said
by its type. References between tables (a part's ``bus``) are checked in ``boards.load``.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

Port = Annotated[str, msgspec.Meta(min_length=1)]
Positive = Annotated[int, msgspec.Meta(gt=0)]
Address = Annotated[int, msgspec.Meta(ge=0x08, le=0x77)]  # seven bits; the rest is reserved (UM10204 §3.1.12)


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the board file; a key that is not listed is an error."""


class Bus(Table, frozen=True, kw_only=True):
    """An I²C or SPI bus: ``compatible`` picks the class, ``path`` is its device node."""

    compatible: str
    path: str = ""
    hz: Annotated[int, msgspec.Meta(ge=0)] = 0


class Imu(Table, frozen=True, kw_only=True):
    """An IMU; ``axes`` maps the head's x (forward), y (left), z (up) to the chip's, e.g. "-y+x+z"."""

    compatible: str
    bus: str
    address: Address = 0x68
    rate_hz: Positive = 500
    accel_range_g: Positive = 8
    gyro_range_dps: Positive = 1000
    axes: Annotated[str, msgspec.Meta(pattern=r"^([+-][xyz]){3}$")] = "+x+y+z"


class Magnetometer(Table, frozen=True, kw_only=True):
    """A magnetometer; ``axes`` maps the head's x (forward), y (left), z (up) to the chip's, as of the IMU."""

    compatible: str
    bus: str
    address: Address = 0x0C
    rate_hz: Positive = 100
    axes: Annotated[str, msgspec.Meta(pattern=r"^([+-][xyz]){3}$")] = "+x+y+z"


class Camera(Table, frozen=True, kw_only=True):
    """A camera; ``device`` is a V4L2 node or an index; ``rotate`` turns the picture clockwise."""

    compatible: str
    device: str = "/dev/video0"
    width: Positive = 1920
    height: Positive = 1080
    fps: Positive = 30
    rotate: int = 0


class Display(Table, frozen=True, kw_only=True):
    """A panel; ``safe_area`` is left, top, width, height in pixels of what the wearer sees whole."""

    compatible: str
    bus: str = ""
    width: Positive = 640
    height: Positive = 480
    levels: Positive = 16
    safe_area: tuple[int, int, int, int] | None = None
    data_line: str = ""


class Microphone(Table, frozen=True, kw_only=True):
    """A capture device; ``channel`` picks one of an array, -1 mixes them.

    The card hands over ``period_ms`` of sound at a time and holds ``buffer_ms`` before any is lost.
    """

    compatible: str
    device: str = "default"
    rate_hz: Positive = 16000
    channels: Positive = 1
    channel: int = -1
    period_ms: Positive = 20
    buffer_ms: Positive = 500


class Key(Table, frozen=True, kw_only=True):
    """A button: a GPIO line as "chip:line", active low unless said otherwise."""

    line: str
    active_low: bool = True


class Keys(Table, frozen=True, kw_only=True):
    """The buttons of a board by name ("shutter", "touch")."""

    compatible: str
    keys: dict[str, Key] = {}


class Light(Table, frozen=True, kw_only=True):
    """The capture light: a GPIO line ("chip:line") or a LED class device by name."""

    compatible: str
    line: str = ""
    name: str = ""


class Battery(Table, frozen=True, kw_only=True):
    """A fuel gauge, on a bus or as a power-supply class device by name."""

    compatible: str
    bus: str = ""
    address: Address = 0x36
    name: str = ""


class Gnss(Table, frozen=True, kw_only=True):
    """A satellite receiver on a serial port; ``latency_ms`` passes from its measuring to its first byte."""

    compatible: str
    device: Port
    baud: Positive = 9600
    latency_ms: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 70


class Console(Table, frozen=True, kw_only=True):
    """Where the serial console listens: "pty", a serial port's node, or "tcp:PORT" (loopback only)."""

    port: Port = "pty"
    baud: Positive = 1_500_000


class Compute(Table, frozen=True, kw_only=True):
    """ONNX Runtime execution providers, best first, threads a session may use, memory for models."""

    providers: tuple[str, ...] = ("CPUExecutionProvider",)
    threads: Positive = 2
    model_memory_mb: Positive = 1024


class Board(Table, frozen=True, kw_only=True):
    """One board, whole. ``compatible`` are the device-tree strings that identify it."""

    name: str
    summary: str
    compatible: tuple[str, ...] = ()
    buses: dict[str, Bus] = {}
    imu: Imu | None = None
    magnetometer: Magnetometer | None = None
    camera: Camera | None = None
    display: Display | None = None
    microphone: Microphone | None = None
    keys: Keys | None = None
    capture_light: Light | None = None
    battery: Battery | None = None
    gnss: Gnss | None = None
    console: Console = Console()
    compute: Compute = Compute()
    sources: dict[str, str] = {}
