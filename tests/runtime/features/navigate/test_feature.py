"""Navigation whole, from places and poses on the bus to cards and arrows, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import pytest

from runtime.core.bus import Bus
from runtime.core.clock import NS, VirtualClock, run_virtual
from runtime.core.log import LogRing, make_logger
from runtime.core.messages import (
    Card,
    CardDown,
    Guidance,
    Heading,
    Place,
    Reading,
    Request,
    WearerSettings,
)
from runtime.core.store import Store
from runtime.core.topics import ARROW, CARD, GUIDANCE, HEADING, PLACE, POSE, READING, REQUEST, SETTINGS
from runtime.features.navigate.asks import ACTION, KEY
from runtime.features.navigate.feature import NavigateFeature
from runtime.features.navigate.kept import keep_route, read_journey
from runtime.features.navigate.routes.load import load_route
from runtime.sense.pose import make_pose
from tests.runtime.features.navigate.routes.samples import at, corner

Script = Callable[["Glasses"], Awaitable[None]]


class Glasses:
    """The feature between a real bus and a real store, and all that the wearer was shown."""

    def __init__(self, folder: Path, clock: VirtualClock | None = None) -> None:
        self.clock = clock or VirtualClock()
        self.bus = Bus(self.clock)
        self.log = make_logger(self.clock, LogRing(), None)
        self.store = Store(folder / "browline.db", self.clock, self.log)
        self.cards: list[tuple[float, Card | CardDown]] = []
        self.arrows: list[tuple[float, float | None]] = []
        self.told: list[Guidance] = []
        self.bus.tap(CARD, lambda card: self.cards.append((self.now_s, card)))
        self.bus.tap(ARROW, lambda arrow: self.arrows.append((self.now_s, arrow.degrees)))
        self.bus.tap(GUIDANCE, self.told.append)

    @property
    def now_s(self) -> float:
        return self.clock.now_ns() / NS

    @property
    def events(self) -> list[tuple[str, int]]:
        return [(one.event, one.maneuver) for one in self.told]

    @property
    def words(self) -> list[str]:
        """Of the card that is up; nothing where it was taken down or its time is over."""
        when, card = self.cards[-1] if self.cards else (0.0, CardDown(KEY))
        if isinstance(card, CardDown) or (card.ttl_s is not None and self.now_s >= when + card.ttl_s):
            return []
        return [line.text for line in card.lines]

    def load(self) -> None:
        keep_route(self.store, load_route(corner(), "corner"))

    def ask(self, verb: str) -> None:
        self.bus.publish(REQUEST, Request(self.clock.now_ns(), ACTION, verb))

    def face(self, degrees: float, sd: float = 5.0) -> None:
        """The head points there over the ground; its yaw is 0."""
        self.bus.publish(HEADING, Heading(self.clock.now_ns(), degrees, sd, degrees))
        self.bus.publish(POSE, make_pose(self.clock.now_ns(), (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0)))

    async def stand(
        self, north_m: float, east_m: float, *, speed: float = 0.0, course: float | None = None
    ) -> None:
        """A second passes at a place."""
        await self.clock.sleep(1.0)
        latitude, longitude = at(north_m, east_m)
        self.bus.publish(PLACE, Place(self.clock.now_ns(), latitude, longitude, 3.0, speed, course))

    async def go(self, from_m: float, to_m: float, speed: float = 1.4) -> None:
        """Along the sample's way: 200 m north, then east."""
        metres = from_m
        while metres < to_m:
            metres = min(metres + speed, to_m)
            north = (metres, 0.0) if metres < 200 else (200.0, metres - 200.0)
            await self.stand(*north, speed=speed, course=0.0 if metres < 200 else 90.0)

    def play(self, *scripts: Script) -> None:
        """Each script meets a feature of its own, as after a restart."""

        async def main() -> None:
            for script in scripts:
                feature = NavigateFeature(bus=self.bus, clock=self.clock, log=self.log, store=self.store)
                running = asyncio.create_task(feature.run())
                await self.clock.sleep(0.01)
                await script(self)
                await self.clock.sleep(0.01)
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

        run_virtual(self.clock, main())
        self.store.close()


@pytest.fixture
def glasses(tmp_path: Path) -> Glasses:
    return Glasses(tmp_path)


async def _start(glasses: Glasses) -> None:
    glasses.load()
    glasses.ask("start")
    await glasses.clock.sleep(0.05)


def test_a_walk_from_start_to_end(glasses: Glasses) -> None:
    async def script(glasses: Glasses) -> None:
        await _start(glasses)
        await glasses.go(0, 350)

    glasses.play(script)
    assert [event for event in glasses.events if event[1] == 1] == [("prepare", 1), ("cue", 1)]
    assert glasses.events[-1][0] == "arrived"
    shown = {line.text for _, card in glasses.cards if isinstance(card, Card) for line in card.lines}
    assert {"Turn right", "Yuyuan Rd.", "愚园路", "60 m", "Arrived: it is on the left"} <= shown


def test_the_arrow_points_where_to_go_from_where_the_head_points(glasses: Glasses) -> None:
    async def script(glasses: Glasses) -> None:
        await _start(glasses)
        await glasses.go(0, 150)
        for head in (0.0, 30.0, 350.0):
            glasses.face(head)
            await glasses.clock.sleep(0.1)

    glasses.play(script)
    assert [degrees for _, degrees in glasses.arrows] == [0.0, 30.0, -10.0]


