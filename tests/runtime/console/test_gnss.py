"""A phone tells its fixes on the console: what it may say, and what is refused."""

from __future__ import annotations

import pytest

from runtime.core.clock import NS
from runtime.core.topics import FIX, PLACE
from tests.runtime.console.talk import Talk, talk


def test_a_fix_of_the_phone_is_a_place() -> None:
    async def story(t: Talk) -> None:
        assert "none yet" in await t.text("gnss")
        assert "31.220000 121.430000" in await t.text("gnss phone 31.22 121.43 6")
        fix = t.sim.glasses.bus.latest(FIX)
        assert fix is not None
        assert (fix.source, fix.accuracy_m, fix.speed_mps) == ("phone", 6.0, None)
        await t.text("gnss phone 31.22001 121.43 6 1.4 0 0.5")
        fix = t.sim.glasses.bus.latest(FIX)
        assert fix is not None
        assert (fix.speed_mps, fix.course_deg) == (1.4, 0.0)
        assert t.sim.clock.now_ns() - fix.t_ns == pytest.approx(0.5 * NS, abs=0.1 * NS)
        await t.text("gnss phone 31.22001 121.43 6 0 -")
        place = t.sim.glasses.bus.latest(PLACE)
        assert place is not None
        assert place.source == "phone"
        assert "by phone" in await t.text("gnss")

    talk(story)


def test_without_a_receiver_the_phone_is_enough() -> None:
    async def story(t: Talk) -> None:
        assert "none: the phone's fixes alone count" in await t.text("gnss")
        await t.text("gnss phone 31.22 121.43 6")
        assert (await t.ask("gnss"))["data"]["place"]["source"] == "phone"

    talk(story, without=("gnss",))


def test_nonsense_is_refused_and_nothing_is_published() -> None:
    async def story(t: Talk) -> None:
        for line, why in (
            ("91 0 5", "the latitude must be -90 to 90"),
            ("0 181 5", "the longitude must be -180 to 180"),
            ("nan 0 5", "must be a number"),
            ("0 inf 5", "must be a number"),
            ("here there 5", "must be a number"),
            ("0 0 -5", "the accuracy in metres must be 0 to 10000"),
            ("0 0 0", "more than 0 m"),
            ("0 0 1e9", "the accuracy"),
            ("0 0", "the accuracy in metres is missing"),
            ("", "the latitude is missing"),
            ("0 0 5 1.4", "belong together"),
            ("0 0 5 -1 0", "the speed"),
            ("0 0 5 1 361", "the course"),
            ("0 0 5 1 0 61", "the age"),
            ("0 0 5 1 0 -1", "the age"),
            ("0 0 5 1 0 1 2", "one word too many"),
        ):
            assert why in await t.refused(f"gnss phone {line}"), line
        assert "there is no form" in await t.refused("gnss fone 0 0 5")
        assert t.sim.glasses.bus.latest(FIX) is None

    talk(story)
