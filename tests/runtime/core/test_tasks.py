from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine

import pytest

from runtime.core.bus import Bus, Reader
from runtime.core.clock import NS, VirtualClock, run_virtual
from runtime.core.errors import UnknownPartError
from runtime.core.log import Log, LogRing
from runtime.core.messages import Fault
from runtime.core.tasks import Supervisor
from runtime.core.topics import FAULT, Topic

LOST = "Camera lost. Trying again."


class Lives:
    """A part whose lives follow a script: seconds it lives, then the error it dies of (None: ends)."""

    def __init__(self, clock: VirtualClock, *script: tuple[float, BaseException | None]) -> None:
        self.clock, self.script = clock, list(script)
        self.starts: list[float] = []
        self.cleaned = 0

    async def run(self) -> None:
        self.starts.append(self.clock.now_ns() / NS)
        seconds, error = self.script.pop(0) if self.script else (1e6, None)
        try:
            await self.clock.sleep(seconds)
            if error is not None:
                raise error
        finally:
            self.cleaned += 1


class Stage:
    """A supervisor and what it told the wearer."""

    def __init__(self, clock: VirtualClock, bus: Bus, log: Log) -> None:
        self.clock = clock
        self.supervisor = Supervisor(clock, bus, log)
        self._faults: Reader[Fault] = bus.subscribe(Topic("fault", Fault, depth=1000))

    def told(self) -> list[tuple[float, str, bool]]:
        found = []
        while (fault := self._faults.take()) is not None:
            found.append((round(fault.t_ns / NS, 3), fault.text, fault.up))
        return found

    def play(self, scene: Callable[[], Coroutine[None, None, None]]) -> None:
        async def main() -> None:
            await scene()
            await self.supervisor.stop()

        run_virtual(self.clock, main())


@pytest.fixture
def stage(clock: VirtualClock, bus: Bus, log: Log) -> Stage:
    return Stage(clock, bus, log)


def gaps(starts: list[float]) -> list[float]:
    return [round(b - a, 3) for a, b in itertools.pairwise(starts)]


def test_backoff_doubles_to_its_end_and_the_wearer_hears_once(stage: Stage, ring: LogRing) -> None:
    part = Lives(stage.clock, *[(0, OSError("gone"))] * 10)

    async def scene() -> None:
        stage.supervisor.add("camera", part.run, text=LOST)
        await stage.clock.sleep(60)

    stage.play(scene)
    assert gaps(part.starts) == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10, 10]
    assert stage.told() == [(0, LOST, False), (45.7, "Camera works again.", True)]
    failed = [entry for entry in ring.entries("warning") if entry.event == "part failed"]
    assert [entry.fields["error"] for entry in failed] == ["OSError: gone"], "retries do not fill the log"
    assert "Traceback" in ring.entries(part="camera")[1].fields["text"]
    assert ring.entries(part="camera")[1].level == "debug"


def test_a_long_life_resets_the_backoff(stage: Stage) -> None:
    part = Lives(stage.clock, (0, OSError()), (0, OSError()), (11, OSError()), (11, OSError()))

    async def scene() -> None:
        stage.supervisor.add("camera", part.run, text=LOST)
        await stage.clock.sleep(60)

    stage.play(scene)
    assert gaps(part.starts) == [0.1, 0.2, 11.1, 11.1]
    assert len(stage.told()) == 6


def test_a_part_that_fails_slowly_is_not_called_back_in_between(stage: Stage) -> None:
    part = Lives(stage.clock, *[(3, OSError())] * 8)

    async def scene() -> None:
        stage.supervisor.add("camera", part.run, text=LOST)
        await stage.clock.sleep(200)

    stage.play(scene)
    assert [up for _, _, up in stage.told()] == [False, True]


