from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from drivers.base import DeviceLostError, Frame
from drivers.camera.sim import SimCamera
from drivers.sim.scenario import Picture, Scenario
from drivers.sim.world import World
from runtime.core.clock import VirtualClock, run_virtual

FPS = 30


def bright(path: Path) -> NDArray[np.uint8]:
    return np.full((48, 64, 3), 200, np.uint8)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def world(clock: VirtualClock) -> World:
    return World(clock, Scenario(name="t", ends_s=1.0, pictures=(Picture(file="a.jpg"),)), bright)


@pytest.fixture
def camera(world: World, clock: VirtualClock) -> SimCamera:
    return SimCamera(world, clock, 64, 48, FPS)


def now(camera: SimCamera) -> Frame:
    frame = camera.read()
    assert frame is not None
    return frame


def after(clock: VirtualClock, seconds: float) -> None:
    run_virtual(clock, clock.sleep(seconds))


def test_frames_lie_on_the_grid_of_the_frame_rate(camera: SimCamera, clock: VirtualClock) -> None:
    assert camera.read() is None  # closed
    camera.open()
    period_ns = 1_000_000_000 // FPS
    for _ in range(5):
        frame = now(camera)
        assert frame.t_ns % period_ns == 0 and 0 <= clock.now_ns() - frame.t_ns < period_ns
        assert camera.read() is frame
        after(clock, 1.1 / FPS)
        assert now(camera).seq > frame.seq
    camera.close()
    assert camera.read() is None


def test_unplugged_it_is_lost_and_comes_back(camera: SimCamera, world: World) -> None:
    camera.open()
    world.faults.set("camera", "unplug")
    with pytest.raises(DeviceLostError, match="cable"):
        camera.read()
    camera.close()
    with pytest.raises(DeviceLostError):
        camera.open()
    world.faults.clear("camera")
    camera.open()
    assert now(camera).image.mean() > 100


def test_frozen_it_shows_the_same_frame(camera: SimCamera, world: World, clock: VirtualClock) -> None:
    camera.open()
    first = now(camera)
    world.faults.set("camera", "freeze")
    after(clock, 0.5)
    assert camera.read() is first
    world.faults.clear()
    assert now(camera).seq > first.seq


def test_in_the_dark_little_is_seen(camera: SimCamera, world: World) -> None:
    world.faults.set("camera", "dark")
    camera.open()
    assert now(camera).image.max() < 10
