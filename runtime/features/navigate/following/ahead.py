"""Which way the arrow points: along the street a few metres ahead, and at a turn the way out, without a leap."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.features.navigate.following.line import Line, turn

LOOK_S = 4.0
LOOK_M = (8.0, 25.0)
TURNING_S = 3.5  # before the corner the arrow begins to turn into the way out
TURNING_M = (5.0, 20.0)
SHORTEST_M = 1.0  # a chord below points anywhere


def way(line: Line, corners: Sequence[float], along_m: float, speed_mps: float) -> float:
    """Bearing to go from ``along_m``; ``corners`` are where the next maneuvers are, the first not yet reached."""
    look = _within(LOOK_S * speed_mps, LOOK_M)
    corner = corners[0] if corners else line.length_m
    left = corner - along_m
    if left >= look:
        return line.chord(along_m, along_m + look)
    beyond = corners[1] if len(corners) > 1 else line.length_m
    if beyond - corner < SHORTEST_M:  # the end: the street that leads there
        return line.chord(min(along_m, corner - SHORTEST_M), corner)
    out = line.chord(corner, min(corner + look, max(beyond, corner + SHORTEST_M)))
    into = line.chord(min(along_m, corner - SHORTEST_M), corner)
    turning = _within(TURNING_S * speed_mps, TURNING_M)
    return (into + _smooth(1.0 - left / turning) * turn(into, out)) % 360.0


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])


def _smooth(x: float) -> float:
    x = _within(x, (0.0, 1.0))
    return x * x * (3.0 - 2.0 * x)
