from __future__ import annotations

from pathlib import Path

import pytest

from drivers.base import BusError, DeviceLostError
from drivers.bus.gpio import Edge
from drivers.led.lights import GpioLed, LedClass, SimLight
from drivers.sim.faults import Faults


class FakeLine:
    """A GPIO output."""

    def __init__(self, name: str = "") -> None:
        self.active = False
        self.closed = False
        self.stuck = name == "stuck"

    def set(self, active: bool) -> None:
        if self.closed:
            raise BusError("released")
        self.active = active and not self.stuck

    def get(self) -> bool:
        return self.active

    def edges(self) -> list[Edge]:
        return []

    def close(self) -> None:
        self.closed = True


def test_a_gpio_led_says_what_its_line_says() -> None:
    for name, lit in (("", True), ("stuck", False)):
        line = FakeLine(name)
        led = GpioLed(lambda line=line: line)  # type: ignore[misc]
        led.open()
        assert not led.is_on()
        led.set(True)
        assert led.is_on() is lit


def test_a_gpio_led_is_dark_when_closed_and_opens_again() -> None:
    lines: list[FakeLine] = []

    def request() -> FakeLine:
        lines.append(FakeLine())
        return lines[-1]

    led = GpioLed(request)
    led.close()
    assert lines == []  # never taken, nothing to give back
    led.open()
    led.set(True)
    led.close()
    led.close()
    assert lines[0].closed and not lines[0].active
    led.open()
    led.set(True)
    assert led.is_on() and len(lines) == 2


def test_a_line_that_is_taken_by_another_program_says_so() -> None:
    def request() -> FakeLine:
        raise BusError("gpiochip4:11: Device or resource busy; is the line used by another program?")

    with pytest.raises(BusError, match="another program"):
        GpioLed(request).open()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    led = tmp_path / "capture"
    led.mkdir()
    (led / "max_brightness").write_text("255\n", encoding="ascii")
    (led / "brightness").write_text("128\n", encoding="ascii")
    return led


def test_a_led_of_the_kernel_shines_fully(folder: Path) -> None:
    led = LedClass(folder)
    assert led.is_on()  # as the boot loader left it
    led.open()
    assert not led.is_on()
    led.set(True)
    assert led.is_on() and (folder / "brightness").read_text(encoding="ascii") == "255"
    led.close()
    assert not led.is_on()


def test_a_led_that_is_not_there(tmp_path: Path) -> None:
    led = LedClass(tmp_path / "absent")
    with pytest.raises(DeviceLostError, match="lists them"):
        led.open()
    with pytest.raises(BusError, match="may this user write it"):
        led.set(True)
    with pytest.raises(BusError, match="can't be read"):
        led.is_on()
    led.close()


def test_a_node_that_holds_no_number(folder: Path) -> None:
    (folder / "brightness").write_text("", encoding="ascii")
    with pytest.raises(BusError, match="can't be read"):
        LedClass(folder).is_on()


def test_a_dead_light_takes_the_order_and_stays_dark() -> None:
    faults = Faults()
    light = SimLight(faults)
    light.open()
    faults.set("light", "dead")
    light.set(True)
    assert not light.is_on()
    faults.clear()
    assert light.is_on()
    light.close()
    assert not light.is_on()