def test_a_vague_heading_gives_words_and_a_vaguer_one_nothing(glasses: Glasses) -> None:
    seen = []

    async def script(glasses: Glasses) -> None:
        await _start(glasses)
        await glasses.go(0, 150)
        for number, sd in enumerate((5.0, 40.0, 90.0)):
            glasses.face(0.0, sd)
            await glasses.go(150 + number, 151 + number)
            glasses.face(0.0, sd)
            await glasses.clock.sleep(0.01)
            seen.append((glasses.words, glasses.arrows[-1][1]))

    glasses.play(script)
    assert [words[-2:] for words, _ in seen] == [
        ["Yuyuan Rd.", "愚园路"],
        ["Towards Yuyuan Rd.", "愚园路"],
        ["Yuyuan Rd.", "愚园路"],
    ]
    assert [degrees for _, degrees in seen] == [0.0, None, None]


def test_a_lost_receiver_takes_the_cue_down_in_time_and_it_comes_back(glasses: Glasses) -> None:
    async def script(glasses: Glasses) -> None:
        await _start(glasses)
        await glasses.go(0, 160)
        assert glasses.words
        await glasses.clock.sleep(5.5)
        assert glasses.words == []
        assert glasses.told[-1].event == "withdrawn"
        await glasses.go(160, 165)
        assert "Turn right" in glasses.words

    glasses.play(script)
    assert glasses.events.count(("cue", 1)) <= 1


def test_a_kill_on_the_way_costs_no_cue_and_repeats_none(glasses: Glasses) -> None:
    async def first(glasses: Glasses) -> None:
        await _start(glasses)
        await glasses.go(0, 160)

    async def second(glasses: Glasses) -> None:
        await glasses.go(162, 350)

    glasses.play(first, second)
    assert [event for event in glasses.events if event[1] == 1] == [("prepare", 1), ("cue", 1)]
    assert glasses.events[-1][0] == "arrived"


def test_what_is_muted_says_nothing_and_goes_on(glasses: Glasses) -> None:
    async def script(glasses: Glasses) -> None:
        await _start(glasses)
        glasses.ask("mute")
        await glasses.go(0, 180)
        assert glasses.cards == []
        glasses.ask("unmute")
        await glasses.go(180, 183)
        assert "Turn right" in glasses.words

    glasses.play(script)


def test_stop_takes_everything_down_and_keeps_the_route(glasses: Glasses) -> None:
    async def script(glasses: Glasses) -> None:
        await _start(glasses)
        await glasses.go(0, 160)
        glasses.face(0.0)
        glasses.ask("stop")
        await glasses.clock.sleep(0.1)
        glasses.face(0.0)
        await glasses.clock.sleep(0.01)
        assert glasses.words == []
        assert glasses.arrows[-1][1] is None
        told = len(glasses.told)
        await glasses.go(160, 170)
        assert len(glasses.told) == told
        assert not read_journey(glasses.store).on

    glasses.play(script)


def test_without_a_route_the_wearer_is_told_what_to_do(glasses: Glasses) -> None:
    async def script(glasses: Glasses) -> None:
        glasses.ask("start")
        await glasses.clock.sleep(0.1)
        assert glasses.words == ["No route yet: nav load FILE"]
        glasses.ask("skip")
        await glasses.clock.sleep(0.1)
        assert glasses.words == ["No route is followed: nav start"]

    glasses.play(script)


def test_the_language_changes_in_the_middle_of_a_walk(glasses: Glasses) -> None:
    async def script(glasses: Glasses) -> None:
        await _start(glasses)
        await glasses.go(0, 160)
        glasses.bus.publish(SETTINGS, WearerSettings(language="zh"))
        await glasses.clock.sleep(0.01)
        assert "右转" in glasses.words[1]

    glasses.play(script)


def test_a_snapped_sign_is_told(glasses: Glasses) -> None:
    async def script(glasses: Glasses) -> None:
        await _start(glasses)
        await glasses.go(0, 190)
        glasses.bus.publish(READING, Reading(glasses.clock.now_ns(), (("愚园路", 0.97), ("西 315 W", 0.9))))
        await glasses.clock.sleep(0.01)
        assert glasses.words[-1] == "Sign 愚园路: correct"
        assert "Turn right" in glasses.words
        await glasses.go(190, 191)
        await glasses.clock.sleep(8)

    glasses.play(script)


def test_a_sign_is_told_between_two_cues_too_but_not_to_who_wants_quiet(glasses: Glasses) -> None:
    async def script(glasses: Glasses) -> None:
        await _start(glasses)
        await glasses.go(0, 100)
        sign = Reading(glasses.clock.now_ns(), (("江苏路", 0.97),))
        glasses.bus.publish(READING, sign)
        await glasses.clock.sleep(0.01)
        assert glasses.words == ["Sign 江苏路: correct"]
        glasses.ask("mute")
        await glasses.clock.sleep(0.01)
        assert glasses.words == []
        glasses.bus.publish(READING, sign)
        await glasses.clock.sleep(0.01)
        assert glasses.words == []

    glasses.play(script)


def test_an_arrow_that_nobody_renews_is_the_huds_to_take_down(glasses: Glasses) -> None:
    """A head that holds still: the arrow is told again once a second, well within the HUD's two."""

    async def script(glasses: Glasses) -> None:
        await _start(glasses)
        await glasses.go(0, 150)
        for _ in range(40):
            glasses.face(0.0)
            await glasses.clock.sleep(0.1)

    glasses.play(script)
    times = [when for when, _ in glasses.arrows]
    assert max(b - a for a, b in pairwise(times)) < 1.2
    assert len(times) <= 6
