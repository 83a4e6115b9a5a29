"""Where along a line each maneuver is, which its source tells by a place and by the metres on the way to it.

A line may pass one place many times, so the metres since the maneuver before choose the pass; only where they lead
nowhere near is the whole rest of the line searched.
"""

from __future__ import annotations

import math

import msgspec

from runtime.features.navigate.routes.geometry import Floats, between, project
from runtime.features.navigate.routes.route import Kind, Lane, Modifier, Name, RouteError

FAR_M = 60.0  # a maneuver farther from the line than that belongs to another route
EDGE_M = 0.5
NEAR_M = 12.0  # one nearer than that is on it
MOST_MANEUVERS = 20_000
MOST_LOOKED = 60_000_000  # pieces of line, for all maneuvers together: some seconds


Try = tuple[float, float, float, float]  # middle, slack, near enough, and the reach of a first pass: metres


class OffLineError(RouteError):
    """A maneuver is nowhere near the line."""


class Found(msgspec.Struct):
    """A maneuver as a source tells it: ``about_m`` is where along the line it should be, by the source's own lengths;
    a maneuver without a ``point`` is put exactly there. One that is below 0 is unknown.
    A roundabout's ``modifier`` is its way out, "" where the source does not tell it.

    ``place`` names it in messages; ``legs`` of a source without steps have only "via" and "arrive".
    """

    kind: Kind
    point: tuple[float, float] | None
    about_m: float
    place: str
    modifier: Modifier = ""
    name: Name = Name("")
    towards: str = ""
    exit: int = 0
    lanes: tuple[Lane, ...] = ()
    ref: str = ""
    sign_exit: str = ""
    junction: str = ""


class Putting:
    """Puts maneuvers onto a line one after the other, none before the one in front of it.

    ``scale`` is the line's length by that which the source tells.
    """

    def __init__(self, line: Floats, along_m: Floats, scale: float = 1.0) -> None:
        self.line, self.along_m, self.scale = line, along_m, scale
        self.length = float(along_m[-1])
        self.last_m, self.last_told_m, self.looked = 0.0, 0.0, 0

    def __call__(self, one: Found) -> float:
        """Metres along the line. Raises RouteError for one that is not on it."""
        if one.about_m < 0 and one.point is not None:
            self.last_m = self._try(one, one.point, ((self.length, self.length, FAR_M, NEAR_M),))
            return self.last_m
        told = min(one.about_m * self.scale, self.length)
        self.last_m = self._place(one, told)
        self.last_told_m = told
        return self.last_m

    def _place(self, one: Found, told_m: float) -> float:
        if one.kind == "arrive" and told_m >= self.length - 1.0:
            return self.length
        onward = max(0.0, told_m - self.last_told_m)
        about = min(self.last_m + onward, self.length)
        if one.point is None:
            return about
        tries = (
            (about, 10.0 + 0.02 * onward, NEAR_M, 0.0),
            (told_m, 30.0 + 0.03 * told_m, FAR_M, 0.0),
            (self.length, self.length, FAR_M, NEAR_M),
        )
        return self._try(one, one.point, tries)

    def _try(self, one: Found, point: tuple[float, float], tries: tuple[Try, ...]) -> float:
        away = 0.0
        for middle, slack, enough, first_m in tries:
            at_m, away = self._look(one, point, middle - slack, middle + slack, first_m)
            if away <= enough:
                return at_m
        latitude, longitude = point
        raise OffLineError(
            f"{one.place}: {latitude:.5f}, {longitude:.5f} is {away:.0f} m from the route's line: take it again"
        )

    def _look(
        self, one: Found, point: tuple[float, float], from_m: float, to_m: float, first_m: float
    ) -> tuple[float, float]:
        from_m = min(max(from_m, self.last_m), self.length)
        to_m = min(max(to_m, from_m), self.length)
        first, last = between(self.along_m, from_m, to_m)
        self.looked += last - first
        if self.looked > MOST_LOOKED:
            raise RouteError(
                f"{one.place}: too many are far from where their lengths put them: take it again"
            )
        at_m, away = project(self.line, self.along_m, point, from_m, to_m, first_m=first_m)
        cut_off = (at_m >= to_m - EDGE_M and to_m < self.length) or (
            at_m <= from_m + EDGE_M and from_m > self.last_m
        )
        return at_m, math.inf if cut_off and away > EDGE_M else away  # it may be nearer beyond
