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
SILENT = "No satellite receiver is heard. Check its cable."

Report = Callable[[str, str | None], None]


class ReceiverService:
    """Publishes FIX; a driver's error goes up to the supervisor. ``report`` tells a receiver that is silent."""

    def __init__(self, bus: Bus, clock: Clock, gnss: Gnss, live: Live, report: Report) -> None:
        self._bus, self._clock, self._gnss, self._live, self._report = bus, clock, gnss, live, report
        self._silent = False

    async def run(self) -> None:
        """Serve until cancelled. Raises DriverError."""
        await self._clock.call("gnss", self._gnss.open)
        opened_ns = self._clock.now_ns()
        try:
            while True:
                await self._clock.sleep(1 / READ_HZ)
                fixes = await self._clock.call("gnss", self._gnss.read)
                if not self._live.held:
                    for fix in fixes:
                        self._bus.publish(FIX, fix)
                self._listen(opened_ns)
        finally:
            self._gnss.close()

    def _listen(self, opened_ns: int) -> None:
        """Whether bytes come at all."""
        heard_ns = max(self._gnss.state.last_byte_ns, opened_ns)
        silent = self._clock.now_ns() - heard_ns > SILENT_S * NS
        if silent != self._silent:
            self._silent = silent
            self._report(PART, SILENT if silent else None)
