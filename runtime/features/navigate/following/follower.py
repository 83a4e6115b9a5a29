"""Follows one route: every place gives a state; nothing here waits, asks a server or reads a clock."""

from __future__ import annotations

import math
from bisect import bisect_right

from runtime.core.clock import NS
from runtime.core.messages import Place
from runtime.features.navigate.following.ahead import way
from runtime.features.navigate.following.deviation import POOR_M, Backoff, Backwards, Deviation, Return
from runtime.features.navigate.following.jumps import Jumps
from runtime.features.navigate.following.line import (
    Line,
    Match,
    Vector,
    bearing,
    degrees,
    metres,
    turn,
    vector,
)
from runtime.features.navigate.following.progress import (
    SLOWEST,
    Progress,
    gate,
    goes_along,
    moving_course,
)
from runtime.features.navigate.following.state import (
    Doubt,
    FollowerState,
    Following,
    Status,
    WrongRouteError,
    fingerprint,
)
from runtime.features.navigate.routes.route import Route

SILENT_S = 5.0  # without a place, and the cue is in doubt
CLEAR_M = 20.0  # accuracy at which a poor place is believed again
PASSED_M = 4.0  # beyond a maneuver: pedestrians are through it after 2 to 5 m
RETURNED_M = 15.0  # before a passed maneuver, and it is ahead again
ARRIVE_M = 3.0
BEYOND_M = 4.0  # walked since: a place that is ahead of the wearer ends the way too soon
CLOSE_M = 12.0  # of the end: standing there is arriving too
STAND_S = 5.0
SMOOTH_S = 0.8  # of the arrow's bearing


