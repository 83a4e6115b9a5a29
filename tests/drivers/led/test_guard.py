"""The promise: the capture light is on whenever camera or microphone is open, else capture is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boards.load import load
from drivers.base import AudioChunk, BusError, CaptureRefusedError, DeviceLostError, Frame
from drivers.factory import BuildContext, build
from drivers.led.guard import CaptureLight, GuardedCamera, GuardedMicrophone
from drivers.led.lights import SimLight
from drivers.sim.faults import Faults
from drivers.sim.scenario import Scenario
from drivers.sim.world import World
from runtime.core.clock import VirtualClock

IMAGE = np.zeros((1, 1, 3), np.uint8)


class Rig:
    """Camera and microphone behind one light; ``open`` says which of the two devices really are."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.light = SimLight(self.faults)
        self.open: set[str] = set()
        self.dark_moments: list[str] = []
        self.broken = False
        guard = CaptureLight(self.light)
        self.camera = GuardedCamera(FakeCamera(self), guard)
        self.microphone = GuardedMicrophone(FakeMicrophone(self), guard)

    def begin(self, name: str) -> None:
        if self.broken:
            raise DeviceLostError("gone")
        if not self.light.is_on():
            self.dark_moments.append(f"{name} opened")
        self.open.add(name)

    def end(self, name: str) -> None:
        if name in self.open and not self.faults.active("light") and not self.light.is_on():
            self.dark_moments.append(f"{name} closed after the light")
        self.open.discard(name)

    def capture(self, name: str) -> None:
        if not self.light.is_on():
            self.dark_moments.append(f"{name} captured")


class FakeCamera:
    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def open(self) -> None:
        self._rig.begin("camera")

    def close(self) -> None:
        self._rig.end("camera")

    def read(self) -> Frame | None:
        self._rig.capture("camera")
        return Frame(0, IMAGE, 0)


class FakeMicrophone:
    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def open(self) -> None:
        self._rig.begin("microphone")

    def close(self) -> None:
        self._rig.end("microphone")

    def read(self) -> AudioChunk:
        self._rig.capture("microphone")
        return AudioChunk(0, np.zeros(0, np.float32), 16_000)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_the_light_is_on_from_the_first_opening_to_the_last_closing(rig: Rig) -> None:
    assert not rig.light.is_on()
    rig.camera.open()
    rig.microphone.open()
    assert rig.light.is_on() and rig.camera.read() is not None
    rig.camera.close()
    assert rig.light.is_on()  # the microphone still listens
    rig.microphone.close()
    assert not rig.light.is_on() and rig.dark_moments == []


def test_opening_and_closing_twice_counts_once(rig: Rig) -> None:
    rig.camera.open()
    rig.camera.open()
    rig.microphone.open()
    rig.camera.close()
    rig.camera.close()
    assert rig.light.is_on() and rig.open == {"microphone"}
    rig.microphone.close()
    assert not rig.light.is_on()


def test_a_dead_light_refuses_capture(rig: Rig) -> None:
    rig.faults.set("light", "dead")
    for device in (rig.camera, rig.microphone):
        with pytest.raises(CaptureRefusedError, match="nothing is captured"):
            device.open()
    assert rig.open == set() and rig.dark_moments == []
    rig.faults.clear("light")
    assert not rig.light.is_on()  # mended, it does not shine for nothing
    rig.camera.open()
    assert rig.camera.read() is not None


def test_a_light_that_dies_ends_the_capture_at_the_next_read(rig: Rig) -> None:
    rig.camera.open()
    rig.microphone.open()
    rig.faults.set("light", "dead")
    for read in (rig.camera.read, rig.microphone.read):
        with pytest.raises(CaptureRefusedError):
            read()
    assert rig.open == set() and rig.dark_moments == []
    rig.faults.clear("light")
    with pytest.raises(CaptureRefusedError):
        rig.camera.read()  # closed is closed: only opening lights it again
    rig.camera.open()
    assert rig.light.is_on() and rig.camera.read() is not None


