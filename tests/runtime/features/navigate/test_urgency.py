"""Navigation's card beside a snap's on a real HUD: the product is seen until something is due now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from runtime.core.messages import Card, Line
from runtime.core.topics import CARD
from runtime.core.trace import Tracer
from runtime.features.navigate.asks import KEY
from runtime.hud.service import HudService
from tests.runtime.features.navigate.test_feature import Glasses

SNAP = "snap"
Script = Callable[["Wearer"], Awaitable[None]]


class Wearer(Glasses):
    """Glasses with a HUD."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.hud = HudService(self.bus, self.clock, None, Tracer(self.clock), None)

    @property
    def sees(self) -> str:
        """The key of the card in view."""
        card = self.hud.scene.card
        return card.key if card is not None else ""

    def snap(self, *lines: str, ttl_s: float = 60.0) -> None:
        self.bus.publish(CARD, Card(SNAP, tuple(Line(line) for line in lines), ttl_s=ttl_s))

    async def walk(self, metres: range) -> list[str]:
        """What is in view after each second, at a metre a second along the sample's way."""
        seen = []
        for along in metres:
            await self.stand(float(along), 0.0, speed=1.0, course=0.0)
            await self.clock.sleep(0.01)
            seen.append(self.sees)
        return seen


@pytest.fixture
def wearer(tmp_path: Path) -> Wearer:
    return Wearer(tmp_path)


def start(script: Script) -> Callable[[Glasses], Awaitable[None]]:
    """The sample's route is followed when ``script`` begins."""

    async def run(glasses: Glasses) -> None:
        assert isinstance(glasses, Wearer)
        glasses.load()
        glasses.ask("start")
        await glasses.clock.sleep(0.05)
        await script(glasses)

    return run


def test_a_product_is_seen_until_the_cue_is_due(wearer: Wearer) -> None:
    async def script(wearer: Wearer) -> None:
        await wearer.walk(range(165))
        assert wearer.sees == KEY, "the corner is told beforehand"
        wearer.snap("Whole Milk")
        due = ("cue", 1)
        for along in range(165, 200):
            (seen,) = await wearer.walk(range(along, along + 1))
            assert seen == (KEY if due in wearer.events else SNAP), along
        assert due in wearer.events

    wearer.play(start(script))


def test_a_cue_that_is_told_beforehand_does_not_cover_the_product(wearer: Wearer) -> None:
    async def script(wearer: Wearer) -> None:
        await wearer.walk(range(100))
        wearer.snap("Whole Milk")
        assert set(await wearer.walk(range(100, 155))) == {SNAP}
        assert ("prepare", 1) in wearer.events
        wearer.snap("Forgotten", ttl_s=1.0)
        assert (await wearer.walk(range(155, 160)))[-1] == KEY, "when the product is gone, it is there"

    wearer.play(start(script))


def test_that_the_way_was_left_is_news_and_then_known(wearer: Wearer) -> None:
    async def script(wearer: Wearer) -> None:
        await wearer.walk(range(50))
        wearer.snap("Whole Milk", ttl_s=300.0)
        seen = []
        for second in range(60):  # into a shop beside the way
            await wearer.stand(50.0, min(45.0, 2.0 * second), speed=1.0 if second < 22 else 0.0, course=90.0)
            await wearer.clock.sleep(0.01)
            seen.append(wearer.sees)
        told = seen.index(KEY)
        assert ("off_route", -1) in wearer.events
        assert 5 <= seen.count(KEY) <= 10 and set(seen[:told]) == {SNAP}
        assert seen[-1] == SNAP
        wearer.snap("Soy Sauce")
        assert wearer.sees == SNAP

    wearer.play(start(script))
