"""Where on the route the wearer is: a histogram filter along its line, in a window of what is possible.

Each place moves the belief on by what the wearer walked, mostly forwards, and weighs it by distance and course. So
loops, out-and-back and crossings of the route with itself do not fool it, and of two passes side by side both are
believed until one fits better. The cost depends on the window, not on the route's length. Only where the wearer is
lost is the whole line searched. (Thrun, Burgard and Fox, Probabilistic Robotics, 2005, §4.1.)
"""

from __future__ import annotations

import math

import numpy as np

from runtime.core.clock import NS
from runtime.core.messages import Place
from runtime.features.navigate.following.line import Line, Match, Vector, turn, vector
from runtime.features.navigate.routes.route import Mode

BIN_M = 2.0
MOST_BINS = 512
LEAST = 1e-5  # of the likeliest bin: less is not believed any more
FAINT = 1e-4  # a likelihood is never less: a place can always be wrong
MAP_M = 3.0  # how far beside the line one may walk: the other pavement, a map's own error
COURSE = 3.0  # log likelihood lost when walking across the line
ALIKE = 2.0  # so many places in a row share an error: each counts that much less
SLOWEST = 0.5  # m/s: below, a course says nothing
AROUND_M = 16.0  # of a peak that belongs to it
SWITCH = 2.0  # times likelier, before another pass of the line is believed
NOMINAL: dict[Mode, float] = {"walking": 1.4, "cycling": 5.0, "driving": 14.0}
START_GATES = 2.5  # the first place is often the worst
BACK_M, FORTH_M = 60.0, 600.0  # how soon a far match is disliked: going back is rarer than a shortcut
ALONG_DEG = 50.0  # a course within this of the line goes along it