def test_a_camera_that_does_not_open_leaves_no_light(rig: Rig) -> None:
    rig.broken = True
    with pytest.raises(DeviceLostError):
        rig.camera.open()
    assert not rig.light.is_on()
    rig.broken = False
    rig.microphone.open()
    rig.broken = True
    with pytest.raises(DeviceLostError):
        rig.camera.open()
    assert rig.light.is_on()  # for the microphone


def test_without_a_light_nothing_is_captured(rig: Rig) -> None:
    camera = GuardedCamera(FakeCamera(rig), CaptureLight(None))
    with pytest.raises(CaptureRefusedError, match="no capture light"):
        camera.open()
    assert rig.open == set()


class BrokenLight:
    """A LED whose driver fails."""

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def set(self, on: bool) -> None:
        raise BusError("the LED's node is gone")

    def is_on(self) -> bool:
        raise BusError("the LED's node is gone")


def test_a_light_that_can_not_be_asked_refuses_capture(rig: Rig) -> None:
    camera = GuardedCamera(FakeCamera(rig), CaptureLight(BrokenLight()))
    with pytest.raises(CaptureRefusedError, match="node is gone"):
        camera.open()
    camera.close()
    assert rig.open == set()


ACTS: dict[str, Callable[[Rig], object]] = {
    "open camera": lambda rig: rig.camera.open(),
    "close camera": lambda rig: rig.camera.close(),
    "read camera": lambda rig: rig.camera.read() if "camera" in rig.open else None,
    "open microphone": lambda rig: rig.microphone.open(),
    "close microphone": lambda rig: rig.microphone.close(),
    "read microphone": lambda rig: rig.microphone.read() if "microphone" in rig.open else None,
    "light dies": lambda rig: rig.faults.set("light", "dead"),
    "light lives": lambda rig: rig.faults.clear("light"),
    "devices break": lambda rig: setattr(rig, "broken", True),
    "devices work": lambda rig: setattr(rig, "broken", False),
}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(sorted(ACTS)), max_size=30))
def test_whatever_happens_nothing_is_captured_in_the_dark(acts: list[str]) -> None:
    rig = Rig()
    for act in acts:
        try:
            ACTS[act](rig)
        except (CaptureRefusedError, DeviceLostError):
            continue
        finally:
            assert rig.dark_moments == []
            if rig.open and not rig.faults.active("light"):
                assert rig.light.is_on()


def test_threads_that_open_and_close_at_once_never_work_in_the_dark(rig: Rig) -> None:
    def work(device: GuardedCamera | GuardedMicrophone) -> None:
        for _ in range(300):
            device.open()
            device.read()
            device.close()

    threads = [threading.Thread(target=work, args=(device,)) for device in (rig.camera, rig.microphone)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rig.dark_moments == [] and rig.open == set() and not rig.light.is_on()


def test_a_board_hands_out_camera_and_microphone_only_behind_the_light() -> None:
    clock = VirtualClock()
    world = World(clock, Scenario(name="t", ends_s=1.0), lambda path: IMAGE)
    parts = build(BuildContext(load("sim"), clock, world))
    assert parts.camera is not None and parts.microphone is not None and parts.light is not None
    world.faults.set("light", "dead")
    for device in (parts.camera, parts.microphone):
        with pytest.raises(CaptureRefusedError):
            device.open()
    world.faults.clear()
    for device in (parts.camera, parts.microphone):
        device.open()
        assert parts.light.is_on()
        device.read()
        device.close()
        assert not parts.light.is_on()


def test_no_other_module_makes_a_bare_camera_or_microphone() -> None:
    root = Path(__file__).parents[3]
    bare = (
        "V4l2Camera(",
        "PhotoCamera(",
        "SimCamera(",
        "AlsaMicrophone(",
        "WavMicrophone(",
        "SimMicrophone(",
    )
    found = [
        f"{path.relative_to(root)}: {name}"
        for folder in ("runtime", "tools", "models", "boards", "drivers")
        for path in (root / folder).rglob("*.py")
        for name in bare
        if name in path.read_text(encoding="utf-8").replace(f"class {name}", "")
    ]
    assert found == []
