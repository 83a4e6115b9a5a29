"""The course of a walker as a compass: who walks looks where he goes, most of the time.

The head's yaw relative to the course is zero-centred while walking straight, and glances are short: the median
over some seconds stands for the body (as in pedestrian dead reckoning with head-worn sensors: Ladetto and
Merminod, "Digital magnetic compass and gyroscope integration for pedestrian navigation", 2002).
"""

from __future__ import annotations

import statistics
from collections import deque

from drivers.gnss.ground import wrap_degrees
from runtime.core.clock import NS
from runtime.core.messages import Place, Pose

WALKING_MPS = 0.7
STRAIGHT_S, STRAIGHT_DEG = 5.0, 12.0  # the course has not changed more for so long
GLANCE_DEG = 15.0  # the head has not been farther from its median, half of the time
KEEP_S = 6.0
YAW_HZ = 10
HEAD_SD = 12.0  # of the head against the body, over one such window
APART = 8.0  # windows a second apart tell much the same: so many count for one


class CourseCompass:
    """Poses and places in, offsets with their deviation out."""

    def __init__(self) -> None:
        self._yaws: deque[tuple[int, float]] = deque(maxlen=round(KEEP_S * YAW_HZ))
        self._courses: deque[tuple[int, float]] = deque(maxlen=32)

    def turn(self, pose: Pose) -> None:
        """At the pose's rate; ten a second are kept, as angles that run on past ±180."""
        if not self._yaws:
            self._yaws.append((pose.t_ns, pose.yaw))
        elif pose.t_ns - self._yaws[-1][0] >= NS // YAW_HZ:
            last = self._yaws[-1][1]
            self._yaws.append((pose.t_ns, last + wrap_degrees(pose.yaw - last)))

    def hear(self, place: Place) -> tuple[float, float] | None:
        """A place → the offset it tells and its deviation in degrees; None while nobody walks straight on."""
        if place.course_deg is None or place.speed_mps < WALKING_MPS or place.source == "steps":
            self._courses.clear()
            return None
        self._courses.append((place.t_ns, place.course_deg))
        window = [course for t_ns, course in self._courses if place.t_ns - t_ns <= STRAIGHT_S * NS]
        turned = max(abs(wrap_degrees(course - place.course_deg)) for course in window)
        yaws = [yaw for t_ns, yaw in self._yaws if place.t_ns - t_ns <= STRAIGHT_S * NS]
        if len(window) < STRAIGHT_S - 1 or turned > STRAIGHT_DEG or len(yaws) < YAW_HZ * STRAIGHT_S / 2:
            return None
        middle = statistics.median(yaws)
        if statistics.median(abs(yaw - middle) for yaw in yaws) > GLANCE_DEG:
            return None
        own = 60.0 * min(1.0, place.accuracy_m / 10.0) / max(place.speed_mps, WALKING_MPS) * 0.1
        return (place.course_deg + middle) % 360.0, (HEAD_SD + own) * APART**0.5
