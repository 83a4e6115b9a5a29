"""Maneuvers from a line that comes without any: where it turns a corner. A bend of the road is none.

The line is looked at every two metres: the way of 9 m before a place against that behind it. Recorded tracks shake by
some metres at a time, so they are smoothed over 8 m first, and the ways of 19 m must turn there too: what shakes does
not, and a bend of the road turns in those alone.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from runtime.features.navigate.routes.geometry import Floats, bearings, points_at, steps
from runtime.features.navigate.routes.route import Kind, Maneuver, Modifier

STEP_M, GAP_M, REACH_M = 2.0, 2.0, 11.0
WIDE_GAP_M, WIDE_REACH_M, WIDE_DEG = 5.0, 24.0, 35.0
CORNER_DEG = 40.0
BACK_DEG = 130.0
APART_M = 14.0
SMOOTH_M = 8.0
MOST_SAMPLES = 500_000
MOST_CORNERS = 10_000
_SECTORS: tuple[tuple[float, str], ...] = (
    (22.0, "straight"),
    (50.0, "slight"),
    (115.0, ""),
    (165.0, "sharp"),
)


def modifier_of(change_deg: float) -> Modifier:
    """The turn's name: degrees clockwise, −180 … 180.

    >>> modifier_of(-90), modifier_of(30), modifier_of(178)
    ('left', 'slight right', 'uturn')
    """
    side = "right" if change_deg > 0 else "left"
    name = next((name for limit, name in _SECTORS if abs(change_deg) <= limit), "uturn")
    words = {"straight": "straight", "uturn": "uturn", "": side}.get(name, f"{name} {side}")
    return words  # type: ignore[return-value]


def turn_between(before: float, after: float) -> float:
    """From one bearing to another: degrees clockwise, −180 … 180."""
    return (after - before + 180.0) % 360.0 - 180.0


def corners(line: Floats, along_m: Floats, *, shaky: bool = False) -> list[Maneuver]:
    """The line's corners as "turn" maneuvers, none closer than ``APART_M`` to either end."""
    length = float(along_m[-1])
    step = max(STEP_M, length / MOST_SAMPLES)
    at = np.arange(0.0, length, step)
    if len(at) < 3:
        return []
    points = points_at(line, along_m, at)
    if shaky:
        points = _smooth(points, max(1, round(SMOOTH_M / step)))
    change = _changes(points, max(1, round(GAP_M / step)), max(2, round(REACH_M / step)))
    found = _peaks(np.abs(change), max(1, round(APART_M / step)))
    if shaky:
        wide = _changes(points, max(1, round(WIDE_GAP_M / step)), max(2, round(WIDE_REACH_M / step)))
        found = [index for index in found if _agree(float(change[index]), float(wide[index]))]
    kept = [index for index in found if APART_M <= at[index] <= length - APART_M]
    if len(kept) > MOST_CORNERS:  # the sharpest
        kept = sorted(sorted(kept, key=lambda index: -abs(change[index]))[:MOST_CORNERS])
    return _corners(line, along_m, at[kept], change[kept])


def _agree(change: float, wide: float) -> bool:
    """Whether the turn is seen from afar too; of a turn back the side is chance."""
    back = min(abs(change), abs(wide)) > BACK_DEG
    return abs(wide) >= WIDE_DEG and (back or change * wide > 0)


def _changes(points: Floats, gap: int, reach: int) -> Floats:
    """At each sample the turn from the way behind it to the way before it, in degrees clockwise."""
    flat = np.pad(np.cumsum(steps(points), axis=0), ((1, 0), (0, 0)))
    flat = np.pad(flat, ((reach, reach), (0, 0)), mode="edge")  # ways are shorter towards the ends
    across = flat[reach - gap :] - flat[: gap - reach]
    way = np.degrees(
        np.arctan2(across[:, 1], across[:, 0])
    )  # from each sample, ``reach`` ones before the first
    turned: Floats = (way[reach + gap :] - way[: -reach - gap] + 180.0) % 360.0 - 180.0
    turned[:gap] = turned[-gap:] = 0.0
    return turned


def _peaks(size: Floats, apart: int) -> list[int]:
    """Where ``size`` is the largest around, and a corner."""
    turning = np.flatnonzero(size >= CORNER_DEG)
    around = sliding_window_view(np.pad(size, apart), 2 * apart + 1)[turning].max(axis=1)
    taken: list[int] = []
    for index in turning[size[turning] >= around]:
        if not taken or index - taken[-1] > apart:
            plateau = np.flatnonzero(size[index : index + apart + 1] >= size[index] - 1e-6)
            taken.append(int(index + plateau[_unbroken(plateau)] // 2))
    return taken


def _unbroken(plateau: np.ndarray) -> int:
    """The last index of the run that begins the plateau."""
    breaks = np.flatnonzero(np.diff(plateau) > 1)
    return int(breaks[0]) if len(breaks) else len(plateau) - 1


def _smooth(points: Floats, width: int) -> Floats:
    kernel = np.ones(2 * width + 1) / (2 * width + 1)
    padded = np.pad(points, ((width, width), (0, 0)), mode="edge")
    return np.column_stack([np.convolve(padded[:, axis], kernel, "valid") for axis in (0, 1)])


def _corners(line: Floats, along_m: Floats, at_m: Floats, change: Floats) -> list[Maneuver]:
    points = points_at(line, along_m, at_m).tolist()
    before = bearings(line, along_m, at_m - REACH_M, at_m - GAP_M).tolist()
    after = bearings(line, along_m, at_m + GAP_M, at_m + REACH_M).tolist()
    ways = [modifier_of(degrees) for degrees in change.tolist()]
    kinds: list[Kind] = ["u-turn" if way == "uturn" else "turn" for way in ways]
    places = [(latitude, longitude) for latitude, longitude in points]
    return [Maneuver(*one) for one in zip(kinds, at_m.tolist(), places, before, after, ways, strict=True)]
