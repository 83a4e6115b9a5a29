"""Navigation: a kept route is followed, each maneuver is shown in time, and the arrow follows the head.

Places come once a second and decide what is said; the head's pose comes a hundred times a second and turns the arrow.
What is stale or in doubt is taken down by itself: every card has its end, and the arrow has the HUD's.
"""

from __future__ import annotations

import asyncio

import msgspec

from runtime.core.bus import Bus, hear
from runtime.core.clock import Clock
from runtime.core.errors import StoreError
from runtime.core.log import Log
from runtime.core.messages import (
    Card,
    CardDown,
    Guidance,
    Heading,
    Line,
    Place,
    Pose,
    Reading,
    Request,
    WearerSettings,
)
from runtime.core.topics import ARROW, CARD, GUIDANCE, HEADING, PLACE, POSE, READING, SETTINGS
from runtime.features.navigate import asks
from runtime.features.navigate.arrow import HeadArrow
from runtime.features.navigate.asks import Journey
from runtime.features.navigate.card import Urgency, cue_card, sign_card
from runtime.features.navigate.cues.events import Event
from runtime.features.navigate.cues.words import Words
from runtime.features.navigate.journey import Travelling
from runtime.features.navigate.kept import read_journey, read_route, replace_route
from runtime.features.navigate.rerouting import Rerouting
from runtime.features.navigate.routes.route import Route, RouteError
from runtime.features.navigate.signpost import Signpost
from runtime.features.requests import serve

TICK_S = 0.5
NOTE_S = 4.0
KEEP_AGAIN_S = 10.0  # after a disk that took nothing


