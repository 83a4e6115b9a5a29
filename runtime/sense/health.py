"""How the device is: battery, temperature, processor, memory, storage; what is low or full is one calm line."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from drivers.base import Battery, BatteryState, DriverError
from runtime.core.bus import Bus
from runtime.core.clock import NS, Clock
from runtime.core.errors import DiskFullError, StoreError
from runtime.core.messages import Health
from runtime.core.tasks import Supervisor
from runtime.core.topics import BATTERY, HEALTH

PERIOD_S = 1.0
SLOWLY = 10  # periods between looks at what changes slowly
LOW, SLACK = (0.05, 0.10), 0.03  # charges that are said, and how far above them it is over
TRIED = "storage.tried_wall_ns"
PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")
Usage = Callable[[], tuple[float, int]]


class Storage(Protocol):
    """What keeps the wearer's things: the store."""

    @property
    def failing(self) -> StoreError | None:
        """Why the last write failed."""
        ...

    def set(self, key: str, value: object) -> None:
        """Keep a value. Raises StoreError."""
        ...


class HealthService:
    """Publishes HEALTH each second and BATTERY each ten; ``usage`` gives CPU seconds and resident bytes.

    While ``storage`` fails it is tried every ten seconds, so that a disk that was mended is noticed.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        battery: Battery | None,
        supervisor: Supervisor,
        storage: Storage,
        usage: Usage | None = None,
    ) -> None:
        self._bus, self._clock, self._battery, self._supervisor = bus, clock, battery, supervisor
        self._storage = storage
        self._usage = usage or process_usage
        self._below: float | None = None
        self._opened = False

    async def run(self) -> None:
        """Serve until cancelled."""
        count, before_s, before_ns = 0, self._usage()[0], self._clock.now_ns()
        while True:
            await self._clock.sleep(PERIOD_S)
            state = await self._read_battery() if count % SLOWLY == 0 else None
            await self._look_at_storage(count)
            cpu_s, rss = self._usage()
            now_ns = self._clock.now_ns()
            cpu = (cpu_s - before_s) * NS / max(1, now_ns - before_ns)
            heat = state.temperature_c if state else None
            self._bus.publish(HEALTH, Health(now_ns, cpu, rss, heat, tuple(self._supervisor.faults.values())))
            before_s, before_ns, count = cpu_s, now_ns, count + 1

    async def _read_battery(self) -> BatteryState | None:
        if self._battery is None:
            return None
        try:
            if not self._opened:
                await self._clock.call("battery", self._battery.open)
                self._opened = True
            state = await self._clock.call("battery", self._battery.read)
        except DriverError:
            self._opened = False
            self._supervisor.report("battery", "Battery gauge lost. Trying again.")
            return None
        self._bus.publish(BATTERY, state)
        self._tell(state)
        return state

    async def _look_at_storage(self, count: int) -> None:
        if self._storage.failing is not None and count % SLOWLY == 0:
            with contextlib.suppress(StoreError):
                await self._clock.call("store", self._storage.set, TRIED, self._clock.wall_ns())
        failing = self._storage.failing
        why = "is full" if isinstance(failing, DiskFullError) else "can't be written"
        self._supervisor.report(
            "storage", None if failing is None else f"Storage {why}. Nothing new is kept."
        )

    def _tell(self, state: BatteryState) -> None:
        before = self._below
        if state.charge is not None:
            slack = {level: SLACK for level in LOW if before is not None and level >= before}
            self._below = next((level for level in LOW if state.charge < level + slack.get(level, 0)), None)
        text = None if self._below is None else f"Battery below {100 * self._below:.0f} %."
        self._supervisor.report("battery", text)


def process_usage(folder: Path = Path("/proc/self")) -> tuple[float, int]:
    """CPU seconds and resident bytes of this process (man proc_pid_stat, proc_pid_statm); 0 without /proc."""
    try:
        fields = (folder / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        resident = int((folder / "statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0, 0
    return (int(fields[11]) + int(fields[12])) / TICK, resident * PAGE