def test_ready_is_believed_at_once(stage: Stage) -> None:
    part = Lives(stage.clock, (0, OSError()))

    async def scene() -> None:
        stage.supervisor.add("camera", part.run, text=LOST)
        await stage.clock.sleep(0.2)
        stage.supervisor.report("camera", None)

    stage.play(scene)
    assert stage.told() == [(0, LOST, False), (0.2, "Camera works again.", True)]


def test_a_living_part_reports_its_own_fault(stage: Stage) -> None:
    part = Lives(stage.clock)
    states = []

    async def scene() -> None:
        stage.supervisor.add("light", part.run, text="Light lost.")
        await stage.clock.sleep(1)
        for _ in range(3):
            stage.supervisor.report("light", "The light is dark. Capture is off.")
        states.append(stage.supervisor.status()[0].state)
        assert stage.supervisor.faults == {"light": "The light is dark. Capture is off."}
        await stage.clock.sleep(5)
        stage.supervisor.report("light", None)
        stage.supervisor.report("light", None)
        states.append(stage.supervisor.status()[0].state)

    stage.play(scene)
    told = [(1.0, "The light is dark. Capture is off.", False), (6.0, "Light works again.", True)]
    assert stage.told() == told
    assert states == ["faulty", "running"]
    assert part.starts == [0]


def test_a_restarted_part_that_reports_a_fault_is_not_called_back(stage: Stage) -> None:
    part = Lives(stage.clock, (0, OSError()))

    async def scene() -> None:
        stage.supervisor.add("camera", part.run, text=LOST)
        await stage.clock.sleep(0.5)
        stage.supervisor.report("camera", "It is too dark.")
        await stage.clock.sleep(30)

    stage.play(scene)
    assert stage.told() == [(0, LOST, False), (0.5, "It is too dark.", False)]


def test_a_fault_need_not_be_a_parts(stage: Stage) -> None:
    async def scene() -> None:
        stage.supervisor.report("disk", "Storage is full.")
        stage.supervisor.report("disk", None)

    stage.play(scene)
    assert stage.told() == [(0, "Storage is full.", False), (0, "Disk works again.", True)]


def test_one_failing_part_leaves_the_rest_alone(stage: Stage) -> None:
    bad = Lives(stage.clock, *[(0, RuntimeError("bug"))] * 50)
    good = Lives(stage.clock)

    async def scene() -> None:
        stage.supervisor.add("camera", bad.run, text=LOST)
        stage.supervisor.add("imu", good.run, text="Motion lost.")
        await stage.clock.sleep(100)
        states = [(p.name, p.state, p.restarts, p.last_error) for p in stage.supervisor.status()]
        assert states == [("camera", "waiting", 15, "RuntimeError: bug"), ("imu", "running", 0, "")]

    stage.play(scene)
    assert good.starts == [0]


def test_a_cancellation_from_within_is_a_failure_like_another(stage: Stage) -> None:
    part = Lives(stage.clock, (1, asyncio.CancelledError()))

    async def scene() -> None:
        stage.supervisor.add("camera", part.run, text=LOST)
        await stage.clock.sleep(10)

    stage.play(scene)
    assert part.starts == [0, 1.1]


def test_a_group_of_errors_is_told_by_its_first(stage: Stage) -> None:
    part = Lives(stage.clock, (0, ExceptionGroup("g", [ExceptionGroup("h", [OSError("the cable\nis out")])])))

    async def scene() -> None:
        stage.supervisor.add("camera", part.run, text=LOST)
        await stage.clock.sleep(10)
        assert stage.supervisor.status()[0].last_error == "OSError: the cable is out"

    stage.play(scene)


def test_a_part_that_ends_by_itself_is_done(stage: Stage) -> None:
    part = Lives(stage.clock, (0, OSError()), (0.5, None))

    async def scene() -> None:
        stage.supervisor.add("scenario", part.run, text="Scenario lost.")
        await stage.clock.sleep(10)
        assert stage.supervisor.status()[0].state == "done"
        assert stage.supervisor.faults == {}

    stage.play(scene)
    assert len(part.starts) == 2


