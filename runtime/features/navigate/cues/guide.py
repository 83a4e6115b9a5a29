"""Places in, events out: follows the route and says each maneuver once, in order, never behind it."""

from __future__ import annotations

from runtime.core.clock import NS
from runtime.core.messages import Place
from runtime.features.navigate.cues.events import Event, EventKind, GuideState, Panel
from runtime.features.navigate.cues.panel import panel
from runtime.features.navigate.cues.when import calm, distances, together
from runtime.features.navigate.cues.words import Words
from runtime.features.navigate.following.follower import SILENT_S, Follower
from runtime.features.navigate.following.state import Following
from runtime.features.navigate.routes.route import Maneuver, Route

BEHIND_M, LATE_S = 4.0, 1.0  # past a maneuver, and of the next place: its cue is taken down
ARRIVED_S = 20.0  # the arrival is told for so long; it is not told again after a restart
FAR_M = 30.0  # from where on the line the wearer is believed to be
STARTED_M = 30.0  # beyond the start, and "head north" comes too late


class Guide:
    """One route with one wearer. ``words`` may be exchanged at any time, as when the language is set.

    ``resume`` takes up what ``state()`` gave before a restart; raises WrongRouteError for another route's.
    """

    def __init__(self, route: Route, words: Words, resume: GuideState | None = None) -> None:
        self.route, self.words = route, words
        self.follower = Follower(route, resume.follower if resume else None)
        self.following = Following(0)
        self._prepared = resume.prepared if resume else -1
        self._cued = resume.cued if resume else -1
        self._said_status = "arrived" if resume and resume.follower.arrived else "on"
        self._withdrawn = False
        self._arrived_ns: int | None = None

    def state(self) -> GuideState:
        """What to keep, as JSON or MessagePack by msgspec."""
        return GuideState(self.follower.state(), self._prepared, self._cued)

    def update(self, place: Place) -> list[Event]:
        """A new place → what it brought, in order."""
        return self._hear(self.follower.update(place))

    def tick(self, t_ns: int) -> list[Event]:
        """Time went by; once a second at least, so that a cue in doubt is withdrawn in time."""
        return self._hear(self.follower.tick(t_ns))

    def skip(self) -> None:
        """The next maneuver is not wanted; it will not be announced any more."""
        self.follower.skip()

    def shown(self) -> Panel | None:
        """What to show now; None while it is quiet or in doubt."""
        now = self.following
        if now.status == "arrived":
            return self._arrival()
        if now.status in ("off", "wrong way"):
            return None if now.doubt else panel(self, now.next, self._until_ns())
        if (
            now.off_m > FAR_M + 2 * now.accuracy_m
        ):  # after an outage: a moment, and the place on the line is known again
            return None
        if not now.sure or now.next > max(self._prepared, self._cued):
            return None
        if calm(self.route.maneuvers[now.next]) and now.next > self._cued:
            return None
        return panel(self, now.next, self._until_ns())

    def _arrival(self) -> Panel | None:
        if self._arrived_ns is None:
            return None
        until_ns = self._arrived_ns + round(ARRIVED_S * NS)
        return panel(self, self.following.next, until_ns) if self.following.t_ns < until_ns else None

    def _until_ns(self) -> int:
        """No longer than until the maneuver is behind, should no place come any more."""
        now, seconds = self.following, SILENT_S
        if now.status == "on" and now.speed_mps > 0:
            seconds = min(seconds, (now.to_next_m + BEHIND_M) / now.speed_mps + LATE_S)
        return (self.follower.believed_ns or 0) + round(seconds * NS)

    def follows_closely(self, index: int) -> Maneuver | None:
        """The maneuver that is said in one breath with this one, if there is one."""
        maneuvers = self.route.maneuvers
        if index + 1 >= len(maneuvers) or index == 0 or calm(maneuvers[index + 1]):
            return None
        step = maneuvers[index + 1].at_m - maneuvers[index].at_m
        if not together(self.route.mode, self.following.speed_mps, step):
            return None
        return maneuvers[index + 1]

    def _hear(self, following: Following) -> list[Event]:
        before, self.following = self.following, following
        events = self._changes(before)
        if following.sure:
            events += self._cues()
        return events

    def _changes(self, before: Following) -> list[Event]:
        """What became of the whole: off, back, in doubt, arrived."""
        now, found = self.following, []
        if now.doubt and not self._withdrawn and now.status in ("on", "off", "wrong way"):
            found.append(self._event("withdrawn", -1, self.words.doubt(now.doubt)))
        self._withdrawn = bool(now.doubt)
        if now.status not in (self._said_status, "waiting"):
            found += self._status(before)
            self._said_status = now.status
        if now.reroute:
            found.append(self._event("reroute", -1, self.words.rerouting()))
        return found

    def _status(self, before: Following) -> list[Event]:
        match self.following.status:
            case "off":
                return [self._event("off_route", -1, self.words.off_route())]
            case "wrong way":
                return [self._event("wrong_way", -1, self.words.wrong_way())]
            case "arrived":
                return self._arrived()
        return [self._event("rejoined", -1, self.words.rejoined())]

    def _arrived(self) -> list[Event]:
        """The last maneuver is announced first, where the wearer came upon the end too fast for it."""
        last, self._arrived_ns = len(self.route.maneuvers) - 1, self.following.t_ns
        found = self._announce(last) if self._cued < last else []
        return [*found, self._event("arrived", last, self.words.arrived(self.route.maneuvers[last]))]

    def _cues(self) -> list[Event]:
        found: list[Event] = []
        for index in range(max(self._cued + 1, 0), len(self.route.maneuvers)):
            if index < self.following.next and not self._start(index):
                self._cued = index  # passed unannounced, as by a short cut: never said
            elif self._is_due(index):
                found += self._announce(index)
            else:
                return found + self._prepare_if_due(index)
        return found

    def _start(self, index: int) -> bool:
        return index == 0 and self.following.along_m < STARTED_M

    def _is_due(self, index: int) -> bool:
        maneuver, step = self.route.maneuvers[index], self._step(index)
        now = self.following
        limits = distances(self.route.mode, now.speed_mps, now.accuracy_m, step)
        near = maneuver.at_m - now.along_m <= (limits.lead_m if calm(maneuver) else limits.now_m)
        done = index <= now.next or now.along_m >= maneuver.at_m - step - limits.lead_m
        return near and done

    def _prepare_if_due(self, index: int) -> list[Event]:
        maneuver, now = self.route.maneuvers[index], self.following
        limits = distances(self.route.mode, now.speed_mps, now.accuracy_m, self._step(index))
        far = maneuver.at_m - now.along_m > limits.prepare_m
        return [] if far or calm(maneuver) else self._prepare(index)

    def _step(self, index: int) -> float:
        before = self.route.maneuvers[index - 1].at_m if index else 0.0
        return self.route.maneuvers[index].at_m - before

    def _prepare(self, index: int) -> list[Event]:
        if index <= self._prepared:
            return []
        self._prepared = index
        maneuver = self.route.maneuvers[index]
        text = self.words.prepare(maneuver, maneuver.at_m - self.following.along_m)
        return [self._event("prepare", index, text)]

    def _announce(self, index: int) -> list[Event]:
        maneuver = self.route.maneuvers[index]
        found = [] if calm(maneuver) else self._prepare(index)
        self._cued = index
        text = self.words.cue(maneuver, self.follows_closely(index))
        return [*found, self._event("cue", index, text)]

    def _event(self, kind: EventKind, maneuver: int, text: str) -> Event:
        now = self.following
        bearing = now.bearing if now.status in ("on", "wrong way") and not now.doubt else None
        place = self.follower.place
        where = (place.latitude, place.longitude) if place else now.point
        return Event(now.t_ns, kind, maneuver, text, *where, bearing)
