"""A wearer who walks and looks around, as the heading's services hear him: poses that drift, courses that err."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

from runtime.core.clock import NS
from runtime.core.messages import Place, Pose
from runtime.sense.pose import make_pose

POSE_HZ = 20


def pose(t_s: float, yaw_deg: float) -> Pose:
    half = math.radians(yaw_deg) / 2
    return make_pose(round(t_s * NS), (math.cos(half), 0.0, 0.0, math.sin(half)), (0.0, 0.0, 0.0))


def place(t_s: float, course: float | None, speed: float = 1.4) -> Place:
    return Place(round(t_s * NS), 31.2, 121.4, 3.0, speed, course)


def outing(
    seed: int, seconds: float, *, drift_dps: float = 0.03, habit_deg: float = 6.0
) -> Iterator[tuple[float, float, Pose, Place | None]]:
    """Seconds, where the head truly points, the pose then, and once a second a place.

    Streets of 40 to 150 s with corners between; glances of 1 to 4 s up to 70° aside; a gyro that drifts; a course
    with a wandering error of about 4°; a head that is carried ``habit_deg`` (one σ) off the body for half a minute at
    a time.
    """
    rng = Random(seed)
    north, drift = rng.uniform(-180, 180), rng.gauss(0, drift_dps)
    course, corner_s = rng.uniform(0, 360), rng.uniform(40, 150)
    wander = habit = glance = aim = 0.0
    glance_s = rng.uniform(5, 15)
    for step in range(round(seconds * POSE_HZ)):
        t_s, dt = step / POSE_HZ, 1 / POSE_HZ
        if t_s >= corner_s:
            course, corner_s = course + rng.choice((-90, 90, -45, 60)), t_s + rng.uniform(40, 150)
        if t_s >= glance_s:
            aim = rng.uniform(-70, 70) if aim == 0.0 else 0.0
            glance_s = t_s + (rng.uniform(1, 4) if aim else rng.uniform(6, 20))
        glance += (aim - glance) * min(1.0, dt / 0.2)
        habit += -habit * dt / 30 + rng.gauss(0, habit_deg * math.sqrt(2 * dt / 30))
        wander += -wander * dt / 10 + rng.gauss(0, 4.0 * math.sqrt(2 * dt / 10))
        heading = (course - glance - habit) % 360
        yaw = north - heading + drift * t_s
        here = place(t_s, (course + wander) % 360) if step % POSE_HZ == 0 else None
        yield t_s, heading, pose(t_s, (yaw + 180) % 360 - 180), here