def test_restart_waits_for_the_former_life_to_clean_up(stage: Stage) -> None:
    alive: list[str] = []

    async def run() -> None:
        alive.append("open")
        try:
            await stage.clock.sleep(1000)
        finally:
            await stage.clock.sleep(2)  # as a driver's close may
            alive.append("closed")

    async def scene() -> None:
        stage.supervisor.add("camera", run, text=LOST)
        await stage.clock.sleep(5)
        stage.supervisor.restart("camera")
        await stage.clock.sleep(0.5)
        stage.supervisor.restart("camera")  # impatient
        await stage.clock.sleep(5)
        assert stage.supervisor.status()[0].state == "running"

    stage.play(scene)
    assert alive == ["open", "closed"] * 2
    assert stage.told() == []


def test_restart_cuts_the_wait_short(stage: Stage) -> None:
    part = Lives(stage.clock, *[(0, OSError())] * 8)

    async def scene() -> None:
        stage.supervisor.add("camera", part.run, text=LOST)
        await stage.clock.sleep(15)
        assert stage.supervisor.status()[0].state == "waiting"
        stage.supervisor.restart("camera")
        await stage.clock.sleep(0.01)

    stage.play(scene)
    assert part.starts[-1] == 15


def test_restart_of_a_stranger_lists_who_is_there(stage: Stage) -> None:
    async def scene() -> None:
        stage.supervisor.add("camera", Lives(stage.clock).run, text=LOST)
        with pytest.raises(UnknownPartError, match="'radio'; there are: camera"):
            stage.supervisor.restart("radio")
        with pytest.raises(ValueError, match="two parts"):
            stage.supervisor.add("camera", Lives(stage.clock).run, text=LOST)

    stage.play(scene)


def test_stop_goes_backwards_one_at_a_time(stage: Stage) -> None:
    order: list[str] = []

    def part(name: str) -> Callable[[], Coroutine[None, None, None]]:
        async def run() -> None:
            try:
                await stage.clock.sleep(1000)
            finally:
                order.append(f"{name} asked")
                await stage.clock.sleep(1)
                order.append(f"{name} gone")

        return run

    async def scene() -> None:
        for name in ("bus", "imu", "hud"):
            stage.supervisor.add(name, part(name), text="Lost.")
        await stage.clock.sleep(1)

    stage.play(scene)
    assert order == ["hud asked", "hud gone", "imu asked", "imu gone", "bus asked", "bus gone"]
    assert {p.state for p in stage.supervisor.status()} == {"stopped"}


def test_stop_leaves_behind_who_will_not_go(stage: Stage, ring: LogRing) -> None:
    async def stubborn() -> None:
        while stage.clock.now_ns() < 60 * NS:
            try:
                await stage.clock.sleep(60)
            except asyncio.CancelledError:
                continue

    async def scene() -> None:
        stage.supervisor.add("stubborn", stubborn, text="Lost.")
        await stage.clock.sleep(1)

    stage.play(scene)
    assert [entry.event for entry in ring.entries("error")] == ["part does not stop, left behind"]


def test_a_part_that_swallows_its_cancellation_does_not_live_twice(stage: Stage) -> None:
    starts: list[int] = []

    async def swallow() -> None:
        starts.append(stage.clock.now_ns())
        try:
            await stage.clock.sleep(1000)
        except asyncio.CancelledError:
            raise OSError("close failed") from None

    async def scene() -> None:
        stage.supervisor.add("camera", swallow, text=LOST)
        await stage.clock.sleep(1)
        stage.supervisor.restart("camera")
        await stage.clock.sleep(20)
        assert stage.supervisor.status()[0].state == "running"

    stage.play(scene)
    assert len(starts) == 2


def test_the_topic_is_the_tables() -> None:
    assert FAULT.type is Fault
