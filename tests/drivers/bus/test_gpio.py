"""GPIO lines over a stand-in for libgpiod's Python package, which only boards install."""

from __future__ import annotations

import sys
from enum import Enum
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from drivers.base import BusError, ConfigError
from drivers.bus.gpio import LinuxGpio


class Value(Enum):
    INACTIVE = 0
    ACTIVE = 1


class Kind(Enum):
    RISING_EDGE = 1
    FALLING_EDGE = 2


class Request:
    """One requested line."""

    def __init__(self) -> None:
        self.values: dict[int, Value] = {11: Value.ACTIVE}
        self.events = [(5, Kind.RISING_EDGE), (9, Kind.FALLING_EDGE)]
        self.released = False

    def set_value(self, line: int, value: Value) -> None:
        self.values[line] = value

    def get_value(self, line: int) -> Value:
        return self.values[line]

    def wait_edge_events(self, timeout: float) -> bool:
        return bool(self.events)

    def read_edge_events(self) -> list[Any]:
        events, self.events = self.events, []
        return [SimpleNamespace(timestamp_ns=t, event_type=kind, Type=Kind) for t, kind in events]

    def release(self) -> None:
        self.released = True


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """gpiod, and what was requested of it."""
    asked: list[Any] = []
    line: Any = ModuleType("gpiod.line")
    line.Direction = SimpleNamespace(OUTPUT="out", INPUT="in")
    line.Edge = SimpleNamespace(BOTH="both")
    line.Value = Value

    def request_lines(path: str, consumer: str, config: dict[int, Any]) -> Request:
        if path.endswith("9"):
            raise OSError(16, "Device or resource busy")
        asked.append((path, {n: vars(settings) for n, settings in config.items()}))
        return Request()

    gpiod: Any = ModuleType("gpiod")
    gpiod.LineSettings, gpiod.request_lines, gpiod.line = SimpleNamespace, request_lines, line
    monkeypatch.setitem(sys.modules, "gpiod", gpiod)
    monkeypatch.setitem(sys.modules, "gpiod.line", line)
    return asked


def test_an_input_reports_its_level_and_both_edges(asked: list[Any]) -> None:
    line = LinuxGpio("gpiochip4:11", active_low=True)
    assert asked == [
        ("/dev/gpiochip4", {11: {"active_low": True, "direction": "in", "edge_detection": "both"}})
    ]
    assert line.get()
    assert [(edge.t_ns, edge.active) for edge in line.edges()] == [(5, True), (9, False)]
    assert line.edges() == []
    line.close()


def test_an_output_is_driven(asked: list[Any]) -> None:
    line = LinuxGpio("gpiochip4:11", output=True)
    assert asked[0][1][11]["direction"] == "out"
    line.set(False)
    assert not line.get()


def test_a_line_that_is_taken_and_one_that_is_none(asked: list[Any]) -> None:
    with pytest.raises(
        BusError, match="gpiochip9:1: Device or resource busy; is the line used by another program"
    ):
        LinuxGpio("gpiochip9:1")
    for name in ("gpiochip4", "11", ":", "gpiochip4:x"):
        with pytest.raises(ConfigError, match="write it as chip:line"):
            LinuxGpio(name)


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiod", None)
    with pytest.raises(ConfigError, match=r"browline\[gpio\]"):
        LinuxGpio("gpiochip4:11")
