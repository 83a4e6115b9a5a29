"""A wearer who walks along corners, and what a positioning service makes of it: places once a second."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from random import Random

import msgspec

from runtime.core.messages import Place
from tests.runtime.features.navigate.made import HOME, XY, heading, latlon

NS = 1_000_000_000


class Sky(msgspec.Struct, frozen=True):
    """Errors of places: white noise and a slow drift (Gauss-Markov), metres of either axis; spans in seconds.

    ``lag`` is that of course and speed. The stated accuracy is the true deviation of both errors.
    """

    white: float = 3.0
    drift: float = 4.0
    tau: float = 30.0
    jumps: tuple[tuple[float, float], ...] = ()  # from, to
    jump_m: float = 80.0
    outages: tuple[tuple[float, float], ...] = ()
    poor: tuple[tuple[float, float], ...] = ()
    lag: float = 2.0
    course_sd: float = 8.0
    moves: bool = True  # says speed and course


class Step(msgspec.Struct, frozen=True):
    t: float
    xy: XY
    along: float
    place: Place | None


def walk(corners: Sequence[XY], speed: float, seed: int, sky: Sky, *, stand: float = 20.0,
         waits: Sequence[tuple[float, float]] = (), home: tuple[float, float] = HOME) -> Iterator[Step]:  # fmt: skip
    """One step a second along ``corners``, then ``stand`` seconds at the end. ``waits``: (along, seconds)."""
    random = Random(seed)
    lengths = [0.0, *accumulate(math.dist(a, b) for a, b in pairwise(corners))]
    drift = [random.gauss(0, sky.drift), random.gauss(0, sky.drift)]
    keep = math.exp(-1 / sky.tau)
    truth: list[float] = []
    along, waiting, pending, t, end = 0.0, 0.0, list(waits), 0.0, 0.0
    angle = random.uniform(0, math.tau)
    while end < stand:
        truth.append(along)
        drift = [d * keep + random.gauss(0, sky.drift * math.sqrt(1 - keep**2)) for d in drift]
        yield _step(t, corners, lengths, truth, drift, sky, random, angle, home)
        t += 1.0
        if pending and along >= pending[0][0]:
            waiting = pending.pop(0)[1]
        if waiting > 0:
            waiting -= 1
        else:
            along = min(along + speed * random.uniform(0.85, 1.15), lengths[-1])
        end = end + 1 if along >= lengths[-1] else 0.0


def at(corners: Sequence[XY], lengths: Sequence[float], along: float) -> XY:
    index = min(max(bisect_right(lengths, along) - 1, 0), len(corners) - 2)
    length = lengths[index + 1] - lengths[index]
    t = (along - lengths[index]) / length if length else 0.0
    (x0, y0), (x1, y1) = corners[index], corners[index + 1]
    return x0 + t * (x1 - x0), y0 + t * (y1 - y0)


def _step(t: float, corners: Sequence[XY], lengths: Sequence[float], truth: list[float], drift: list[float],
          sky: Sky, random: Random, angle: float, home: tuple[float, float]) -> Step:  # fmt: skip
    xy = at(corners, lengths, truth[-1])
    x, y = (axis + d + random.gauss(0, sky.white) for axis, d in zip(xy, drift, strict=True))
    if _in(t, sky.jumps):
        x, y = x + sky.jump_m * math.cos(angle), y + sky.jump_m * math.sin(angle)
    accuracy = max(math.hypot(sky.white, sky.drift), 0.5)
    if _in(t, sky.poor):
        x, y, accuracy = x + random.gauss(0, 40), y + random.gauss(0, 40), 45.0
    old = at(corners, lengths, truth[max(len(truth) - 1 - max(round(sky.lag), 1), 0)])
    gone = truth[-1] - truth[max(len(truth) - 1 - max(round(sky.lag), 1), 0)]
    speed = gone / max(round(sky.lag), 1) if sky.moves else 0.0
    still = speed < 0.3
    course = None if still else (heading(old, xy) + random.gauss(0, sky.course_sd)) % 360
    latitude, longitude = latlon((x, y), home)
    stated = 0.0 if still else max(speed + random.gauss(0, 0.1), 0.0)
    place = Place(round(t * NS) + NS, latitude, longitude, accuracy, stated, course)
    return Step(t, xy, truth[-1], None if _in(t, sky.outages) else place)


def _in(t: float, spans: tuple[tuple[float, float], ...]) -> bool:
    return any(start <= t < end for start, end in spans)


def detour(
    corners: Sequence[XY], leave_m: float, aside_m: float, along_m: float
) -> tuple[list[XY], float, float]:
    """Leave at ``leave_m``, ``aside_m`` to the right of the way, walk ``along_m`` beside it and come back.

    Gives the corners walked, and the distances walked at which the line is left and reached again.
    """
    lengths = [0.0, *accumulate(math.dist(a, b) for a, b in pairwise(corners))]
    index = bisect_right(lengths, leave_m) - 1
    way = math.radians(heading(corners[index], corners[index + 1]))
    out, back = at(corners, lengths, leave_m), at(corners, lengths, leave_m + along_m)
    dx, dy = aside_m * math.cos(way), -aside_m * math.sin(way)
    rest = bisect_right(lengths, leave_m + along_m)
    walked = [*corners[: index + 1], out, (out[0] + dx, out[1] + dy), (back[0] + dx, back[1] + dy), back,
              *corners[rest:]]  # fmt: skip
    walked = [
        xy for number, xy in enumerate(walked) if not number or math.dist(xy, walked[number - 1]) > 1e-6
    ]
    return walked, leave_m, leave_m + math.dist(out, back) + 2 * aside_m
