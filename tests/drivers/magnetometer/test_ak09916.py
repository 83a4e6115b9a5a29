"""The driver over the emulated chip: what it does on good and on bad wires."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from drivers.base import ConfigError, DeviceLostError, NakError, WrongChipError
from drivers.bus.i2c import I2cBus
from drivers.magnetometer import ak09916_registers as reg
from drivers.magnetometer.ak09916 import Ak09916
from drivers.sim.ak09916 import EmulatedAk09916
from drivers.sim.i2c import EmulatedI2c
from drivers.sim.magnetism import HOME, earth
from drivers.sim.scenario import Compass, Scenario
from drivers.sim.world import World
from runtime.core.clock import VirtualClock

ADDRESS = 0x0C
IDEAL = Compass(hard_iron_ut=(0.0, 0.0, 0.0), soft_iron=(0.0, 0.0, 0.0), noise=0.0)


class Bench:
    """A chip on a bus, and time that the test moves."""

    def __init__(self, compass: Compass = IDEAL, rate_hz: int = 100) -> None:
        self.clock, nothing = VirtualClock(), Any
        scenario = Scenario(name="t", ends_s=0, magnetometer=compass)
        self.world = World(self.clock, scenario, nothing)  # type: ignore[arg-type]
        self.chip = EmulatedAk09916(self.world, self.clock)
        adapter = EmulatedI2c(self.world.faults)
        adapter.attach(ADDRESS, self.chip)
        self.bus = I2cBus(adapter)
        self.driver = Ak09916(self.bus, ADDRESS, self.clock, rate_hz)

    def run(self, reads: int, step_s: float = 0.05) -> list[Any]:
        found = []
        for _ in range(reads):
            self.clock.advance(step_s)
            found.append(self.driver.read())
        return found


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.driver.open()
    return bench


def test_the_earths_field_comes_out_in_microtesla(bench: Bench) -> None:
    north, west, up = earth(*HOME)
    for samples in bench.run(20):
        field = samples.field[0]
        assert field == pytest.approx([north, west, up], abs=0.6)  # the head sways a little
        assert np.linalg.norm(field) == pytest.approx(49.2, abs=0.3)  # Shanghai, WMM2025


def test_a_head_that_looks_to_the_left_has_north_on_its_right(bench: Bench) -> None:
    bench.world.look(90.0, 0.0, over_s=0.2)
    field = bench.run(20)[-1].field[0]
    north, west, up = earth(*HOME)
    assert field == pytest.approx([west, -north, up], abs=0.8)


def test_a_sample_is_told_once_and_is_as_old_as_it_says(bench: Bench) -> None:
    (first,) = bench.run(1, 0.0101)
    assert len(bench.driver.read().t_ns) == 0
    age_ns = bench.clock.now_ns() - int(first.t_ns[0])
    assert 0 <= age_ns <= 10_000_000


@pytest.mark.parametrize(("rate_hz", "code"), reg.MODE_CODES.items())
def test_each_rate_of_the_data_sheet(rate_hz: int, code: int) -> None:
    bench = Bench(rate_hz=rate_hz)
    bench.driver.open()
    assert bench.bus.read(ADDRESS, reg.CNTL2, 1)[0] == code
    heard = [len(samples.t_ns) for samples in bench.run(1000, 0.001)]
    assert sum(heard) == pytest.approx(rate_hz, abs=1)


def test_a_rate_that_it_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"magnetometer.rate_hz: 30 Hz .* 10, 20, 50, 100"):
        Bench(rate_hz=30)


def test_a_magnet_close_by_is_an_overflow_and_no_field(bench: Bench) -> None:
    bench.world.faults.set("magnetometer", "magnet")
    samples = bench.run(3)
    assert [one.overflow for one in samples] == [1, 1, 1]
    assert all(len(one.t_ns) == 0 for one in samples)


def test_another_chip_is_named(bench: Bench) -> None:
    bench.world.faults.set("magnetometer", "wrong_id")
    with pytest.raises(WrongChipError, match=r"0x0c answers WIA 0x48 0x00.*magnetometer\.compatible"):
        bench.driver.open()


@pytest.mark.parametrize(("kind", "error"), [("unplug", NakError), ("nak", NakError)])
def test_a_wire_that_comes_loose_is_said(bench: Bench, kind: str, error: type[Exception]) -> None:
    bench.world.faults.set("magnetometer", kind)
    with pytest.raises(error):
        bench.run(1)


@pytest.mark.parametrize(
    ("kind", "said"), [("brownout", "lost its settings"), ("frozen", "measures nothing")]
)
def test_a_chip_that_measures_no_more_is_told_within_a_second(bench: Bench, kind: str, said: str) -> None:
    bench.run(5)
    bench.world.faults.set("magnetometer", kind)
    with pytest.raises(DeviceLostError, match=said):
        bench.run(20)
    bench.world.faults.clear()
    bench.driver.open()
    assert len(bench.run(2)[-1].t_ns) == 1


def test_half_of_all_transfers_lost_are_tried_again(bench: Bench) -> None:
    bench.world.faults.set("magnetometer", "nak", 0.3)
    assert sum(len(samples.t_ns) for samples in bench.run(40)) == 40


def test_closed_it_sleeps_and_a_chip_that_is_gone_is_left_alone(bench: Bench) -> None:
    bench.driver.close()
    assert bench.bus.read(ADDRESS, reg.CNTL2, 1)[0] == reg.POWER_DOWN
    bench.world.faults.set("magnetometer", "unplug")
    bench.driver.close()


def test_glasses_iron_adds_and_each_axis_has_its_own_scale() -> None:
    iron = Compass(hard_iron_ut=(10.0, 20.0, -30.0), soft_iron=(0.1, 0.0, 0.0), noise=0.0)
    bench = Bench(iron)
    bench.driver.open()
    field = bench.run(1)[0].field[0]
    north, west, up = earth(*HOME)
    assert field == pytest.approx([1.1 * north + 10, west + 20, up - 30], abs=0.6)
