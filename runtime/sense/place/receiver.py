"""Receiver → FIX, ten times a second; the wearer is told when it falls silent."""

from __future__ import annotations

from collections.abc import Callable

from drivers.base import Gnss
from runtime.core.bus import Bus
from runtime.core.clock import NS, Clock
from runtime.core.topics import FIX
from runtime.sense.live import Live

PART = "gnss"
READ_HZ = 10
SILENT_S = 6.0  # without a byte, and the wearer is told
GAP_S = 1.5  # between two bursts
SETTLE_S = 5.0  # of bytes, and it is heard again: a loose plug is one line, not many
SILENT = "No satellite receiver is heard. Check its cable."

Report = Callable[[str, str | None], None]


class ReceiverService:
    """Publishes FIX; a driver's error goes up to the supervisor. ``report`` tells a receiver that is silent."""

    def __init__(self, bus: Bus, clock: Clock, gnss: Gnss, live: Live, report: Report) -> None:
        self._bus, self._clock, self._gnss, self._live, self._report = bus, clock, gnss, live, report
        self._silent = False
        self._quiet_ns = 0  # when it was last quiet for longer than between two bursts

    async def run(self) -> None:
        """Serve until cancelled. Raises DriverError."""
        await self._clock.call("gnss", self._gnss.open)
        try:
            await self._read()
        finally:
            self._gnss.close()

    async def _read(self) -> None:
        """The receiver, ten times a second."""
        opened_ns = self._quiet_ns = self._clock.now_ns()
        while True:
            await self._clock.sleep(1 / READ_HZ)
            fixes = await self._clock.call("gnss", self._gnss.read)
            if not self._live.held:
                for fix in fixes:
                    self._bus.publish(FIX, fix)
            self._listen(opened_ns)

    def _listen(self, opened_ns: int) -> None:
        """Whether bytes come at all."""
        now_ns = self._clock.now_ns()
        quiet_ns = now_ns - max(self._gnss.state.last_byte_ns, opened_ns)
        if quiet_ns > GAP_S * NS:
            self._quiet_ns = now_ns
        if not self._silent and quiet_ns > SILENT_S * NS:
            self._silent = True
            self._report(PART, SILENT)
        elif self._silent and now_ns - self._quiet_ns >= SETTLE_S * NS:
            self._silent = False
            self._report(PART, None)
