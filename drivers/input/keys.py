"""Raw edges of buttons and touch pads → debounced events; over GPIO lines or the World's keys.

What a press means (a tap, a hold, the second of two) is for ``runtime.sense.touch`` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from boards import spec
from drivers.base import Clock, InputEvent
from drivers.bus.gpio import Edge, GpioLine
from drivers.sim.world import World

if TYPE_CHECKING:
    from drivers.factory import BuildContext

DEBOUNCE_NS = 20_000_000  # contacts settle within 5–10 ms; a finger can't press twice in 20
BOUNCE_NS = 1_000_000
BOUNCES = 4


class Debouncer:
    """One contact. A change counts at its first edge; what follows within 20 ms does not, unless the contact stays
    there: a touch shorter than the bounce is still a press and a release.
    """

    def __init__(self) -> None:
        self._active = False  # as reported
        self._changed_ns = -DEBOUNCE_NS
        self._last = Edge(-DEBOUNCE_NS, False)  # as the contact is

    def feed(self, edges: Iterable[Edge], now_ns: int) -> list[Edge]:
        """Raw edges up to ``now_ns``, oldest first → the clean ones."""
        clean: list[Edge] = []
        for edge in edges:
            clean += self._settle(edge.t_ns)
            self._last = edge
            if edge.t_ns - self._changed_ns >= DEBOUNCE_NS:
                clean += self._change(edge)
        return clean + self._settle(now_ns)

    def _settle(self, now_ns: int) -> list[Edge]:
        """The contact's last level, once it has stood still for long enough."""
        if self._last.active == self._active or now_ns - self._last.t_ns < DEBOUNCE_NS:
            return []
        return self._change(self._last)

    def _change(self, edge: Edge) -> list[Edge]:
        if edge.active == self._active:
            return []
        self._active, self._changed_ns = edge.active, edge.t_ns
        return [edge]


class GpioKeys:
    """Buttons by name, each on the GPIO line that its ``request()`` takes from the kernel."""

    def __init__(self, requests: Mapping[str, Callable[[], GpioLine]], clock: Clock) -> None:
        self._requests, self._clock = requests, clock
        self._lines: dict[str, GpioLine] = {}
        self._contacts: dict[str, Debouncer] = {}

    @classmethod
    def from_board(cls, part: spec.Keys, context: BuildContext) -> GpioKeys:
        """As the board file says."""

        def request(key: spec.Key) -> Callable[[], GpioLine]:
            return lambda: context.gpio(key.line, active_low=key.active_low)

        return cls({name: request(key) for name, key in part.keys.items()}, context.clock)

    def open(self) -> None:
        """Take the lines; what happened before is forgotten. Raises BusError, ConfigError."""
        self.close()
        for name, request in self._requests.items():
            self._lines[name], self._contacts[name] = request(), Debouncer()

    def close(self) -> None:
        """Give the lines back."""
        while self._lines:
            self._lines.popitem()[1].close()

    def read(self) -> list[InputEvent]:
        """Events since the last call, oldest first. Raises BusError."""
        now_ns = self._clock.now_ns()
        found = [
            InputEvent(edge.t_ns, name, "press" if edge.active else "release")
            for name, line in self._lines.items()
            for edge in self._contacts[name].feed(line.edges(), now_ns)
        ]
        return sorted(found, key=lambda event: event.t_ns)


class SimKeys:
    """The World's keys; with the fault "bounce" each press arrives as a burst of edges, and is debounced."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world, self._clock = world, clock
        self._seen_ns = clock.now_ns()
        self._contacts: dict[str, Debouncer] = {}

    @classmethod
    def from_board(cls, part: spec.Keys, context: BuildContext) -> SimKeys:
        """As the board file says."""
        return cls(context.world, context.clock)

    def open(self) -> None:
        """Forget what happened before."""
        self._seen_ns = self._clock.now_ns()

    def close(self) -> None:
        """Nothing to do."""

    def read(self) -> list[InputEvent]:
        """Events since the last call, oldest first."""
        now_ns = self._clock.now_ns()
        events = self._world.keys_between(self._seen_ns, now_ns)
        self._seen_ns = now_ns
        if events and self._world.faults.strikes("keys", "bounce"):
            return [event for event in events for _ in self._bounced(event)]
        return events

    def _bounced(self, event: InputEvent) -> list[Edge]:
        """The presses that are left of a contact that closes four times within 8 ms."""
        contact = self._contacts.setdefault(event.key, Debouncer())
        raw = [Edge(event.t_ns + n * BOUNCE_NS, n % 2 == 0) for n in range(2 * BOUNCES)]
        return [edge for edge in contact.feed(raw, raw[-1].t_ns + DEBOUNCE_NS) if edge.active]
