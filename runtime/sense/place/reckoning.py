"""Where counted steps have led since the last fix: dead reckoning, with a doubt that grows with every step.

The length of a step is learnt while there are fixes; its direction is that of the body, which is the course that was,
turned by what the head has turned since (its median over some seconds: glances are no turns).
"""

from __future__ import annotations

import math
import statistics
from collections import deque

from drivers.gnss.ground import metres_per_degree, wrap_degrees
from runtime.core.clock import NS
from runtime.core.messages import Place

STEP_M = 0.7  # until another was learnt
SHORTEST_M, LONGEST_M = 0.35, 1.1
LEARN = 0.05  # of each new length
LENGTH_SHARE, TURN_SHARE = 0.06, 0.12  # of the way, that the place is off by along it and across
IDLE_M_PER_S = 0.15  # nobody stands quite still for ever
YAW_S = 3.0
TURN_DEG = 20.0  # of the head now against its median


class Reckoning:
    """Steps and yaws all the time; ``place`` when there has been no fix for a while."""

    def __init__(self) -> None:
        self._length_m = STEP_M
        self._steps = deque[int](maxlen=64)
        self._yaws = deque[tuple[int, float]](maxlen=64)
        self._from: Place | None = None
        self._course: float | None = None
        self._yaw = 0.0
        self._north = self._east = self._way = 0.0

    @property
    def step_m(self) -> float:
        """The length of a step as learnt."""
        return self._length_m

    def turn(self, t_ns: int, yaw: float) -> None:
        """The head's yaw, in degrees to the left and without jumps; ten times a second is enough."""
        self._yaws.append((t_ns, yaw))

    def anchor(self, place: Place) -> None:
        """A fix: what was walked since the last one teaches the length of a step; the next steps begin here."""
        self._learn(place)
        if place.course_deg is not None and not self._turning(place.t_ns):
            self._course, self._yaw = place.course_deg, self._body_yaw(place.t_ns)
        self._from = place
        self._north = self._east = self._way = 0.0

    def lose(self) -> None:
        """Steps or turns were missed: nobody knows where these lead, until the next fix."""
        self._from, self._course = None, None
        self._steps.clear()
        self._yaws.clear()

    def step(self, t_ns: int) -> None:
        """A foot came down."""
        self._steps.append(t_ns)
        if self._from is None or self._course is None or t_ns <= self._from.t_ns:
            return
        course = math.radians(self._course - (self._body_yaw(t_ns) - self._yaw))
        self._way += self._length_m
        self._north += self._length_m * math.cos(course)
        self._east += self._length_m * math.sin(course)

    def place(self, t_ns: int) -> Place | None:
        """Where the steps have led; None before the first fix or without a direction."""
        start = self._from
        if start is None or self._course is None:
            return None
        north, east = metres_per_degree(start.latitude)
        seconds = (t_ns - start.t_ns) / NS
        doubt = math.hypot(LENGTH_SHARE * self._way, TURN_SHARE * self._way) + IDLE_M_PER_S * seconds
        pace = self._pace(t_ns)
        course = (self._course - (self._body_yaw(t_ns) - self._yaw)) % 360.0
        return Place(
            t_ns,
            start.latitude + self._north / north,
            wrap_degrees(start.longitude + self._east / east),
            math.hypot(start.accuracy_m, doubt),
            pace * self._length_m,
            course if pace else None,
            "steps",
        )

    def _pace(self, t_ns: int) -> float:
        """Steps a second over the last three."""
        return sum(t_ns - one <= 3 * NS for one in self._steps) / 3.0

    def _learn(self, place: Place) -> None:
        pace = self._pace(place.t_ns)
        if pace > 1.0 and place.speed_mps > 0.5:
            told = min(LONGEST_M, max(SHORTEST_M, place.speed_mps / pace))
            self._length_m += LEARN * (told - self._length_m)

    def _turning(self, t_ns: int) -> bool:
        """Head or body turned just now: the course and the yaw of this moment do not belong together."""
        return bool(self._yaws) and abs(self._yaws[-1][1] - self._body_yaw(t_ns)) > TURN_DEG

    def _body_yaw(self, t_ns: int) -> float:
        recent = [yaw for at_ns, yaw in self._yaws if t_ns - at_ns <= YAW_S * NS]
        return statistics.median(recent) if recent else self._yaw
