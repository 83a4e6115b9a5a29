"""Routes made for tests, as plain as a sketch: corners in metres east and north, each corner a maneuver."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random

import numpy as np

from runtime.features.navigate.following.line import turn
from runtime.features.navigate.routes.route import Kind, Maneuver, Mode, Modifier, Name, Route

XY = tuple[float, float]
HOME = (31.2231, 121.4316)  # Shanghai
EARTH = 6_371_008.8


def latlon(xy: XY, home: tuple[float, float] = HOME) -> tuple[float, float]:
    lat = home[0] + math.degrees(xy[1] / EARTH)
    return lat, home[1] + math.degrees(xy[0] / (EARTH * math.cos(math.radians(home[0]))))


def heading(start: XY, end: XY) -> float:
    return math.degrees(math.atan2(end[0] - start[0], end[1] - start[1])) % 360


def modifier(angle: float) -> Modifier:
    side, size = ("right" if angle > 0 else "left"), abs(angle)
    if size < 20:
        return "straight"
    if size > 165:
        return "uturn"
    hard = "slight " if size < 50 else "sharp " if size > 120 else ""
    return f"{hard}{side}"  # type: ignore[return-value]


def route(corners: Sequence[XY], mode: Mode = "walking", *, every: float = 12.0, bends: int = 0,
          home: tuple[float, float] = HOME) -> Route:  # fmt: skip
    """A route through the corners, with points ``every`` some metres; ``bends``: only each bends-th is a maneuver."""
    line: list[XY] = [corners[0]]
    marks: list[int] = []
    for start, end in pairwise(corners):
        marks.append(len(line) - 1)
        pieces = max(round(math.dist(start, end) / every), 1)
        line += [
            (start[0] + (end[0] - start[0]) * i / pieces, start[1] + (end[1] - start[1]) * i / pieces)
            for i in range(1, pieces + 1)
        ]
    marks.append(len(line) - 1)
    along = np.concatenate(([0.0], np.cumsum([math.dist(a, b) for a, b in pairwise(line)])))
    last = len(corners) - 1
    maneuvers = []
    for number, mark in enumerate(marks):
        before = heading(corners[number - 1], corners[number]) if number else 0.0
        after = heading(corners[number], corners[number + 1]) if number < last else before
        kind: Kind = "depart" if number == 0 else "arrive" if number == last else "turn"
        how = modifier(turn(before, after)) if kind == "turn" else ""
        if how == "uturn":
            kind = "u-turn"
        if bends and kind == "turn" and number % bends:
            continue
        name = Name(f"Street {number}")
        maneuvers.append(
            Maneuver(kind, float(along[mark]), latlon(line[mark], home), before, after, how, name)
        )
    places = np.array([latlon(xy, home) for xy in line])
    return Route(places, along, tuple(maneuvers), mode, "made")


def grid(seed: int, blocks: int = 9) -> list[XY]:
    """City blocks; it may cross itself, and goes back where it came from at times."""
    random, xy, way = Random(seed), (0.0, 0.0), 0
    corners = [xy]
    for _ in range(blocks):
        way = (way + random.choice((-1, 1))) % 4
        step = random.uniform(35, 140)
        dx, dy = ((0, 1), (1, 0), (0, -1), (-1, 0))[way]
        xy = (xy[0] + dx * step, xy[1] + dy * step)
        corners.append(xy)
    return corners


def crooked(seed: int, steps: int = 12) -> list[XY]:
    """Turns of 25 to 110 degrees after 30 to 90 metres."""
    random, xy, way = Random(seed), (0.0, 0.0), 0.0
    corners = [xy]
    for _ in range(steps):
        step = random.uniform(30, 90)
        xy = (xy[0] + step * math.sin(way), xy[1] + step * math.cos(way))
        corners.append(xy)
        way += math.radians(random.uniform(25, 110)) * random.choice((-1, 1))
    return corners


def short_steps(seed: int) -> list[XY]:
    """Turns of 2 to 10 metres apart between two long streets, as at a crossing with islands."""
    random = Random(seed)
    corners, way = [(0.0, 0.0), (0.0, 120.0)], 0
    for number in range(5):
        way = (way + (1 if number % 2 == 0 else -1)) % 4
        dx, dy = ((0, 1), (1, 0), (0, -1), (-1, 0))[way]
        step = random.uniform(2, 10) if number < 4 else 90.0
        corners.append((corners[-1][0] + dx * step, corners[-1][1] + dy * step))
    return corners


LOOP: list[XY] = [(0, 0), (0, 150), (120, 150), (120, 0), (0, 0)]
OUT_AND_BACK: list[XY] = [(0, 0), (0, 180), (90, 180), (0, 180), (0, 0)]
EIGHT: list[XY] = [(0, 0), (0, 200), (100, 200), (100, 100), (-100, 100), (-100, 0)]
LOLLIPOP: list[XY] = [(0, 0), (0, 100), (-60, 160), (0, 220), (60, 160), (0, 100), (0, 0)]


def named(kind: str, seed: int) -> list[XY]:
    made = {"grid": grid, "crooked": crooked, "short": short_steps}
    still = {"loop": LOOP, "out and back": OUT_AND_BACK, "eight": EIGHT, "lollipop": LOLLIPOP}
    return made[kind](seed) if kind in made else still[kind]


KINDS = ("grid", "crooked", "short", "loop", "out and back", "eight", "lollipop")