class NavigateFeature:
    """Serves what ``asks`` names; publishes CARD, ARROW and GUIDANCE."""

    def __init__(self, *, bus: Bus, clock: Clock, log: Log, store: asks.Keeps) -> None:
        self._bus, self._clock, self._log, self._store = bus, clock, log, store
        self._travel: Travelling | None = None
        self._wishes = 0  # starts and stops so far: what takes long sees whether another came meanwhile
        self._arrow = HeadArrow()
        self._shown: tuple[Card, int] | None = None  # without its end, and the end
        self._signpost, self._urgency = Signpost(), Urgency()
        self._rerouting = Rerouting(clock, store)
        self._dirty = asyncio.Event()
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Serve until cancelled; a journey that was under way goes on."""
        await self._resume()
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(hear(self._bus, PLACE, self._on_place), name="navigate.place")
                group.create_task(hear(self._bus, HEADING, self._on_heading), name="navigate.heading")
                group.create_task(hear(self._bus, POSE, self._on_pose), name="navigate.pose")
                group.create_task(hear(self._bus, READING, self._on_reading), name="navigate.reading")
                group.create_task(hear(self._bus, SETTINGS, self._on_settings), name="navigate.settings")
                group.create_task(self._tick(), name="navigate.tick")
                group.create_task(self._keep(), name="navigate.keep")
                await serve(self._bus, self._handle)
        finally:
            self._group = None

    def _handle(self, request: Request, group: asyncio.TaskGroup) -> None:
        if request.action != asks.ACTION:
            return
        self._wishes += request.argument in ("start", "stop")
        if request.argument == "start":
            group.create_task(self._start(Journey(True)))
        elif self._travel is None:
            self._note("No route is followed: nav start")
        elif request.argument == "stop":
            self._stop()
        elif request.argument == "skip":
            self._travel.guide.skip()
            self._show()
        else:
            self._travel.muted = request.argument == "mute"
            self._show()
        self._dirty.set()

    async def _resume(self) -> None:
        kept = await self._clock.call("store", read_journey, self._store)
        if kept.on:
            await self._start(kept)

    async def _start(self, kept: Journey) -> None:
        """Follow the kept route; a route that can't be read is said, and nothing is followed."""
        wishes = self._wishes
        try:
            route = await self._clock.call("store", read_route, self._store)
        except RouteError as error:
            self._log.warning("no route", part=asks.KEY, error=str(error))
            self._note("The kept route can't be read. Load it again.")
            return
        if route is None:
            self._note("No route yet: nav load FILE")
        elif self._wishes == wishes:
            self._follow(route, kept)

    def _follow(self, route: Route, kept: Journey) -> None:
        self._travel = Travelling(route, Words(self._language), kept)
        place = self._bus.latest(PLACE)
        if place is not None:
            self._on_place(place)
        self._dirty.set()

    def _stop(self) -> None:
        self._travel = None
        self._show()
        self._dirty.set()

    @property
    def _language(self) -> str:
        return (self._bus.latest(SETTINGS) or WearerSettings()).language

    def _on_place(self, place: Place) -> None:
        if self._travel is not None:
            self._tell(self._travel.hear(place))
            self._dirty.set()

    def _on_heading(self, heading: Heading) -> None:
        self._arrow.hear(heading)

    def _on_settings(self, _: WearerSettings) -> None:
        if self._travel is not None and self._travel.guide.words.language != self._language:
            self._travel.guide.words = Words(self._language)
            self._show()

    def _on_reading(self, reading: Reading) -> None:
        """A sign was snapped: it says whether the wearer is where the route goes on."""
        if self._travel is None:
            return
        self._signpost.hear(reading, self._travel.guide, self._clock.now_ns())
        self._show()

    def _on_pose(self, pose: Pose) -> None:
        """At the pose's rate: nothing but the arrow."""
        bearing = self._travel.bearing(pose.t_ns) if self._travel is not None else None
        arrow = self._arrow.update(pose, bearing)
        if arrow is not None:
            self._bus.publish(ARROW, arrow)

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(TICK_S)
            self._arrow.tick(self._clock.now_ns())
            if self._travel is not None:
                self._tell(self._travel.tick(self._clock.now_ns()))

    def _tell(self, events: list[Event]) -> None:
        for event in events:
            self._log.info(event.text, part=asks.KEY, kind=event.kind)
            self._bus.publish(GUIDANCE, self._guidance(event))
            if event.kind == "reroute" and self._group is not None and not self._rerouting.busy:
                self._group.create_task(self._reroute(), name="navigate.reroute")
        self._show()

    async def _reroute(self) -> None:
        """Another route from here, if there is somebody to ask; the old one stays until it is there.

        The wearer's wish wins: who stops, or loads a route, in the meantime is not overruled.
        """
        travel, place, wishes = self._travel, self._bus.latest(PLACE), self._wishes
        if travel is None or place is None:
            return
        here = (place.latitude, place.longitude)
        try:
            old = travel.guide.route
            new = await self._rerouting.ask(here, old, travel.guide.following.next)
            if self._wishes != wishes:
                return
            journey = Journey(True, travel.muted)
            kept = await self._clock.call("store", replace_route, self._store, old, new, journey)
            if kept and self._wishes == wishes:
                self._follow(new, Journey(True, travel.muted))
        except (RouteError, StoreError) as error:
            self._log.info("no other route", part=asks.KEY, error=str(error))

    def _guidance(self, event: Event) -> Guidance:
        degrees = self._arrow.towards(event.bearing)
        return Guidance(
            event.t_ns, event.kind, event.maneuver, event.text, event.latitude, event.longitude,
            arrow_deg=degrees, sd_deg=self._arrow.sd_deg,
        )  # fmt: skip

    def _show(self) -> None:
        """The card of this moment, where it says something else than the one that stands, or stands longer."""
        if self._travel is None or self._travel.muted:
            self._take_down()
            return
        panel, guide, now_ns = self._travel.panel, self._travel.guide, self._clock.now_ns()
        sign = self._signpost.text(guide, now_ns)
        if panel is not None and panel.until_ns > now_ns:
            until_ns = panel.until_ns
            priority = self._urgency.of(panel, now_ns)
            card = cue_card(panel, now_ns, self._arrow.pointing, sign, priority)
        elif sign:
            until_ns = self._signpost.until_ns
            card = sign_card(sign, now_ns, until_ns)
        else:
            self._take_down()
            return
        shown = (msgspec.structs.replace(card, ttl_s=None), until_ns)
        if shown != self._shown:
            self._shown = shown
            self._bus.publish(CARD, card)

    def _take_down(self) -> None:
        if self._shown is not None:
            self._shown = None
            self._bus.publish(CARD, CardDown(asks.KEY))

    async def _keep(self) -> None:
        """Progress on the disk, so that a kill or a reboot costs no cue; what can't be kept is tried again."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            travel = self._travel
            kept = travel.to_keep() if travel is not None else Journey()
            if kept is None:
                continue
            try:
                await self._clock.call("store", self._store.set, asks.JOURNEY, kept)
            except StoreError as error:
                self._log.warning("progress is not kept", part=asks.KEY, error=str(error))
                await self._clock.sleep(KEEP_AGAIN_S)
                self._dirty.set()
            else:
                if travel is not None:
                    travel.note_kept(kept)

    def _note(self, text: str) -> None:
        self._bus.publish(CARD, Card(asks.KEY, (Line(text),), ttl_s=NOTE_S))
