"""Another route when the wearer left this one: asked of the wearer's own server, in a thread, one at a time."""

from __future__ import annotations

import asyncio

from runtime.core.clock import Clock
from runtime.features.navigate.asks import Reads
from runtime.features.navigate.kept import read_server
from runtime.features.navigate.routes.client import ask_route
from runtime.features.navigate.routes.route import Route, RouteError

Point = tuple[float, float]


class NoServerError(RouteError):
    """Nobody may be asked: the wearer named no server."""


class Rerouting:
    """At most one question at a time; how often one is asked is the follower's back-off."""

    def __init__(self, clock: Clock, store: Reads) -> None:
        self._clock, self._store = clock, store
        self._asking = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether an answer is still awaited."""
        return self._asking.locked()

    async def ask(self, here: Point, route: Route, next_maneuver: int) -> Route:
        """A route from ``here`` by the via points that are still ahead to the end. Raises RouteError."""
        async with self._asking:
            server = await self._clock.call("store", read_server, self._store)
            if not server:
                raise NoServerError("no routing server is named: nav server URL")
            points = [here, *ahead(route, next_maneuver)]
            answer: Route = await self._clock.call("routes", ask_route, server, points, route.mode)
            return answer


def ahead(route: Route, next_maneuver: int) -> list[Point]:
    """The via points not yet passed, and the end; latitude, longitude."""
    stops = [one.point for one in route.maneuvers[max(0, next_maneuver) : -1] if one.kind == "via"]
    return [*stops, route.maneuvers[-1].point]
