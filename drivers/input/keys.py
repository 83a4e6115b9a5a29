"""Raw edges of buttons and touch strips → debounced events; over GPIO lines or the World's keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from boards import spec
from drivers.base import Clock, InputEvent
from drivers.bus.gpio import Edge, GpioLine
from drivers.sim.world import World

if TYPE_CHECKING:
    from drivers.factory import BuildContext

DEBOUNCE_NS = 20_000_000  # contacts settle within 5–10 ms; a finger can't press twice in 20


class Debouncer:
    """One contact: edges in, clean edges out; the first edge counts, what bounces after it does not."""

    def __init__(self) -> None:
        self._active = False
        self._changed_ns = -DEBOUNCE_NS

    def accept(self, edge: Edge) -> bool:
        """Whether this edge is a real change."""
        if edge.active == self._active or edge.t_ns - self._changed_ns < DEBOUNCE_NS:
            return False
        self._active, self._changed_ns = edge.active, edge.t_ns
        return True


class GpioKeys:
    """Buttons on GPIO lines by name: what was pressed and released, and when."""

    def __init__(self, lines: Mapping[str, GpioLine], clock: Clock) -> None:
        self._lines, self._clock = lines, clock
        self._debounce = {name: Debouncer() for name in lines}

    @classmethod
    def from_board(cls, part: spec.Keys, context: BuildContext) -> GpioKeys:
        """As the board file says."""
        lines = {name: context.gpio(key.line, active_low=key.active_low) for name, key in part.keys.items()}
        return cls(lines, context.clock)

    def open(self) -> None:
        """Forget what happened before. Raises BusError."""
        for line in self._lines.values():
            line.edges()

    def close(self) -> None:
        """Give the lines back."""
        for line in self._lines.values():
            line.close()

    def read(self) -> list[InputEvent]:
        """Events since the last call, oldest first. Raises BusError."""
        found = [
            InputEvent(edge.t_ns, name, "press" if edge.active else "release")
            for name, line in self._lines.items()
            for edge in line.edges()
            if self._debounce[name].accept(edge)
        ]
        return sorted(found, key=lambda event: event.t_ns)


class SimKeys:
    """The World's keys; with the fault "bounce" each press arrives as a burst of edges, and is debounced."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world, self._clock = world, clock
        self._seen_ns = clock.now_ns()
        self._debounce: dict[str, Debouncer] = {}

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
            return [event for event in events for _ in range(4) if self._settled(event)]
        return events

    def _settled(self, event: InputEvent) -> bool:
        """One of four bounces of a contact: down and up again within a millisecond."""
        contact = self._debounce.setdefault(event.key, Debouncer())
        down = contact.accept(Edge(event.t_ns, True))
        contact.accept(Edge(event.t_ns + 1_000_000, False))
        if down:
            contact.accept(Edge(event.t_ns + DEBOUNCE_NS, False))
        return down
