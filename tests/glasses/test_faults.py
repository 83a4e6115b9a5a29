"""Every fault of the console at random moments: the rest keeps its pace, and what failed comes back by itself."""

from __future__ import annotations

import random

import pytest

from drivers.sim.faults import KINDS
from runtime.core.messages import Fault
from runtime.core.topics import FAULT, HEALTH, IMU
from runtime.sense.hearing.voice import MODEL
from tests.glasses.sim import Sim, play

FAULTS = [(part, kind) for part, kinds in KINDS.items() if part != "disk" for kind in kinds]
MOMENTS = 20


@pytest.mark.parametrize(("part", "kind"), FAULTS, ids=lambda word: word)
def test_one_part_fails_and_the_others_go_on(part: str, kind: str) -> None:
    moments = random.Random(f"{part} {kind}")

    async def story(sim: Sim) -> None:
        hearing = sim.glasses.hearing
        if part == "microphone" and hearing is not None and MODEL not in sim.glasses.models.missing():
            async with hearing.listen():
                await fail(sim)
                assert hearing.listening
        else:
            await fail(sim)

    async def fail(sim: Sim) -> None:
        told: list[Fault] = []
        sim.glasses.bus.tap(FAULT, told.append)
        for moment in range(MOMENTS):
            told.clear()
            await sim.sleep(moments.uniform(0.05, 2.0))
            sim.world.faults.set(part, kind, 0.3 if kind == "nak" else 1.0)
            if part in ("camera", "light") and moment % 4 == 0:
                sim.world.press("shutter")
            beats = sim.glasses.bus.stats[HEALTH.name].count
            samples = sim.glasses.bus.stats[IMU.name].count
            await sim.sleep(2.0)
            assert sim.glasses.bus.stats[HEALTH.name].count >= beats + 1, "the rest keeps its pace"
            if part != "imu":
                assert sim.glasses.bus.stats[IMU.name].count >= samples + 195
            assert len([fault for fault in told if not fault.up]) <= 1, "one calm line"
            sim.world.faults.clear()
            await sim.sleep(2.0)
        await sim.sleep(15.0)
        assert not sim.glasses.supervisor.faults, "everything is back without a restart"
        stopped = [p.name for p in sim.glasses.supervisor.status() if p.state not in ("running", "done")]
        assert not stopped

    play(story)


def test_an_unplugged_imu_is_one_calm_line_and_comes_back() -> None:
    async def story(sim: Sim) -> list[str]:
        lines: list[str] = []
        sim.glasses.bus.tap(FAULT, lambda fault: lines.append(fault.text))
        sim.world.faults.set("imu", "unplug")
        await sim.sleep(8.0)
        assert sim.seen.any(), "the HUD says so"
        sim.world.faults.clear()
        await sim.sleep(15.0)
        return lines

    assert play(story) == ["Head tracking lost. Trying again.", "Head tracking works again."]


def test_a_panel_that_was_unplugged_shows_its_whole_picture_again() -> None:
    async def story(sim: Sim) -> None:
        await sim.snap()
        before = sim.seen.copy()
        sim.world.faults.set("display", "unplug")
        sim.panel.memory[:] = 7
        sim.world.press("touch", "tap")
        await sim.sleep(1.0)
        sim.world.faults.clear()
        for _ in range(20):
            await sim.sleep(1.0)
        sim.world.press("touch", "tap")
        await sim.sleep(1.0)
        assert before.any()
        assert (sim.panel.memory == sim.glasses.hud.hud.canvas).all()

    play(story)


@pytest.mark.parametrize("kind", ["full", "readonly"])
def test_a_full_or_read_only_disk_is_said_once_and_the_glasses_go_on(kind: str) -> None:
    async def story(sim: Sim) -> tuple[str, str]:
        await sim.snap()
        faults: list[str] = []
        sim.glasses.bus.tap(FAULT, lambda fault: faults.append(fault.text))
        sim.glasses.store.limit_disk("full" if kind == "full" else "readonly")
        sim.world.press("touch", "hold")
        await sim.sleep(150)  # the gyro's bias can't be kept either
        said = " ".join(line.text for line in sim.cards[-1].lines)
        assert len(faults) == 1, "said once"
        assert "Storage" in faults[0]
        sim.glasses.store.limit_disk(None)
        await sim.sleep(15)
        assert faults[1:] == ["Storage works again."]
        card = await sim.snap()
        assert card.lines
        sim.world.press("touch", "hold")
        await sim.sleep(0.5)
        return said, " ".join(line.text for line in sim.cards[-1].lines)

    refused, saved = play(story)
    assert "Saved" not in refused
    assert "Saved" in saved
