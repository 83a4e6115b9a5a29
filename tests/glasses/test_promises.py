"""The promises to the wearer that the snap touches; each test breaks when its guard is removed."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from drivers.base import Frame
from drivers.sim.scenario import Scenario
from runtime.core.topics import FRAME, TOPICS
from tests.glasses.sim import Sim, play


def test_the_light_is_on_for_every_frame_and_off_after_the_burst() -> None:
    async def story(sim: Sim) -> tuple[list[bool], bool, bool]:
        lit: list[bool] = []

        def on_frame(_: Frame) -> None:
            lit.append(sim.light_is_on())

        sim.glasses.bus.tap(FRAME, on_frame)
        before = sim.light_is_on()
        await sim.snap()
        return lit, before, sim.light_is_on()

    lit, before, after = play(story)
    assert lit and all(lit)
    assert not before
    assert not after


def test_a_dead_light_means_no_picture_and_the_wearer_is_told() -> None:
    async def story(sim: Sim) -> tuple[int, str]:
        frames: list[Frame] = []
        sim.glasses.bus.tap(FRAME, frames.append)
        sim.world.faults.set("light", "dead")
        card = await sim.snap()
        return len(frames), " ".join(line.text for line in card.lines)

    frames, said = play(story)
    assert frames == 0
    assert "light" in said


def test_nothing_is_stored_unless_the_wearer_asked(tmp_path: Path) -> None:
    async def story(sim: Sim) -> None:
        for _ in range(3):
            await sim.snap()
        sim.world.press("touch", "tap")
        await sim.sleep(0.5)

    play(story, tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "browline.db")) as database:
        assert database.execute("SELECT count(*) FROM snaps").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM pictures").fetchone() == (0,)
    kept = {path.name.split("-")[0] for path in tmp_path.iterdir()}
    assert kept <= {"browline.db", "catalogue.db", "console"}, "no picture lies about"


def test_a_saved_snap_has_no_picture_unless_the_wearer_asked_for_it(tmp_path: Path) -> None:
    async def story(sim: Sim) -> None:
        await sim.snap()
        sim.world.press("touch", "hold")
        await sim.sleep(0.5)

    play(story, tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "browline.db")) as database:
        assert database.execute("SELECT count(*) FROM snaps").fetchone() == (1,)
        assert database.execute("SELECT count(*) FROM pictures").fetchone() == (0,)


def test_camera_and_microphone_are_not_recorded_by_default() -> None:
    assert not TOPICS["camera"].recorded
    assert not TOPICS["audio"].recorded


def test_what_could_not_be_read_is_said_and_nothing_is_made_up() -> None:
    async def story(sim: Sim) -> str:
        card = await sim.snap()
        return " ".join(line.text for line in card.lines)

    said = play(story, scenario=Scenario(name="a bare wall", ends_s=0.0))
    assert "read" in said
    assert not any(character.isdigit() for character in said), said


def test_a_picture_in_the_dark_says_what_is_missing() -> None:
    async def story(sim: Sim) -> str:
        sim.world.faults.set("camera", "dark")
        card = await sim.snap()
        return " ".join(line.text for line in card.lines)

    assert "Not read" in play(story)