class Progress:
    """The estimate, from place to place."""

    def __init__(self, line: Line, mode: Mode = "walking") -> None:
        self._line = line
        self.nominal = NOMINAL[mode]
        self.along_m = 0.0
        self.forward_mps = 0.0  # the last speed along the route, negative when going back
        self._last = int(line.length_m / BIN_M)  # bin
        self._first = 0
        self._belief: Vector = np.ones(1)
        self._t_ns = 0

    def begin(self, place: Place, near_m: float | None) -> Match:
        """The first match, anywhere on the route: near ``near_m`` where that is known, else early in it."""
        at = vector(place.latitude, place.longitude)
        found = (
            self._earliest(place, at) if near_m is None else self.search(place, near_m, within_m=gate(place))
        )
        if found is None:
            window = slice(0, len(self._line.along_m) - 1)
            if near_m is not None:
                window = self._line.window(near_m - BACK_M, near_m + FORTH_M)
            found = self._line.nearest(at, window)
        self.jump(place, found)
        return found

    def _earliest(self, place: Place, at: Vector) -> Match | None:
        """The first pass of the line that the wearer does not walk against: a loop begins where it ends, too."""
        course = moving_course(place)
        found = self._line.candidates(at, START_GATES * gate(place), course)
        along = [match for match in found if course is None or abs(turn(match.bearing, course)) < 90]
        return next(iter(along or found), None)

    def step(self, place: Place, at: Vector) -> tuple[Match, Match]:
        """The likeliest match, and the nearest point of the line around it."""
        dt = max((place.t_ns - self._t_ns) / NS, 0.0)
        self._t_ns = place.t_ns
        course = moving_course(place)
        self._move(place.speed_mps if course is not None else None, dt)
        self._weigh(at, noise(place), course)
        expected = self.along_m + (place.speed_mps * dt if course is not None else 0.0)
        self.along_m = self._peak(expected)
        match = self._line.match(self.along_m, at)
        self.forward_mps = self._forward(place, course)
        return match, self._line.nearest(
            at, self._line.window(self.along_m - AROUND_M, self.along_m + AROUND_M)
        )

    def search(self, place: Place, near_m: float, within_m: float) -> Match | None:
        """The best match on the whole route within ``within_m`` of the place, or None.

        Course decides between passes of the line; then the one that is least far from ``near_m``.
        """
        course = moving_course(place)
        at = vector(place.latitude, place.longitude)
        found = self._line.candidates(at, within_m, course)
        return min(found, key=lambda match: _dislike(match, near_m, within_m, course), default=None)

    def jump(self, place: Place, match: Match) -> None:
        """Take up the progress at ``match``."""
        self.along_m, self._t_ns, self.forward_mps = match.along_m, place.t_ns, 0.0
        wide = math.sqrt(noise(place))
        self._first = min(max(int((match.along_m - 3 * wide) / BIN_M), 0), self._last)
        last = min(int((match.along_m + 3 * wide) / BIN_M) + 1, self._last)
        off = (self._places(last - self._first + 1) - match.along_m) / wide
        belief: Vector = np.exp(-0.5 * off**2)
        self._belief = belief / float(belief.sum())

    def _places(self, bins: int) -> Vector:
        places: Vector = BIN_M * np.arange(self._first, self._first + bins, dtype=np.float64)
        return places

    def _move(self, speed: float | None, dt: float) -> None:
        """Spread the belief by what may have been walked; what would lie beyond an end stays at the end."""
        reach, ways = self._ways(speed, dt)
        moved = np.convolve(self._belief, ways)
        first = self._first - reach
        if (under := -first) > 0:
            moved[under] += moved[:under].sum()
            moved, first = moved[under:], 0
        if (over := first + len(moved) - 1 - self._last) > 0:
            moved[-over - 1] += moved[-over:].sum()
            moved = moved[:-over]
        self._first, self._belief = first, moved

    def _ways(self, speed: float | None, dt: float) -> tuple[int, Vector]:
        """How likely each way walked is, from ``−reach`` to ``reach`` bins."""
        known = speed is not None
        usual = (speed if speed is not None else self.nominal) * dt
        furthest = min(1.4 * usual + BIN_M, MOST_BINS * BIN_M / 4)
        reach = int(furthest / BIN_M) + 1
        metres = np.arange(-reach, reach + 1) * BIN_M
        wide = max(0.25 * usual, 0.6 * BIN_M)
        likely = np.exp(-0.5 * ((metres - (usual if known else 0.0)) / wide) ** 2)
        share = 0.06 if known else 0.5
        ways: Vector = (1 - share) * likely / likely.sum() + share / len(metres)
        return reach, ways

    def _weigh(self, at: Vector, noise: float, course: float | None) -> None:
        points, bearings = self._line.points(self._places(len(self._belief)))
        log = self._line.off_square(points, at) / (-2.0 * noise)
        if course is not None:
            log -= COURSE * (1.0 - np.cos(np.radians(bearings - course)))
        self._belief = self._belief * (np.exp((log - log.max()) / ALIKE) + FAINT)
        kept = np.flatnonzero(self._belief >= LEAST * self._belief.max())
        low, high = int(kept[0]), int(kept[-1]) + 1
        if high - low > MOST_BINS:
            low = max(min(int(np.argmax(self._belief)) - MOST_BINS // 2, high - MOST_BINS), low)
            high = low + MOST_BINS
        self._first, self._belief = self._first + low, self._belief[low:high]
        self._belief /= self._belief.sum()

    def _peak(self, expected: float) -> float:
        """The mean around the expected place, or around the likeliest where that is likelier by far."""
        places = self._places(len(self._belief))
        best = float(places[int(np.argmax(self._belief))])
        here, mass = self._around(places, expected)
        there, other = self._around(places, best)
        return there if other > SWITCH * mass or mass == 0 else here

    def _around(self, places: Vector, centre: float) -> tuple[float, float]:
        near = np.abs(places - centre) <= AROUND_M
        belief = self._belief[near]
        mass = float(belief.sum())
        mean = float((belief * places[near]).sum()) / mass if mass > 0 else centre
        return min(mean, self._line.length_m), mass

    def _forward(self, place: Place, course: float | None) -> float:
        if course is None:
            return 0.0
        way = self._line.chord(self.along_m - 4.0, self.along_m + 4.0)
        return place.speed_mps * math.cos(math.radians(turn(way, course)))


def moving_course(place: Place) -> float | None:
    """Where the wearer goes, None while standing or where the course would be noise."""
    return place.course_deg if place.speed_mps >= SLOWEST else None


def noise(place: Place) -> float:
    """Variance of the place against the line, m²: its own, and that people do not walk on lines."""
    return place.accuracy_m**2 + MAP_M**2


def gate(place: Place) -> float:
    """Within which distance a place is on the line, metres."""
    return max(12.0, 2.0 * place.accuracy_m)


def goes_along(line: Line, match: Match, course: float) -> bool:
    """The course goes along the line at ``match``, by its segment or by what it does a few metres around."""
    ways = (match.bearing, line.chord(match.along_m - 10.0, match.along_m + 12.0))
    return any(abs(turn(way, course)) <= ALONG_DEG for way in ways)


def _dislike(match: Match, near_m: float, within_m: float, course: float | None) -> float:
    ahead = match.along_m - near_m
    far = ahead / FORTH_M if ahead >= 0 else -ahead / BACK_M
    cost = min(far, 3.0) + (2.0 * match.off_m / max(within_m, 1.0)) ** 2
    if course is not None:
        cost += 3.0 * (1.0 - math.cos(math.radians(turn(match.bearing, course))))
    return cost
