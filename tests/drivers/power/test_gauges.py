from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from boards import spec
from drivers.base import DeviceLostError, NakError, WrongChipError
from drivers.bus.i2c import I2cBus
from drivers.power.max17048 import Max17048
from drivers.power.power_supply import PowerSupply
from drivers.sim.i2c import EmulatedI2c
from drivers.sim.max17048 import EmulatedMax17048
from drivers.sim.scenario import Scenario
from drivers.sim.world import World
from runtime.core.clock import VirtualClock


class Words:
    """A gauge whose words are given."""

    def __init__(self, **words: int) -> None:
        self.words = {0x02: words["vcell"], 0x04: words["soc"], 0x08: words.get("version", 0x0012)}

    def read(self, address: int, register: int, length: int) -> bytes:
        return self.words[register].to_bytes(2, "big")


def gauge(**words: int) -> Max17048:
    bus: Any = Words(**words)
    return Max17048(bus, 0x36, VirtualClock())


def test_steps_are_those_of_the_data_sheet() -> None:
    state = gauge(vcell=0xCF80, soc=0x4B80).read()
    assert state.volts == pytest.approx(0xCF80 * 78.125e-6)
    assert state.charge == pytest.approx(75.5 / 100)
    assert gauge(vcell=0, soc=0x65FF).read().charge == 1.0


def test_another_chip_is_named() -> None:
    with pytest.raises(WrongChipError, match="VERSION 0x0200"):
        gauge(vcell=0, soc=0, version=0x0200).open()


def test_the_emulated_gauge_follows_the_worlds_cell_and_can_be_unplugged() -> None:
    clock = VirtualClock()
    nothing: Any = None
    world = World(clock, Scenario(name="t", ends_s=0, charge=0.5), nothing)
    adapter = EmulatedI2c(world.faults)
    adapter.attach(0x36, EmulatedMax17048(world, clock))
    cell = Max17048(I2cBus(adapter), 0x36, clock)
    cell.open()
    assert cell.read().charge == pytest.approx(0.5, abs=0.004)
    assert cell.read().volts == pytest.approx(3.8, abs=0.001)
    clock.advance(3600)
    after = cell.read().charge
    assert after is not None
    assert after < 0.45
    world.faults.set("battery", "nak")
    with pytest.raises(NakError):
        cell.read()


def put(folder: Path, **values: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in values.items():
        (folder / name).write_text(text, encoding="ascii")


def test_the_kernels_battery_in_micro_units(tmp_path: Path) -> None:
    put(tmp_path / "BAT", voltage_now="3812000\n", capacity="57\n", current_now="-420000\n", temp="314\n")
    battery = PowerSupply(tmp_path / "BAT", VirtualClock())
    battery.open()
    state = battery.read()
    assert (state.charge, state.volts, state.amps, state.temperature_c) == (0.57, 3.812, -0.42, 31.4)


def test_values_it_does_not_have_are_none_and_no_battery_is_said(tmp_path: Path) -> None:
    put(tmp_path / "BAT", voltage_now="3812000", capacity="many")
    state = PowerSupply(tmp_path / "BAT", VirtualClock()).read()
    assert (state.charge, state.amps, state.temperature_c) == (None, None, None)
    with pytest.raises(DeviceLostError, match="no such battery"):
        PowerSupply(tmp_path / "none", VirtualClock()).open()


def test_the_board_file_names_the_supply() -> None:
    context: Any = type("C", (), {"clock": VirtualClock()})()
    part = spec.Battery(compatible="linux,power-supply", name="battery-of-nowhere")
    with pytest.raises(DeviceLostError, match="battery-of-nowhere"):
        PowerSupply.from_board(part, context).open()
