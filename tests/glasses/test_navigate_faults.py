"""Parts fail in the middle of a walk: what is stale or in doubt comes down, and all comes back by itself."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from runtime.core.topics import HEADING
from runtime.features.navigate.arrow import ARROW_SD
from runtime.features.navigate.kept import read_journey
from tests.glasses.strolls import (
    CORNER_S,
    END_S,
    LEGS_M,
    STARTS_S,
    Stroll,
    check_no_parts_died,
    check_nothing_stale,
    stroll,
)

HEALED_S = 45.0  # a supervisor's longest pause, a cold start, and some seconds of fixes
PASSED_M = 20.0


def fail(one: Stroll, **faults: str) -> None:
    for part, kind in faults.items():
        one.world.faults.set(part, kind)


def test_an_imu_that_goes_takes_the_arrow_and_leaves_the_words(tmp_path: Path) -> None:
    async def script(one: Stroll) -> None:
        await one.until(CORNER_S - 8)
        assert one.arrow() is not None
        fail(one, imu="unplug")
        await one.sleep(3.0)
        assert one.arrow() is None
        assert "Turn right" in one.words
        await one.until(END_S + 12)

    one = stroll(tmp_path, script)
    assert one.events[-1] == "arrived"
    late = [told for at_s, told in one.told if at_s > CORNER_S]
    assert {(told.arrow_deg, told.sd_deg) for told in late} == {(None, None)}, (
        "nobody knows where the head points"
    )
    check_nothing_stale(one)


@pytest.mark.parametrize("compass", [True, False])
def test_an_imu_that_began_anew_is_not_believed_until_its_north_is_found_again(
    tmp_path: Path, compass: bool
) -> None:
    """Straight ahead is then where the head pointed at that moment, 60° aside."""

    async def script(one: Stroll) -> None:
        await one.until(CORNER_S - 15)
        one.world.look(60, 0)
        await one.sleep(1.0)
        fail(one, imu="brownout")
        while one.now_s < END_S:
            if len(honest) == 2:
                one.world.look(0, 0)
            await one.sleep(0.5)
            heading, truth = one.glasses.bus.latest(HEADING), one.world.heading(one.clock.now_ns())
            assert heading is not None and truth is not None
            off = abs((heading.degrees - truth + 180) % 360 - 180)
            honest.append(off < 3 * heading.sd_deg)
            sure.append(heading.sd_deg < ARROW_SD)

    honest: list[bool] = []
    sure: list[bool] = []
    stroll(tmp_path, script, compass=compass)
    assert all(honest)
    assert any(sure[len(sure) // 2 :]), "found again by walking"
    assert compass or not sure[0], "unknown at first"


def test_steps_lead_on_while_the_receiver_is_unplugged_and_through_its_cold_start(tmp_path: Path) -> None:
    async def script(one: Stroll) -> None:
        await one.until(STARTS_S + 8)
        fail(one, gnss="unplug")
        await one.sleep(12)
        one.world.faults.clear()
        fail(one, gnss="outage")
        await one.sleep(10)

    one = stroll(tmp_path, script)
    stepped = [place for place in one.places if place.source == "steps"]
    assert len(stepped) > 15
    assert all(one.away_m(place) < 3 * place.accuracy_m for place in stepped), "its doubt is honest"
    check_nothing_stale(one)


def test_steps_lead_on_the_right_way_where_fixes_end_just_behind_a_corner(tmp_path: Path) -> None:
    async def script(one: Stroll) -> None:
        await one.until(CORNER_S + 2.6)
        fail(one, gnss="unplug")
        await one.until(END_S - 2)

    one = stroll(tmp_path, script)
    stepped = [place for place in one.places if place.source == "steps"]
    assert len(stepped) > 10
    assert max(map(one.away_m, stepped)) < 10


def test_steps_that_were_missed_lead_nowhere(tmp_path: Path) -> None:
    """Receiver and IMU go; the IMU alone comes back: what was walked meanwhile nobody counted."""

    async def script(one: Stroll) -> None:
        await one.until(STARTS_S + 8)
        fail(one, gnss="unplug", imu="unplug")
        await one.sleep(8)
        one.world.faults.clear("imu")
        await one.sleep(15)
        one.world.faults.clear()
        await one.until(END_S + HEALED_S)

    one = stroll(tmp_path, script)
    assert all(one.away_m(place) < 4 * place.accuracy_m for place in one.places)
    assert one.events[-1] == "arrived"
    check_nothing_stale(one)


def test_a_display_that_was_lost_shows_the_cue_of_now(tmp_path: Path) -> None:
    async def script(one: Stroll) -> None:
        await one.until(CORNER_S - 6)
        fail(one, display="unplug")
        await one.sleep(8)
        one.world.faults.clear()
        await one.until(END_S - 3)
        panel = one.glasses.context.panel
        assert panel is not None
        assert (panel.memory == one.glasses.hud.hud.canvas).all()
        assert "Destination" in one.words

    check_no_parts_died(stroll(tmp_path, script))


@pytest.mark.parametrize("kind", ["full", pytest.param("readonly", marks=pytest.mark.slow)])
def test_a_disk_that_takes_nothing_stops_no_cue_and_progress_is_kept_once_it_does(
    tmp_path: Path, kind: str
) -> None:
    async def script(one: Stroll) -> None:
        await one.until(CORNER_S - 14)
        one.glasses.store.limit_disk("full" if kind == "full" else "readonly")
        await one.until(END_S + 8)
        assert one.events[-1] == "arrived"
        one.glasses.store.limit_disk(None)
        await one.sleep(15)
        guide = read_journey(one.glasses.store).guide
        assert guide is not None and guide.follower.arrived, "what could not be kept then is kept now"

    one = stroll(tmp_path, script)
    assert len(one.lines("disk")) <= 1
    check_no_parts_died(one)


@pytest.mark.parametrize(
    "kind",
    ["unplug", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("silent", "garbage", "outage"))],
)
def test_a_receiver_with_a_loose_plug_is_one_line(tmp_path: Path, kind: str) -> None:
    """Seven seconds without it, two with it, and so on."""

    async def script(one: Stroll) -> None:
        await one.until(STARTS_S)
        while one.now_s < END_S:
            fail(one, gnss=kind)
            await one.sleep(7)
            one.world.faults.clear()
            await one.sleep(2)
        await one.sleep(HEALED_S)

    one = stroll(tmp_path, script)
    assert len(one.lines("gnss")) <= 1
    assert not one.glasses.supervisor.faults
    assert one.events[-1] == "arrived"
    check_nothing_stale(one)


def test_an_arrival_is_told_for_a_while_and_not_again_after_a_reboot(tmp_path: Path) -> None:
    async def first(one: Stroll) -> None:
        await one.until(END_S + 15)
        assert "Arrived" in one.words
        await one.sleep(25)
        assert one.words == ""

    async def second(one: Stroll) -> None:
        await one.until(STARTS_S + 10)
        assert not any(seen.words for seen in one.seen)

    assert stroll(tmp_path, first).events[-1] == "arrived"
    assert stroll(tmp_path, second, fresh=False).events == []


STORIES = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 40))]
KINDS = (
    ("gnss", "unplug"), ("gnss", "silent"), ("gnss", "garbage"), ("gnss", "backwards"), ("gnss", "jump"),
    ("gnss", "outage"), ("imu", "unplug"), ("imu", "nak"), ("imu", "stuck"), ("imu", "brownout"),
    ("magnetometer", "unplug"), ("magnetometer", "magnet"), ("magnetometer", "brownout"),
    ("display", "unplug"), ("display", "nak"), ("battery", "nak"), ("disk", "full"), ("disk", "readonly"),
)  # fmt: skip


@pytest.mark.parametrize("seed", STORIES)
def test_whatever_fails_nothing_stale_stands_and_the_end_is_reached(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)

    async def script(one: Stroll) -> None:
        while one.now_s < END_S:
            await one.sleep(dice.uniform(0.5, 10))
            for part, kind in dice.sample(KINDS, dice.choice((1, 1, 2, 3))):
                if part == "disk":
                    one.glasses.store.limit_disk("full" if kind == "full" else "readonly")
                else:
                    one.world.faults.set(part, kind, 0.3 if kind == "nak" else 1.0)
            await one.sleep(dice.choice((0.3, 1.0, 3.0, 8.0, 15.0)))
            one.world.faults.clear()
            one.glasses.store.limit_disk(None)
        await one.sleep(HEALED_S)

    one = stroll(tmp_path, script)
    check_nothing_stale(one)
    check_no_parts_died(one)
    check_no_cue_too_late(one)
    assert len(one.cued) == len(set(one.cued)), "none is cued twice"
    assert one.events.count("arrived") == 1
    assert not one.glasses.supervisor.faults


def check_no_cue_too_late(one: Stroll) -> None:
    """The corner is neither cued nor shown when the wearer has left it behind."""
    passed_s = CORNER_S + PASSED_M / (LEGS_M[0] / (CORNER_S - STARTS_S))
    told = [at_s for at_s, told in one.told if told.event == "cue" and told.maneuver == 1]
    shown = [seen.at_s for seen in one.seen if "Turn right" in seen.words]
    assert max([*told, *shown], default=0.0) <= passed_s
