"""When a maneuver is announced: first "prepare", then "now", sooner the faster one goes; else it is quiet.

A pedestrian hears of a turn 60 m before it, or half the step before where the step is short. "Now" is some seconds
before the corner. Steps of a few metres in a row are each announced when the one before is all but done.
"""

from __future__ import annotations

import msgspec

from runtime.features.navigate.routes.route import Maneuver, Mode

PREPARE_M = 60.0
PREPARE_S = 17.0  # more for each m/s above a brisk walk
BRISK_MPS = 1.8
NOW_M, NOW_S = 6.0, 4.5
APART_M, APART_S = 6.0, 3.0  # at least, between prepare and now
LEAD_M, LEAD_S = 2.0, 1.2  # before the end of a step the next one is announced
THEN_M, THEN_S = 10.0, 6.0  # steps shorter than this are said together: "left, then right"
SLOWEST: dict[Mode, float] = {
    "walking": 1.0,
    "cycling": 3.0,
    "driving": 6.0,
}  # standing at the lights is no reason

_ON = ("", "straight")


class Distances(msgspec.Struct, frozen=True):
    """Metres before a maneuver at which it is announced; ``lead_m`` before the end of the step before it."""

    prepare_m: float
    now_m: float
    lead_m: float


def distances(mode: Mode, speed_mps: float, accuracy_m: float, step_m: float) -> Distances:
    """For the maneuver at the end of a step of ``step_m``."""
    speed = max(speed_mps, SLOWEST[mode])
    now = NOW_M + NOW_S * speed
    prepare = PREPARE_M + PREPARE_S * max(speed - BRISK_MPS, 0.0)
    prepare = max(min(prepare, step_m / 2), now + max(APART_M, APART_S * speed))
    return Distances(prepare, now, LEAD_M + LEAD_S * speed + accuracy_m)


def calm(maneuver: Maneuver) -> bool:
    """Nothing to do but go on: said once, when it is so, without a "prepare" before."""
    if maneuver.kind == "depart":
        return True
    # A router's "continue" keeps the street's name, be it round a corner.
    return maneuver.kind in ("turn", "continue") and maneuver.modifier in _ON


def together(mode: Mode, speed_mps: float, step_m: float) -> bool:
    """Two maneuvers this far apart are said in one breath."""
    return step_m <= THEN_M + THEN_S * max(speed_mps - BRISK_MPS, 0.0) + (0.0 if mode == "walking" else 10.0)
