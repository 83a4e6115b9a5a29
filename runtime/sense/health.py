"""How the device is: battery, temperature, processor and memory; a low battery is said in one calm line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from drivers.base import Battery, BatteryState, DriverError
from runtime.core.bus import Bus
from runtime.core.clock import NS, Clock
from runtime.core.messages import Health
from runtime.core.tasks import Supervisor
from runtime.core.topics import BATTERY, HEALTH

PERIOD_S = 1.0
BATTERY_EVERY = 10
LOW, LOW_OVER = 0.10, 0.13
PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")
Usage = Callable[[], tuple[float, int]]


class HealthService:
    """Publishes HEALTH each second and BATTERY each ten; ``usage`` gives CPU seconds and resident bytes."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        battery: Battery | None,
        supervisor: Supervisor,
        usage: Usage | None = None,
    ) -> None:
        self._bus, self._clock, self._battery, self._supervisor = bus, clock, battery, supervisor
        self._usage = usage or process_usage
        self._low = False
        self._opened = False

    async def run(self) -> None:
        """Serve until cancelled."""
        count, before_s, before_ns = 0, self._usage()[0], self._clock.now_ns()
        while True:
            await self._clock.sleep(PERIOD_S)
            state = await self._read_battery() if count % BATTERY_EVERY == 0 else None
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

    def _tell(self, state: BatteryState) -> None:
        if state.charge is not None:
            self._low = state.charge < (LOW_OVER if self._low else LOW)
        percent = f"{100 * (state.charge or 0):.0f} %"
        self._supervisor.report("battery", f"Battery at {percent}." if self._low else None)


def process_usage(folder: Path = Path("/proc/self")) -> tuple[float, int]:
    """CPU seconds and resident bytes of this process (man proc_pid_stat, proc_pid_statm); 0 without /proc."""
    try:
        fields = (folder / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        resident = int((folder / "statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0, 0
    return (int(fields[11]) + int(fields[12])) / TICK, resident * PAGE
