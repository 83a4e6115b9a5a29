"""Keys, health, sight and readers as services on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boards.spec import Compute
from drivers.base import BatteryState, CaptureRefusedError, DeviceLostError, Frame, InputEvent, NakError
from models.manifest import list_manifests
from models.runner import Runner
from models.store import ModelStore
from runtime.core.bus import Bus
from runtime.core.clock import VirtualClock, run_virtual
from runtime.core.errors import DiskFullError, StoreError
from runtime.core.log import LogRing, make_logger
from runtime.core.messages import Health
from runtime.core.tasks import Supervisor
from runtime.core.topics import BATTERY, FAULT, FRAME, HEALTH, INPUT, REQUEST, Topic
from runtime.sense.health import HealthService, process_usage
from runtime.sense.live import Live
from runtime.sense.reading import MISSING, Readers
from runtime.sense.sight import Sight
from runtime.sense.touch import TouchService

MS = 1_000_000


class Stage:
    """Bus, clock, log and supervisor; ``told`` is what was published."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.bus = Bus(self.clock)
        self.ring = LogRing()
        self.log = make_logger(self.clock, self.ring)
        self.supervisor = Supervisor(self.clock, self.bus, self.log)
        self.told: list[Any] = []
        topics: tuple[Topic[Any], ...] = (REQUEST, INPUT, FAULT, BATTERY, HEALTH, FRAME)
        for topic in topics:
            self.bus.tap(topic, self.told.append)

    def during(self, service: Coroutine[Any, Any, None], seconds: float) -> None:
        """Let ``service`` run for so long."""

        async def scene() -> None:
            running = asyncio.ensure_future(service)
            await self.clock.sleep(seconds)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        run_virtual(self.clock, scene())

    def of(self, kind: type) -> list[Any]:
        """What was told of one kind."""
        return [message for message in self.told if isinstance(message, kind)]


@pytest.fixture
def stage() -> Stage:
    return Stage()


class Fingers:
    """Keys that are used at given times: (ms, key, action)."""

    def __init__(self, stage: Stage, *events: tuple[int, str, Any]) -> None:
        self._clock = stage.clock
        self._events = [InputEvent(at * MS, key, action) for at, key, action in events]

    def open(self) -> None: ...

    def close(self) -> None: ...

    def read(self) -> list[InputEvent]:
        now = self._clock.now_ns()
        due = [event for event in self._events if event.t_ns <= now]
        self._events = [event for event in self._events if event.t_ns > now]
        return due


KEYS = {"shutter press": "snap", "touch tap": "next", "touch hold": "save", "touch double_tap": "forget"}


@pytest.mark.parametrize(
    ("events", "asked"),
    [
        ([(10, "shutter", "press"), (90, "shutter", "release")], ["snap"]),
        ([(10, "touch", "press"), (120, "touch", "release")], ["next"]),
        ([(10, "touch", "press"), (900, "touch", "release")], ["save"]),
        (
            [
                (10, "touch", "press"),
                (90, "touch", "release"),
                (200, "touch", "press"),
                (280, "touch", "release"),
            ],
            ["next", "forget"],
        ),
        (
            [
                (10, "touch", "press"),
                (90, "touch", "release"),
                (900, "touch", "press"),
                (980, "touch", "release"),
            ],
            ["next", "next"],
        ),
        ([(10, "touch", "hold")], ["save"]),
        ([(10, "nose", "press")], []),
    ],
)
def test_what_the_keys_ask_for(stage: Stage, events: list[tuple[int, str, Any]], asked: list[str]) -> None:
    service = TouchService(stage.bus, stage.clock, Fingers(stage, *events), KEYS)
    stage.during(service.run(), 2.0)
    assert [message.action for message in stage.told if hasattr(message, "argument")] == asked


def test_a_hold_is_answered_while_the_finger_is_still_down(stage: Stage) -> None:
    keys = Fingers(stage, (10, "touch", "press"), (5000, "touch", "release"))
    stage.during(TouchService(stage.bus, stage.clock, keys, KEYS).run(), 1.0)
    (request,) = [message for message in stage.told if hasattr(message, "argument")]
    assert request.t_ns / MS == pytest.approx(610, abs=30)


class Cell:
    """A gauge that gives what it is told, or fails."""

    def __init__(self, *charges: float | None) -> None:
        self.charges = list(charges)
        self.opened = 0

    def open(self) -> None:
        self.opened += 1

    def close(self) -> None: ...

    def read(self) -> BatteryState:
        charge = self.charges.pop(0) if len(self.charges) > 1 else self.charges[0]
        if charge is None:
            raise NakError("gone")
        return BatteryState(0, charge, 3.7, None, 33.0)


class Disk:
    """Storage that fails until it is mended."""

    def __init__(self) -> None:
        self.failing: StoreError | None = None
        self.broken = False

    def set(self, key: str, value: object) -> None:
        if self.broken:
            raise DiskFullError("full")
        self.failing = None


def test_a_low_battery_is_said_twice_and_over_only_well_above(stage: Stage) -> None:
    cell = Cell(0.5, 0.09, 0.08, 0.04, 0.06, 0.09, 0.12, 0.2)
    stage.during(
        HealthService(stage.bus, stage.clock, cell, stage.supervisor, Disk(), lambda: (0.0, 1)).run(), 78
    )
    faults = [(fault.text, fault.up) for fault in stage.told if hasattr(fault, "up")]
    assert faults == [
        ("Battery below 10 %.", False),
        ("Battery below 5 %.", False),
        ("Battery below 10 %.", False),
        ("Battery works again.", True),
    ]


