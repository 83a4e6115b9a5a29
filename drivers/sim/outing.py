"""A walk as a scenario tells it: the path, how fast, where it stops or strays, how well satellites are heard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.base import ConfigError

Metres = Annotated[float, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
MOST_POINTS = 1_000_000


class Pause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Stand still for ``for_s`` seconds, ``at_m`` metres along the path."""

    at_m: Metres
    for_s: Seconds


class Detour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Leave the path after ``at_m`` metres, ``off_m`` to its right (negative: left), and come back to it ``along_m``
    further on.
    """

    at_m: Metres
    off_m: float
    along_m: Metres = 20.0


class Jump(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From ``at_s`` on fixes lie ``metres`` beside the truth for ``for_s`` seconds: a reflection between houses."""

    at_s: Seconds
    metres: float
    for_s: Seconds


class Outage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From ``at_s`` on there is no fix for ``for_s`` seconds: a tunnel."""

    at_s: Seconds
    for_s: Seconds


class Iron(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Iron ``at_m`` metres along the path and ``left_m`` beside it, a metre or so below the head: its magnetic moment
    to north, west and up in A·m² (a car has some hundred).
    """

    at_m: Metres
    left_m: float
    moment_am2: tuple[float, float, float]


class Noise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a receiver errs; every figure is one standard deviation of one axis.

    ``white_m`` is new with each fix, ``wander_m`` a first-order Gauss-Markov process of time constant ``wander_s``
    (reflections of one street); ``speed_mps`` is the error of either part of the velocity. ``skew_s`` is how far the
    receiver's clock is off; its first fix comes ``first_fix_s`` after the start.
    """

    white_m: Metres = 0.8
    wander_m: Metres = 2.0
    wander_s: Annotated[float, msgspec.Meta(gt=0)] = 40.0
    speed_mps: Metres = 0.15
    jumps: tuple[Jump, ...] = ()
    outages: tuple[Outage, ...] = ()
    skew_s: float = 0.0
    first_fix_s: Seconds = 0.0

    @property
    def sd_m(self) -> float:
        """Of one axis, both processes together."""
        return float(np.hypot(self.white_m, self.wander_m))


def noise_of(sd_m: float) -> Noise:
    """Noise of ``sd_m`` in each axis, in the usual shares: most of it wanders."""
    return Noise(white_m=0.4 * sd_m, wander_m=(1 - 0.4**2) ** 0.5 * sd_m)


class Outing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[walk]``: ``points`` [latitude, longitude], or ``route``, a text file of such pairs, one a line."""

    points: tuple[tuple[float, float], ...] = ()
    route: str = ""
    speed_mps: Annotated[float, msgspec.Meta(gt=0, le=60)] = 1.4
    starts_s: Seconds = 0.0
    pauses: tuple[Pause, ...] = ()
    detours: tuple[Detour, ...] = ()
    irons: tuple[Iron, ...] = ()
    noise: Noise = Noise()


def load_points(outing: Outing, folder: Path) -> NDArray[np.float64]:
    """The path: float64[N, 2]. Raises ConfigError that names the file or key."""
    if bool(outing.points) == bool(outing.route):
        raise ConfigError("walk: give either points or route")
    if outing.points:
        return check_points(np.array(outing.points, np.float64), "walk.points")
    path = folder / outing.route
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ConfigError(f"walk.route: {path}: {error}") from error
    said = [(n, line.partition("#")[0].replace(",", " ").split()) for n, line in enumerate(lines, 1)]
    return check_points(np.array([_pair(path, n, words) for n, words in said if words]), str(path))


def _pair(path: Path, number: int, words: list[str]) -> tuple[float, float]:
    try:
        latitude, longitude = map(float, words)
    except ValueError as error:
        raise ConfigError(f"{path}:{number}: write latitude and longitude, as 31.2304 121.4737") from error
    return latitude, longitude


def check_points(points: NDArray[np.float64], where: str) -> NDArray[np.float64]:
    """``points`` if they are a path: float64[N ≥ 2, 2] in range. Raises ConfigError that begins with ``where``."""
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or points.shape[1:] != (2,) or not 2 <= len(points) <= MOST_POINTS:
        raise ConfigError(f"{where}: a walk has two points or more, each latitude and longitude")
    wrong = ~(np.abs(points) <= (90, 180)).all(axis=1)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ConfigError(
            f"{where}: point {at + 1} is nowhere on earth: {points[at, 0]:g}, {points[at, 1]:g}"
        )
    return points
