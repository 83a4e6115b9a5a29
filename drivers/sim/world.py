"""The one physical truth behind every emulated part: where the wearer walks and the head points, what stands before
it, what is pressed, heard and felt. A scenario moves it, and so do the wearer's keys in the terminal.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from drivers.base import BatteryState, Clock, InputEvent
from drivers.sim.faults import Faults
from drivers.sim.gait import felt
from drivers.sim.magnetism import HOME, Irons, earth, in_head
from drivers.sim.motion import Head, HeadMotion
from drivers.sim.noises import Soundscape
from drivers.sim.outing import Iron, Noise, load_points
from drivers.sim.reception import Measured, Reception
from drivers.sim.scenario import Picture, Scenario, Step
from drivers.sim.walker import Spot, Walker

HOURS_OF_CHARGE = 3.0
FIELD_OF_VIEW_DEG = 70.0
HORIZON_S = 3600.0  # scripted steps repeat for so long
Action = Literal["press", "release", "tap", "hold", "double_tap", "swipe_forward", "swipe_back"]
Decode = Callable[[Path], NDArray[np.uint8]]


class World:
    """Physical truth on the given clock; times are the clock's monotonic nanoseconds."""

    def __init__(self, clock: Clock, scenario: Scenario, decode: Decode, seed: int = 0) -> None:
        self._clock, self._scenario, self._decode = clock, scenario, decode
        self.start_ns = clock.now_ns()
        self.faults = Faults(seed)
        self.changes = 0  # rises with each live change, so that what was computed ahead is thrown away
        self._head = Head()
        self._events: list[InputEvent] = []
        self._decoded: dict[str, NDArray[np.uint8]] = {}
        self._sounds = Soundscape(scenario.noise_dbfs, seed)
        self._seed = seed
        self._walker: Walker | None = None
        self._walk_ns = self.start_ns
        self._reception: Reception | None = None
        self._irons: Irons | None = None
        self._script()

    @property
    def scenario(self) -> Scenario:
        """What the world was made from."""
        return self._scenario

    def head(self, t_ns: NDArray[np.int64]) -> HeadMotion:
        """The head at each time; while somebody walks, "earth" in its quaternion is north, west and up."""
        walker = self._walker
        since_s = np.asarray((t_ns - self._walk_ns) * 1e-9, np.float64)
        body = None if walker is None else felt(walker, since_s)
        return self._head.motion(t_ns - self.start_ns, body)

    def walk(
        self, walker: Walker, noise: Noise, seed: int | None = None, irons: tuple[Iron, ...] = ()
    ) -> None:
        """From now on the wearer walks as ``walker`` says, past ``irons``, and satellites are received with
        ``noise``.
        """
        self._walker, self._walk_ns = walker, self._clock.now_ns()
        self._irons = Irons(irons, walker) if irons else None
        self._reception = Reception(noise, self._seed if seed is None else seed)
        self.changes += 1

    @property
    def walker(self) -> Walker | None:
        """Who walks; None while nobody does, and the place on earth is unknown."""
        return self._walker

    def place(self, t_ns: int) -> Spot | None:
        """Where the wearer truly is; ``course_deg`` is where the body faces. None while nobody walks."""
        return None if self._walker is None else self._walker.at((t_ns - self._walk_ns) * 1e-9)

    def heading(self, t_ns: int) -> float | None:
        """Where the head truly points, clockwise from true north in degrees; None while nobody walks."""
        spot = self.place(t_ns)
        return None if spot is None else (spot.course_deg - self.yaw_pitch(t_ns)[0]) % 360.0

    def field(self, t_ns: NDArray[np.int64]) -> NDArray[np.float64]:
        """What a magnetometer on the head would measure, in µT, float64[N, 3] in the head's axes."""
        walker, quaternion = self._walker, self.head(t_ns).quaternion
        if walker is None:
            around = np.tile(earth(*HOME), (len(t_ns), 1))
        else:
            truth = walker.truth(np.asarray((t_ns - self._walk_ns) * 1e-9, np.float64))
            around = np.tile(earth(truth.latitude[0], truth.longitude[0]), (len(t_ns), 1))
            if self._irons is not None:
                around += self._irons.field(truth)
        glasses = self._scenario.magnetometer
        return in_head(around, quaternion) * (1.0 + np.array(glasses.soft_iron)) + glasses.hard_iron_ut

    @property
    def skew_s(self) -> float:
        """How far the satellite receiver's clock is off."""
        return 0.0 if self._reception is None else self._reception.noise.skew_s

    def satellites(self, t_ns: int, aside_m: float = 0.0) -> Measured | None:
        """What a receiver would measure, asked in the order of time; None indoors and in an outage."""
        spot = self.place(t_ns)
        if spot is None or self._reception is None:
            return None
        return self._reception.measure(spot, (t_ns - self._walk_ns) * 1e-9, aside_m)

    def yaw_pitch(self, t_ns: int) -> tuple[float, float]:
        """Where the head points, in degrees: left and up are positive."""
        yaw, pitch, _, _ = self._head.angles(np.array([t_ns - self.start_ns]))
        return float(yaw[0]), float(pitch[0])

    def look(self, yaw_deg: float, pitch_deg: float, over_s: float = 0.4) -> None:
        """From now on turn the head to these angles."""
        self._head.turn(self._now_s(), yaw_deg, pitch_deg, over_s)
        self.changes += 1

    def turn(self, left_deg: float, up_deg: float) -> None:
        """Turn by so much from where the head is; the body goes along, up and down only as far as a neck does."""
        yaw, pitch = self.yaw_pitch(self._clock.now_ns())
        self.look(yaw + left_deg, float(np.clip(pitch + up_deg, -60, 60)))

    def press(self, key: str, action: Action = "press") -> None:
        """Act on a key of the glasses now, a moment after whoever has just looked at the keys."""
        bisect.insort(self._events, InputEvent(self._clock.now_ns() + 1, key, action), key=_when)

    def say(self, file: Path) -> None:
        """From now on what ``file`` holds is heard."""
        self._sounds.add(self._clock.now_ns() - self.start_ns, file)

    def keys_between(self, after_ns: int, until_ns: int) -> list[InputEvent]:
        """What was done to the keys after ``after_ns`` and not later than ``until_ns``."""
        first = bisect.bisect_right(self._events, after_ns, key=_when)
        last = bisect.bisect_right(self._events, until_ns, key=_when)
        return self._events[first:last]

    def picture(self, t_ns: int, width: int, height: int) -> NDArray[np.uint8]:
        """What the camera sees: uint8[height, width, 3] BGR, the nearest picture where the head points."""
        yaw, pitch = self.yaw_pitch(t_ns)
        seen = np.full((height, width, 3), 46, np.uint8)
        nearest = min(self._scenario.pictures, key=lambda p: abs(p.yaw - yaw), default=None)
        if nearest is not None:
            scale = width / FIELD_OF_VIEW_DEG
            _paste(seen, self._load(nearest), round((yaw - nearest.yaw) * scale), round(pitch * scale))
        return seen

    def sound(self, t_ns: int, n: int, rate_hz: int) -> NDArray[np.float32]:
        """``n`` samples float32 mono from ``t_ns`` on: what is said and played, over the scenario's noise.

        Raises ConfigError when a sound file can't be read.
        """
        return self._sounds.heard((t_ns - self.start_ns) * rate_hz // 1_000_000_000, n, rate_hz)

    def battery(self, t_ns: int) -> BatteryState:
        """A cell that empties evenly, 3.4 … 4.2 V."""
        used = (t_ns - self.start_ns) / 3.6e12 / HOURS_OF_CHARGE
        charge = max(0.0, self._scenario.charge - used)
        return BatteryState(t_ns, charge, 3.4 + 0.8 * charge, -0.4, self._scenario.temperature_c)

    def _script(self) -> None:
        if self._scenario.sound:
            self._sounds.add(0, self._scenario.path(self._scenario.sound))
        outing = self._scenario.walk
        if outing is not None:
            points = load_points(outing, self._scenario.folder)
            self.walk(Walker.of(outing, points), outing.noise, irons=outing.irons)
            self.changes = 0
        period = self._scenario.repeat_s
        for number in range(round(HORIZON_S / period) if period else 1):
            for step in self._scenario.steps:
                self._take(number * period + step.at, step)

    def _take(self, at_s: float, step: Step) -> None:
        if step.look is not None:
            self._head.turn(at_s, *step.look, step.over)
        if step.key:
            self._events.append(InputEvent(self.start_ns + round(at_s * 1e9), step.key, step.action))
        if step.say:
            self._sounds.add(round(at_s * 1e9), self._scenario.path(step.say))

    def _load(self, picture: Picture) -> NDArray[np.uint8]:
        image = self._decoded.get(picture.file)
        if image is None:
            image = self._decoded[picture.file] = self._decode(self._scenario.path(picture.file))
        return image

    def _now_s(self) -> float:
        return (self._clock.now_ns() - self.start_ns) * 1e-9


def _when(event: InputEvent) -> int:
    return event.t_ns


def _paste(onto: NDArray[np.uint8], image: NDArray[np.uint8], right: int, down: int) -> None:
    """Lay ``image``, fitted into the view, onto it, moved by so many pixels; what sticks out is cut off."""
    import cv2

    height, width = onto.shape[:2]
    scale = min(width / image.shape[1], height / image.shape[0])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    fitted = image if size == image.shape[1::-1] else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    left, top = (width - size[0]) // 2 + right, (height - size[1]) // 2 + down
    x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + size[0]), min(height, top + size[1])
    if x0 < x1 and y0 < y1:
        onto[y0:y1, x0:x1] = fitted[y0 - top : y1 - top, x0 - left : x1 - left]
