"""Magnetometer → MAGNETIC, twenty times a second."""

from __future__ import annotations

from drivers.base import Magnetometer
from runtime.core.bus import Bus
from runtime.core.clock import Clock
from runtime.core.topics import MAGNETIC
from runtime.sense.live import Live

PART = "magnetometer"
READ_HZ = 20
LOST = "Compass lost. Trying again."


class MagneticService:
    """Publishes MAGNETIC while it runs; a driver's error goes up to the supervisor."""

    def __init__(self, bus: Bus, clock: Clock, magnetometer: Magnetometer, live: Live) -> None:
        self._bus, self._clock, self._magnetometer, self._live = bus, clock, magnetometer, live

    async def run(self) -> None:
        """Serve until cancelled. Raises DriverError."""
        await self._clock.call(PART, self._magnetometer.open)
        try:
            while True:
                await self._clock.sleep(1 / READ_HZ)
                samples = await self._clock.call(PART, self._magnetometer.read)
                if not self._live.held and (len(samples.t_ns) or samples.overflow):
                    self._bus.publish(MAGNETIC, samples)
        finally:
            self._magnetometer.close()
