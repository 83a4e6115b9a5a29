from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.core.clock import VirtualClock, run_virtual
from runtime.core.watchdog import Notifier, Watchdog


@pytest.fixture(params=["file", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    name = str(tmp_path / "notify") if request.param == "file" else f"@browline-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.bind(name.replace("@", "\0"))
        link.setblocking(False)
        yield name, link


async def kicks_heard(clock: VirtualClock, link: socket.socket, seconds: int) -> int:
    """Listens as systemd does: the kernel holds ten datagrams at most."""
    count = 0
    for _ in range(seconds):
        await clock.sleep(1)
        count += len(heard(link))
    return count


def heard(link: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(link.recv(4096).decode())
        except BlockingIOError:
            return found


class Reports(list[tuple[str, str | None]]):
    def __call__(self, name: str, text: str | None) -> None:
        self.append((name, text))


def test_the_notifier_speaks_systemds_words(systemd: tuple[str, socket.socket]) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": systemd[0], "WATCHDOG_USEC": "20000000"})
    notifier.ready()
    notifier.status("two\nlines")
    notifier.alive()
    notifier.stopping()
    assert heard(systemd[1]) == ["READY=1", "STATUS=two lines", "WATCHDOG=1", "STOPPING=1"]
    assert notifier.watchdog_s == 20


@pytest.mark.parametrize(
    "environ",
    [{}, {"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "-5"}, {"WATCHDOG_USEC": "x"}],
)
def test_without_a_watchdog_for_us_there_is_none(environ: dict[str, str]) -> None:
    assert Notifier(environ).watchdog_s == 0


def test_nobody_listening_hurts_nobody(tmp_path: Path) -> None:
    Notifier({}).ready()
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready()


def test_a_full_socket_does_not_block(systemd: tuple[str, socket.socket]) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": systemd[0]})
    for _ in range(2000):
        notifier.alive()
    assert 0 < len(heard(systemd[1])) < 2000


def test_kicks_stop_while_a_part_is_stuck_and_come_back(
    clock: VirtualClock, systemd: tuple[str, socket.socket]
) -> None:
    reports = Reports()
    dog = Watchdog(clock, reports, Notifier({"NOTIFY_SOCKET": systemd[0], "WATCHDOG_USEC": "4000000"}))

    async def part() -> None:
        with dog.watch("imu", 3, "Motion is stuck."):
            for kicks, pause_s in ((20, 0.5), (1, 20), (20, 0.5)):
                for _ in range(kicks):
                    dog.kick("imu")
                    await clock.sleep(pause_s)

    async def main() -> list[int]:
        tasks = [asyncio.ensure_future(dog.run()), asyncio.ensure_future(part())]
        counts = [await kicks_heard(clock, systemd[1], seconds) for seconds in (10, 20, 10, 100)]
        for task in tasks:
            task.cancel()
        return counts

    counts = run_virtual(clock, main())
    assert reports == [("imu", "Motion is stuck."), ("imu", None)]
    assert 9 <= counts[0] <= 11, "each second: under half of 4 s"
    assert counts[1] <= 4
    assert 9 <= counts[2] <= 11
    assert counts[3] >= 99, "it has left: nobody expects its kicks"


def test_half_of_a_short_limit_is_kept(clock: VirtualClock, systemd: tuple[str, socket.socket]) -> None:
    dog = Watchdog(clock, Reports(), Notifier({"NOTIFY_SOCKET": systemd[0], "WATCHDOG_USEC": "1000000"}))

    async def main() -> int:
        running = asyncio.ensure_future(dog.run())
        count = await kicks_heard(clock, systemd[1], 10)
        running.cancel()
        return count

    assert 20 <= run_virtual(clock, main()) <= 21


def test_without_systemd_faults_are_still_told(clock: VirtualClock) -> None:
    reports = Reports()
    dog = Watchdog(clock, reports, Notifier({}))

    async def main() -> None:
        running = asyncio.ensure_future(dog.run())
        with dog.watch("camera", 2, "Camera is stuck."):
            await clock.sleep(10)
            assert dog.stuck == ("camera",)
        running.cancel()

    run_virtual(clock, main())
    assert reports == [("camera", "Camera is stuck.")]


def test_a_kick_from_a_stranger_is_fine(clock: VirtualClock) -> None:
    dog = Watchdog(clock, Reports(), Notifier({}))
    dog.kick("nobody")
    assert dog.stuck == ()
