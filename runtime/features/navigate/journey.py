"""One journey: a guide, what it showed last, and what of it is kept."""

from __future__ import annotations

from runtime.core.messages import Place
from runtime.features.navigate.asks import Journey
from runtime.features.navigate.cues.events import Event, GuideState, Panel
from runtime.features.navigate.cues.guide import Guide
from runtime.features.navigate.cues.words import Words
from runtime.features.navigate.following.state import WrongRouteError
from runtime.features.navigate.routes.route import Route

KEEP_EVERY_M = 25.0  # a restart looks for the wearer around the place that was kept


class Travelling:
    """A route that is followed. ``muted``: nothing of it is shown."""

    def __init__(self, route: Route, words: Words, kept: Journey) -> None:
        self.guide = _guide(route, words, kept.guide)
        self.muted = kept.muted
        self._kept: Journey | None = None

    def hear(self, place: Place) -> list[Event]:
        """A new place → what it brought."""
        return self.guide.update(place)

    def tick(self, t_ns: int) -> list[Event]:
        """Time went by."""
        return self.guide.tick(t_ns)

    @property
    def panel(self) -> Panel | None:
        """What may be shown now."""
        return None if self.muted else self.guide.shown()

    def bearing(self, t_ns: int) -> float | None:
        """Where to go at ``t_ns``, clockwise from north; None where no arrow may be drawn."""
        panel = self.panel
        return panel.bearing if panel is not None and t_ns < panel.until_ns else None

    def to_keep(self) -> Journey | None:
        """What a restart needs; None while what is kept already will do."""
        now = Journey(True, self.muted, self.guide.state())
        return None if self._kept is not None and _alike(self._kept, now) else now

    def note_kept(self, journey: Journey) -> None:
        """That one is on the disk."""
        self._kept = journey


def _guide(route: Route, words: Words, kept: GuideState | None) -> Guide:
    """Go on where the kept state was, unless it is another route's."""
    try:
        return Guide(route, words, kept)
    except WrongRouteError:
        return Guide(route, words)


def _alike(one: Journey, other: Journey) -> bool:
    """Whether nothing was said between the two, and they are near each other."""
    a, b = one.guide, other.guide
    if a is None or b is None or one.muted != other.muted:
        return False
    same = (a.prepared, a.cued, a.follower.next, a.follower.arrived, a.follower.started) == (
        b.prepared, b.cued, b.follower.next, b.follower.arrived, b.follower.started,
    )  # fmt: skip
    return same and abs(a.follower.along_m - b.follower.along_m) < KEEP_EVERY_M
