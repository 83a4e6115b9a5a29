"""Keys → INPUT, and what they ask of the features → REQUEST, by the keys of the table of features."""

from __future__ import annotations

from collections.abc import Mapping

from drivers.base import InputEvent, Keys
from runtime.core.bus import Bus
from runtime.core.clock import Clock
from runtime.core.messages import Request
from runtime.core.topics import INPUT, REQUEST

POLL_HZ = 50
HOLD_NS, DOUBLE_NS = 600_000_000, 350_000_000


class TouchService:
    """Polls the keys; ``requests`` maps "shutter press" to "snap".

    A touch that is held for 0.6 s is a hold, a second tap within 0.35 s a double tap: the first one has turned
    the page by then, which costs nothing and keeps a tap quick.
    """

    def __init__(self, bus: Bus, clock: Clock, keys: Keys, requests: Mapping[str, str]) -> None:
        self._bus, self._clock, self._keys, self._requests = bus, clock, keys, requests
        self._held: dict[str, int] = {}
        self._tapped_ns = -DOUBLE_NS

    async def run(self) -> None:
        """Serve until cancelled. Raises DriverError."""
        await self._clock.call("keys", self._keys.open)
        try:
            while True:
                for event in await self._clock.call("keys", self._keys.read):
                    self._take(event)
                if self._held:
                    self._look_for_holds()
                await self._clock.sleep(1 / POLL_HZ)
        finally:
            self._keys.close()

    def _take(self, event: InputEvent) -> None:
        self._bus.publish(INPUT, event)
        if event.key == "touch" and event.action == "press":
            self._held[event.key] = event.t_ns  # a tap or a hold: its length decides
        elif event.action == "release":
            if self._held.pop(event.key, None) is not None:
                self._ask(event.key, self._tap(event.t_ns))
        else:
            self._ask(event.key, event.action)

    def _tap(self, t_ns: int) -> str:
        double = t_ns - self._tapped_ns <= DOUBLE_NS
        self._tapped_ns = -DOUBLE_NS if double else t_ns
        return "double_tap" if double else "tap"

    def _look_for_holds(self) -> None:
        now_ns = self._clock.now_ns()
        for key in [key for key, since in self._held.items() if now_ns - since >= HOLD_NS]:
            del self._held[key]
            self._ask(key, "hold")

    def _ask(self, key: str, action: str) -> None:
        request = self._requests.get(f"{key} {action}")
        if request is not None:
            self._bus.publish(REQUEST, Request(self._clock.now_ns(), request))
