"""GPIO lines by "chip:line" through the kernel's character device (libgpiod 2)."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from drivers.base import BusError, ConfigError


class Edge(NamedTuple):
    """A line changed: when (monotonic), and whether it is active now."""

    t_ns: int
    active: bool


class GpioLine(Protocol):
    """One line."""

    def set(self, active: bool) -> None:
        """Drive it. Raises BusError."""
        ...

    def get(self) -> bool:
        """Whether it is active now. Raises BusError."""
        ...

    def edges(self) -> list[Edge]:
        """Changes since the last call, oldest first. Raises BusError."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...


class LinuxGpio:
    """A line of ``/dev/gpiochipN`` named as "gpiochipN:LINE"; an input unless ``output``."""

    def __init__(self, line: str, *, active_low: bool = False, output: bool = False) -> None:
        chip, _, offset = line.partition(":")
        if not chip or not offset.isdigit():
            raise ConfigError(f"{line!r} is no line: write it as chip:line, for example gpiochip4:11")
        self._name, self._offset = line, int(offset)
        self._request = self._ask(f"/dev/{chip}", active_low, output)

    def _ask(self, path: str, active_low: bool, output: bool) -> Any:
        try:
            import gpiod
            from gpiod.line import Direction
            from gpiod.line import Edge as Both
        except ImportError as error:
            raise ConfigError("gpiod is not installed: pip install 'browline[gpio]'") from error
        settings = gpiod.LineSettings(active_low=active_low)
        settings.direction = Direction.OUTPUT if output else Direction.INPUT
        if not output:
            settings.edge_detection = Both.BOTH
        try:
            return gpiod.request_lines(path, consumer="browline", config={self._offset: settings})
        except OSError as error:
            raise BusError(f"{self._name}: {error.strerror}; is the line used by another program?") from error

    def set(self, active: bool) -> None:
        """Drive it."""
        from gpiod.line import Value

        try:
            self._request.set_value(self._offset, Value.ACTIVE if active else Value.INACTIVE)
        except OSError as error:
            raise BusError(f"{self._name}: {error.strerror}") from error

    def get(self) -> bool:
        """Whether it is active now."""
        try:
            return bool(self._request.get_value(self._offset).value)
        except OSError as error:
            raise BusError(f"{self._name}: {error.strerror}") from error

    def edges(self) -> list[Edge]:
        """Changes since the last call; the kernel stamps them with the monotonic clock."""
        found: list[Edge] = []
        while self._request.wait_edge_events(0):
            for event in self._request.read_edge_events():
                rising = event.event_type == event.Type.RISING_EDGE
                found.append(Edge(event.timestamp_ns, rising))
        return found

    def close(self) -> None:
        """Release the request."""
        self._request.release()
