"""A recording goes through the same code again and gives the same poses and the same card."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.sim.scenario import FOLDER, Scenario
from runtime.core.messages import Pose
from runtime.core.replay import play as replay
from runtime.core.topics import POSE
from tests.glasses.sim import STILL, Sim, play

BLANK = Scenario(name="blank", ends_s=0.0, pictures=(), folder=FOLDER)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, ...], float]:
    """A recording of a snap and a turn of the head; the card's lines; how far the head turned."""
    path = tmp_path_factory.mktemp("replay") / "a.mcap"

    async def story(sim: Sim) -> tuple[tuple[str, ...], float]:
        await sim.glasses.recorder.start(path, include=["camera"])
        await sim.sleep(4.0)
        before = turned(sim)
        card = await sim.snap()
        sim.world.turn(25, 0)
        await sim.sleep(2.0)
        done = await sim.glasses.recorder.stop()
        assert done.dropped == 0
        return tuple(line.text for line in card.lines), turned(sim) - before

    return path, *play(story, scenario=STILL)


def turned(sim: Sim) -> float:
    pose = sim.glasses.bus.latest(POSE)
    assert pose is not None
    return pose.yaw


def test_the_same_snap_and_the_same_turn(recorded: tuple[Path, tuple[str, ...], float]) -> None:
    path, lines, degrees = recorded

    async def story(sim: Sim) -> list[Pose]:
        poses: list[Pose] = []
        sim.glasses.bus.tap(POSE, poses.append)
        with sim.glasses.live.hold():
            played = await replay(path, sim.glasses.bus, sim.glasses.clock, ("imu", "camera", "request"))
        assert played.complete
        assert not played.unread
        await sim.sleep(3.0)
        card = next(card for card in reversed(sim.cards) if card.key == "snap")
        assert tuple(line.text for line in card.lines) == lines
        return [pose for pose in poses if pose.yaw > degrees - 2]

    assert play(story, scenario=BLANK), "the head turned as it did when it was recorded"


def test_it_gives_the_same_poses_each_time(recorded: tuple[Path, tuple[str, ...], float]) -> None:
    async def story(sim: Sim) -> list[tuple[float, ...]]:
        poses: list[tuple[float, ...]] = []
        with sim.glasses.live.hold():
            sim.glasses.bus.tap(POSE, lambda pose: poses.append(pose.quaternion))
            await replay(recorded[0], sim.glasses.bus, sim.glasses.clock, ("imu",))
        return poses

    first = play(story, scenario=BLANK)
    assert len(first) > 500
    assert first == play(story, scenario=BLANK)


def test_live_sensors_are_heard_again_afterwards(recorded: tuple[Path, tuple[str, ...], float]) -> None:
    async def story(sim: Sim) -> int:
        with sim.glasses.live.hold():
            await replay(recorded[0], sim.glasses.bus, sim.glasses.clock, ("imu",))
        before = sim.glasses.bus.stats[POSE.name].count
        await sim.sleep(1.0)
        return sim.glasses.bus.stats[POSE.name].count - before

    assert play(story) == pytest.approx(100, abs=2)
