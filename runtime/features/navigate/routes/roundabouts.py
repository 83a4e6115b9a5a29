"""Which way a roundabout is left, for sources that do not say it: seen from where it is entered.

One goes round it to the left where one drives on the right, and clockwise where one drives on the left; the way out
turns to the other side.
"""

from __future__ import annotations

import numpy as np

from runtime.features.navigate.routes.geometry import Floats, bearing, bearings
from runtime.features.navigate.routes.route import Maneuver, Modifier, Side
from runtime.features.navigate.routes.shape import modifier_of, turn_between

STEP_M, ARM_M = 2.0, 10.0  # the line is looked at that often, with ways of that length
OUT_DEG = 20.0  # back from the circle's own turning: the way out has begun
CLEAR_M = 8.0  # and leads on straight from there on
RING_M = 250.0  # no roundabout is longer


def way_out(line: Floats, along_m: Floats, entry: Maneuver, until_m: float, traffic: Side) -> Modifier:
    """``until_m``: where the next maneuver is. Right-hand traffic where the side is unknown."""
    inwards = 1.0 if traffic == "left" else -1.0
    end = min(until_m, entry.at_m + RING_M, float(along_m[-1]))
    at = np.arange(entry.at_m + STEP_M, end, STEP_M)
    if len(at) == 0:
        return modifier_of(turn_between(entry.before, entry.after))
    turned = inwards * np.unwrap(
        bearings(line, along_m, at, np.minimum(at + ARM_M, along_m[-1])), period=360.0
    )
    back = np.maximum.accumulate(turned) - turned >= OUT_DEG
    out = float(at[int(back.argmax())]) if back.any() else float(at[-1])
    out = min(out + CLEAR_M, float(along_m[-1]) - ARM_M)
    return modifier_of(turn_between(entry.before, bearing(line, along_m, out, out + 1.5 * ARM_M)))
