"""What happens in the simulated world, and when: a TOML file, or made from a folder of photos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from drivers.base import ConfigError
from drivers.sim.outing import Outing

FOLDER = Path(__file__).with_name("scenarios")
PHOTO_STEP_DEG = 30.0
PHOTO_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"}

Seconds = Annotated[float, msgspec.Meta(ge=0)]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the scenario file; a key that is not listed is an error."""


class Picture(Table, frozen=True, kw_only=True):
    """A picture that stands ``yaw`` degrees to the left of straight ahead."""

    file: str
    yaw: float = 0.0


class Step(Table, frozen=True, kw_only=True):
    """At ``at`` seconds turn the head to ``look`` = [yaw, pitch] within ``over`` seconds, use a key, or hear what
    the sound file ``say`` holds.
    """

    at: Seconds
    look: tuple[float, float] | None = None
    over: Annotated[float, msgspec.Meta(gt=0)] = 0.6
    key: str = ""
    action: Literal["press", "release", "tap", "hold", "double_tap", "swipe_forward", "swipe_back"] = "press"
    say: str = ""


Axes = tuple[float, float, float]


class Chip(Table, frozen=True, kw_only=True):
    """How the IMU errs: gyro and accelerometer at rest, and ``noise`` as a multiple of the data sheet's.

    ``gyro_wander_dps`` is how far the gyro's zero strays by and by, in minutes (one standard deviation).
    """

    gyro_bias_dps: Axes = (0.35, -0.22, 0.14)  # within ±0.5 °/s, ICM-42688-P DS-000347 Table 1
    accel_bias_mg: Axes = (0.0, 0.0, 0.0)  # within ±20 mg, Table 2
    noise: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    gyro_wander_dps: Annotated[float, msgspec.Meta(ge=0)] = 0.0


class Compass(Table, frozen=True, kw_only=True):
    """How the magnetometer errs: the field of the glasses' own iron in µT, how much more each axis says than it
    should, and ``noise`` as a multiple of the chip's.
    """

    hard_iron_ut: Axes = (14.0, -22.0, 9.0)
    soft_iron: Axes = (0.02, -0.02, 0.01)
    noise: Annotated[float, msgspec.Meta(ge=0)] = 1.0


class Scenario(Table, frozen=True, kw_only=True):
    """A shelf of pictures, steps in time, sound, and the device's own condition.

    ``ends_s`` is when a run without a wearer may stop; ``repeat_s`` (0: never) starts the steps anew. ``sound`` is a
    file heard once from the start on; ``noise_dbfs`` is how loud the noise behind everything is (RMS). ``walk`` takes
    the wearer along a path, ``imu`` and ``magnetometer`` say how good those are.
    """

    name: str
    ends_s: Seconds
    repeat_s: Seconds = 0.0
    pictures: tuple[Picture, ...] = ()
    steps: tuple[Step, ...] = ()
    sound: str = ""
    noise_dbfs: Annotated[float, msgspec.Meta(le=0)] | None = None
    walk: Outing | None = None
    imu: Chip = Chip()
    magnetometer: Compass = Compass()
    temperature_c: float = 31.0
    charge: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.8
    folder: Path = FOLDER

    def path(self, name: str) -> Path:
        """A file the scenario names, relative to its own folder."""
        return self.folder / name


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file. Raises ConfigError, which names file and key."""
    try:
        scenario = msgspec.toml.decode(path.read_bytes(), type=Scenario)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path}: {error}; see drivers/sim/scenario.py for the form") from error
    steps = tuple(sorted(scenario.steps, key=lambda step: step.at))
    if scenario.repeat_s and steps and scenario.repeat_s <= steps[-1].at:
        raise ConfigError(f"{path}: repeat_s: must be later than the last step at {steps[-1].at:g} s")
    return msgspec.structs.replace(scenario, steps=steps, folder=path.parent)


def from_photos(folder: Path) -> Scenario:
    """Every photo of ``folder`` on a shelf, one each 30°, the first straight ahead. Raises ConfigError."""
    photos = sorted(path for path in folder.glob("*") if path.suffix.lower() in PHOTO_ENDINGS)
    if not photos:
        raise ConfigError(f"{folder}: no photo there; give a folder with JPEG, PNG or WebP pictures")
    pictures = tuple(Picture(file=path.name, yaw=-PHOTO_STEP_DEG * i) for i, path in enumerate(photos))
    return Scenario(name=folder.name, ends_s=0.0, pictures=pictures, folder=folder)