def test_a_gauge_that_is_lost_is_opened_again(stage: Stage) -> None:
    cell = Cell(0.5, None, 0.5)
    stage.during(
        HealthService(stage.bus, stage.clock, cell, stage.supervisor, Disk(), lambda: (0.0, 1)).run(), 25
    )
    assert cell.opened == 2
    assert not stage.supervisor.faults
    assert len(stage.of(Health)) == 24


def test_the_processor_is_measured_over_its_second(stage: Stage) -> None:
    usage = iter([(i * 0.25, 50 << 20) for i in range(99)])
    stage.during(
        HealthService(stage.bus, stage.clock, None, stage.supervisor, Disk(), lambda: next(usage)).run(), 5
    )
    assert [message.cpu for message in stage.of(Health)] == pytest.approx([0.25] * 4)
    assert stage.of(Health)[0].rss_bytes == 50 << 20


def test_a_disk_that_fails_is_said_once_and_its_mending_noticed(stage: Stage) -> None:
    disk = Disk()
    disk.failing, disk.broken = DiskFullError("full"), True
    service = HealthService(stage.bus, stage.clock, None, stage.supervisor, disk, lambda: (0.0, 1))

    async def scene() -> None:
        running = asyncio.ensure_future(service.run())
        await stage.clock.sleep(60)
        disk.broken = False
        await stage.clock.sleep(12)
        running.cancel()

    run_virtual(stage.clock, scene())
    assert [fault.text for fault in stage.told if hasattr(fault, "up")] == [
        "Storage is full. Nothing new is kept.",
        "Storage works again.",
    ]


def test_usage_without_proc_is_nothing(tmp_path: Path) -> None:
    assert process_usage(tmp_path) == (0.0, 0)
    cpu_s, rss = process_usage()
    assert cpu_s > 0
    assert rss > 10 << 20


class Eye:
    """A camera that counts how often it is open, and fails where told."""

    def __init__(self, frames: list[Frame | None], refuses: bool = False) -> None:
        self.frames, self.refuses = frames, refuses
        self.open_now = 0
        self.closed = 0

    def open(self) -> None:
        if self.refuses:
            raise CaptureRefusedError("the light is dark")
        self.open_now += 1

    def close(self) -> None:
        self.open_now, self.closed = 0, self.closed + 1

    def read(self) -> Frame | None:
        if not self.frames:
            raise DeviceLostError("unplugged")
        return self.frames.pop(0) if len(self.frames) > 1 else self.frames[0]


def frame(seq: int) -> Frame:
    return Frame(seq, np.full((2, 2, 3), seq, np.uint8), seq)


def burst(stage: Stage, eye: Eye, n: int = 3, live: Live | None = None) -> list[Frame]:
    return run_virtual(stage.clock, Sight(stage.clock, stage.bus, eye, live or Live()).burst(n))


def test_a_burst_is_of_different_frames_and_the_camera_is_closed_after_it(stage: Stage) -> None:
    eye = Eye([None, frame(1), frame(1), frame(2), None, frame(3), frame(4)])
    assert [f.seq for f in burst(stage, eye)] == [1, 2, 3]
    assert (eye.open_now, eye.closed) == (0, 1)
    assert [f.seq for f in stage.of(Frame)] == [1, 2, 3]


def test_a_camera_that_hangs_gives_what_it_has(stage: Stage) -> None:
    eye = Eye([frame(1)])
    assert [f.seq for f in burst(stage, eye)] == [1]
    assert eye.open_now == 0


@pytest.mark.parametrize("eye", [Eye([]), Eye([frame(1)], refuses=True)])
def test_a_camera_that_fails_is_closed_all_the_same(stage: Stage, eye: Eye) -> None:
    with pytest.raises((DeviceLostError, CaptureRefusedError)):
        burst(stage, eye)
    assert (eye.open_now, eye.closed) == (0, 1)


def test_while_a_recording_plays_the_camera_stays_closed(stage: Stage) -> None:
    eye, live = Eye([frame(9)]), Live()
    stage.clock.advance(10)

    async def scene() -> list[Frame]:
        with live.hold():
            taking = asyncio.ensure_future(Sight(stage.clock, stage.bus, eye, live).burst(2))
            await stage.clock.sleep(0.05)
            stage.bus.publish(FRAME, frame(1))
            await stage.clock.sleep(0.05)
            stage.bus.publish(FRAME, frame(2))
            return await taking

    assert [f.seq for f in run_virtual(stage.clock, scene())] == [1, 2]
    assert eye.closed == 0


def test_without_the_text_model_codes_are_read_and_the_lack_is_said(stage: Stage, tmp_path: Path) -> None:
    store = ModelStore(tmp_path, list_manifests(), lambda _: None)
    readers = Readers(stage.clock, store, Runner(stage.clock), Compute(), stage.log, stage.supervisor.report)
    run_virtual(stage.clock, readers.run())
    assert readers.text() is None
    assert readers.codes() is not None
    assert stage.supervisor.faults == {"models": MISSING}