class Follower:
    """The route being followed. ``resume`` takes up a saved progress; raises WrongRouteError for another route's."""

    def __init__(self, route: Route, resume: FollowerState | None = None) -> None:
        self.route = route
        self._fingerprint = fingerprint(route)
        if resume is not None and resume.route != self._fingerprint:
            raise WrongRouteError(
                f"the saved progress is not that of {route.source or 'this route'}: start it anew"
            )
        self._saved = resume or FollowerState(self._fingerprint)
        self._line = Line(route)
        self._at = [maneuver.at_m for maneuver in route.maneuvers]
        self._end = vector(*(float(degree) for degree in route.line[-1]))
        self._progress = Progress(self._line, route.mode)
        self._jumps = Jumps(self._progress.nominal)
        self._deviation, self._backwards, self._return = Deviation(), Backwards(), Return()
        self._backoff = Backoff()
        self._status: Status = "arrived" if self._saved.arrived else "waiting"
        self._next = self._saved.next
        self._skipped = 0  # the first maneuver that the wearer did not skip
        self._stood_s = self._beyond_m = 0.0
        self._match = Match(self._saved.along_m, 0.0, 0.0)
        self._bearing: float | None = None
        self._poor = False
        self.place: Place | None = None  # the last that was believed
        self.heard_ns: int | None = None  # of the last place, believed or not
        self.believed_ns: int | None = None  # of the last that was: a cue from before a jump is stale

    def state(self) -> FollowerState:
        """What to keep; cheap, after every place if one likes."""
        started = self._saved.started or self.place is not None
        return FollowerState(
            self._fingerprint, self._match.along_m, self._next, started, self._status == "arrived"
        )

    def skip(self) -> None:
        """The wearer does not want the next maneuver; it counts as passed."""
        self._skipped = min(self._next + 1, len(self._at) - 1)
        self._next = max(self._next, self._skipped)

    def update(self, place: Place) -> Following:
        """A new place. One that is not newer than the last, or no place on Earth, changes nothing."""
        if not _usable(place) or (self.heard_ns is not None and place.t_ns <= self.heard_ns):
            return self.tick(max(place.t_ns, self.heard_ns or place.t_ns))
        at = vector(place.latitude, place.longitude)
        self._poor = place.accuracy_m > (CLEAR_M if self._poor else POOR_M)
        self.heard_ns = place.t_ns
        if not self._jumps.believe(place, at):
            return self._say(place.t_ns)
        self.believed_ns = place.t_ns
        dt = (place.t_ns - self.place.t_ns) / NS if self.place else 0.0
        self.place = place
        self._take(place, at, dt)
        self._advance(place)
        self._smooth(dt, place.speed_mps)
        return self._say(place.t_ns, self._wants_route(place.t_ns))

    def tick(self, t_ns: int) -> Following:
        """Time went by; call it at least once a second, so that silence is noticed."""
        return self._say(t_ns, self._wants_route(t_ns))

    def _take(self, place: Place, at: Vector, dt: float) -> None:
        match self._status:
            case "waiting":
                self._begin(place)
            case "off":
                self._seek(place, at, dt)
            case "on" | "wrong way":
                self._track(place, at, dt)
        if self._status in ("on", "wrong way") and self._arrives(place, at, dt):
            self._status = "arrived"

    def _begin(self, place: Place) -> None:
        near = self._saved.along_m if self._saved.started else None
        self._match = self._progress.begin(place, near)
        self._status = "on"
        self._backwards.reset(self._match.along_m)

    def _track(self, place: Place, at: Vector, dt: float) -> None:
        self._match, nearest = self._progress.step(place, at)
        away = _away(self._line.point(nearest.along_m), at, place)
        if self._deviation.hear(dt, nearest.off_m, place.accuracy_m, away, place.speed_mps):
            self._leave(place, "off")
        elif self._status == "wrong way":
            if self._backwards.turned(dt, self._progress.forward_mps):
                self._enter()
        elif self._is_back(place, dt):
            self._leave(place, "wrong way")

    def _is_back(self, place: Place, dt: float) -> bool:
        if place.accuracy_m > POOR_M:
            return False
        forward = self._progress.forward_mps
        return self._backwards.hear(dt, self._match.along_m, forward, place.accuracy_m)

    def _leave(self, place: Place, status: Status) -> None:
        """Not where the route goes on; unless the wearer is on another part of it, as after a short cut."""
        found = self._progress.search(place, self._match.along_m, gate(place))
        course = moving_course(place)
        if found is not None and course is not None and self._elsewhere(found, course):
            self._jump(place, found)
        else:
            self._status = status
            self._return.reset()
            self._deviation.reset()

    def _elsewhere(self, found: Match, course: float) -> bool:
        apart = abs(found.along_m - self._match.along_m) > RETURNED_M
        return apart and abs(turn(found.bearing, course)) < 45.0

    def _seek(self, place: Place, at: Vector, dt: float) -> None:
        if place.accuracy_m > POOR_M:
            return
        found = self._progress.search(place, self._match.along_m, gate(place))
        along = found is not None and self._joins(found, place, at)
        if found is not None and not along and found.off_m > gate(place) / 2:
            found = None  # a street beside the route, walked the other way
        reach = 3.0 * max(place.speed_mps, self._progress.nominal) * dt + 3.0 * place.accuracy_m
        if self._return.hear(dt, found.along_m if found else None, along, reach) and found is not None:
            self._jump(place, found)

    def _joins(self, found: Match, place: Place, at: Vector) -> bool:
        """The wearer goes along the route there, or stands on it, or is at its end."""
        course = moving_course(place)
        at_end = self._line.length_m - found.along_m <= CLOSE_M and metres(at, self._end) <= CLOSE_M
        return at_end or course is None or goes_along(self._line, found, course)

    def _jump(self, place: Place, match: Match) -> None:
        self._progress.jump(place, match)
        self._match = match
        self._enter()

    def _enter(self) -> None:
        self._status = "on"
        self._deviation.reset()
        self._backwards.reset(self._match.along_m)

    def _arrives(self, place: Place, at: Vector, dt: float) -> bool:
        left = self._line.length_m - self._match.along_m
        close = left <= CLOSE_M and metres(at, self._end) <= CLOSE_M + place.accuracy_m
        self._stood_s = self._stood_s + dt if close and place.speed_mps < SLOWEST else 0.0
        there = close and left <= max(ARRIVE_M, 0.6 * place.speed_mps)
        self._beyond_m = self._beyond_m + place.speed_mps * dt if there else 0.0
        done = self._beyond_m >= BEYOND_M or self._stood_s >= STAND_S
        return done and place.accuracy_m <= POOR_M

    def _advance(self, place: Place) -> None:
        """The first maneuver that is not behind; what a step back of some metres leaves as it is."""
        if self._status not in ("on", "arrived"):
            return
        along = self._match.along_m
        last = len(self._at) - 1
        passed = min(bisect_right(self._at, along - max(PASSED_M, 0.8 * place.speed_mps)), last)
        if passed < self._next and along > self._at[self._next - 1] - RETURNED_M:
            passed = self._next
        self._next = last if self._status == "arrived" else max(passed, self._skipped)

    def _smooth(self, dt: float, speed_mps: float) -> None:
        along = self._match.along_m
        first = bisect_right(self._at, along)
        wanted = way(self._line, self._at[first : first + 2], along, speed_mps)
        if self._bearing is None:
            self._bearing = wanted
        share = 1.0 - math.exp(-dt / SMOOTH_S)
        self._bearing = (self._bearing + share * turn(self._bearing, wanted)) % 360.0

    def _wants_route(self, t_ns: int) -> bool:
        if self._status == "off":  # from a place that is in doubt no way leads
            return not self._doubt(t_ns) and self._backoff.off(t_ns / NS)
        self._backoff.on(t_ns / NS)
        return False

    def _doubt(self, t_ns: int) -> Doubt:
        if self.believed_ns is not None and t_ns - self.believed_ns > SILENT_S * NS:
            return "silent"
        return "poor" if self._poor else ""

    def _say(self, t_ns: int, reroute: bool = False) -> Following:
        along, place = self._match.along_m, self.place
        return Following(
            t_ns=t_ns,
            status=self._status,
            doubt=self._doubt(t_ns),
            point=degrees(self._line.point(along)),
            along_m=along,
            left_m=self._line.length_m - along,
            off_m=self._match.off_m,
            accuracy_m=place.accuracy_m if place else 0.0,
            speed_mps=place.speed_mps if place else 0.0,
            next=self._next,
            to_next_m=max(self._at[self._next] - along, 0.0),
            bearing=self._bearing if self._bearing is not None else 0.0,
            reroute=reroute,
        )


def _away(foot: Vector, at: Vector, place: Place) -> float:
    """How fast the wearer's own velocity leads away from the line's nearest point, m/s."""
    course = moving_course(place)
    if course is None:
        return 0.0
    return place.speed_mps * math.cos(math.radians(turn(bearing(foot, at), course)))


def _usable(place: Place) -> bool:
    numbers = (place.latitude, place.longitude, place.accuracy_m, place.speed_mps, place.course_deg or 0.0)
    return all(map(math.isfinite, numbers)) and place.accuracy_m >= 0 and abs(place.latitude) <= 90
