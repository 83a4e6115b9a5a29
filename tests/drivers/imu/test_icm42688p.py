"""The driver over the emulated chip: what it does on good and on bad wires."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import ConfigError, DeviceLostError, DriverError, NakError, WrongChipError
from drivers.bus.i2c import I2cBus
from drivers.imu import icm42688p_registers as reg
from drivers.imu.icm42688p import G, Icm42688p
from drivers.sim.i2c import EmulatedI2c
from drivers.sim.icm42688p import EmulatedIcm42688p
from drivers.sim.scenario import Scenario
from drivers.sim.world import World
from runtime.core.clock import VirtualClock

ADDRESS = 0x68


class Bench:
    """A chip on a bus, and time that the test moves."""

    def __init__(self, **options: int) -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock, Scenario(name="t", ends_s=0, temperature_c=37.0), lambda _: _never())
        self.chip = EmulatedIcm42688p(self.world, self.clock)
        adapter = EmulatedI2c(self.world.faults)
        adapter.attach(ADDRESS, self.chip)
        self.bus = I2cBus(adapter)
        self.imu = Icm42688p(self.bus, ADDRESS, self.clock, **options)

    def run(self, seconds: float, step_s: float = 0.01) -> list[Any]:
        """Read every ``step_s`` for so long → what came."""
        found = []
        for _ in range(round(seconds / step_s)):
            self.clock.advance(step_s)
            found.append(self.imu.read())
        return found

    def drive(self, steps: Generator[float, None, Any]) -> Any:
        """Run a generator that yields how long it waits."""
        try:
            while True:
                self.clock.advance(next(steps))
        except StopIteration as end:
            return end.value


def _never() -> Any:
    raise AssertionError("no picture is asked for")


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.imu.open()
    return bench


def test_five_hundred_a_second_and_none_lost(bench: Bench) -> None:
    batches = bench.run(60.0)
    t_ns = np.concatenate([batch.t_ns for batch in batches])
    assert len(t_ns) in range(29_995, 30_001)
    assert sum(batch.lost for batch in batches) == 0
    assert np.all(np.diff(t_ns) > 0)
    assert np.diff(t_ns).mean() == pytest.approx(2e6, rel=1e-4)


def test_samples_are_in_si_units_and_carry_the_dies_heat(bench: Bench) -> None:
    batches = bench.run(2.0)
    accel = np.concatenate([batch.accel for batch in batches])
    gyro = np.concatenate([batch.gyro for batch in batches])
    assert accel.mean(axis=0) == pytest.approx([0, 0, G], abs=0.05)
    assert np.degrees(gyro.mean(axis=0)) == pytest.approx(
        [0.35, -0.22, 0.14], abs=0.25
    )  # the zero-rate output
    assert batches[-1].temperature_c == pytest.approx(37.0, abs=0.5 / reg.FIFO_TEMPERATURE_LSB)


@pytest.mark.parametrize(("rate", "accel_g", "gyro_dps"), [(100, 2, 125), (200, 16, 2000), (1000, 4, 500)])
def test_other_rates_and_ranges_give_the_same_units(rate: int, accel_g: int, gyro_dps: int) -> None:
    bench = Bench(rate_hz=rate, accel_g=accel_g, gyro_dps=gyro_dps)
    bench.imu.open()
    batches = bench.run(1.0)
    assert sum(len(batch.t_ns) for batch in batches) == pytest.approx(rate, abs=2)
    assert np.concatenate([b.accel for b in batches]).mean(axis=0)[2] == pytest.approx(G, abs=0.06)


def test_a_turn_of_the_head_is_felt_in_full(bench: Bench) -> None:
    bench.run(0.5)
    bench.world.look(40.0, 0.0, over_s=0.5)
    turned = np.concatenate([batch.gyro for batch in bench.run(0.7)])[:, 2].sum() / 500
    assert math.degrees(turned) == pytest.approx(40, abs=1)


def test_an_overflow_is_counted_not_hidden(bench: Bench) -> None:
    bench.run(0.1)
    bench.clock.advance(1.0)  # 500 samples into a FIFO of 128
    late = bench.imu.read()
    assert len(late.t_ns) == 128
    assert late.lost == pytest.approx(500 - 128, abs=2)
    assert bench.run(0.1)[-1].lost == 0


def test_another_chip_at_the_address_is_named() -> None:
    bench = Bench()
    bench.world.faults.set("imu", "wrong_id")
    with pytest.raises(WrongChipError, match="WHO_AM_I 0xea, an ICM-42688-P says 0x47"):
        bench.imu.open()


def test_a_wire_that_loses_one_transfer_in_three_loses_no_sample(bench: Bench) -> None:
    bench.world.faults.set("imu", "nak", 0.3)
    batches = bench.run(10.0)
    assert sum(len(batch.t_ns) for batch in batches) == pytest.approx(5000, abs=6)
    assert bench.bus.retries > 300


def test_a_pulled_cable_is_told(bench: Bench) -> None:
    bench.world.faults.set("imu", "unplug")
    with pytest.raises(NakError, match="check power, wires and address"):
        bench.imu.read()
    bench.imu.close()  # a chip that is gone is left alone


def test_a_chip_that_holds_the_bus_is_clocked_free(bench: Bench) -> None:
    bench.world.faults.set("imu", "stuck")
    assert bench.run(0.1)[-1].lost == 0
    assert bench.bus.recoveries == 1


def test_a_brown_out_is_noticed_and_opening_again_mends_it(bench: Bench) -> None:
    bench.run(0.2)
    bench.world.faults.set("imu", "brownout")
    with pytest.raises(DeviceLostError, match="brown-out"):
        bench.run(1.0)
    bench.imu.open()
    assert sum(len(batch.t_ns) for batch in bench.run(1.0)) == pytest.approx(500, abs=2)


def test_its_self_test_gives_the_factorys_response() -> None:
    bench = Bench()
    bench.imu.open()
    ratios = bench.drive(bench.imu.self_test())
    assert set(ratios) == {f"{sensor} {axis}" for sensor in ("accel", "gyro") for axis in "xyz"}
    assert all(ratio == pytest.approx(1.0, abs=0.1) for ratio in ratios.values())


def test_a_rate_or_range_it_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(ConfigError, match=r"imu\.rate_hz: 333 is not one of 25, 50, 100, 200, 500"):
        Bench(rate_hz=333)
    with pytest.raises(ConfigError, match=r"imu\.accel_range_g: 3"):
        Bench(accel_g=3)


def test_samples_that_are_not_ready_are_left_out(bench: Bench) -> None:
    packets = np.zeros(3, reg.PACKET)
    packets["header"] = [0x68, 0x68, reg.HEADER_EMPTY]
    packets["accel"][0] = reg.INVALID
    packets["timestamp"] = [1000, 3000, 0]

    class Canned:
        def read(self, address: int, register: int, length: int) -> bytes:
            return bytes((0, 0, 3)) if register == reg.INT_STATUS else packets.tobytes()

    canned: Any = Canned()
    bench.imu._bus = canned
    assert len(bench.imu.read().t_ns) == 1


@given(st.binary(max_size=400), st.integers(0, 255))
def test_garbage_from_the_fifo_breaks_nothing(data: bytes, status: int) -> None:
    bench = Bench()
    bench.imu.open()

    class Noise:
        def read(self, address: int, register: int, length: int) -> bytes:
            return (
                bytes((status, 0, 25))[:length] if register == reg.INT_STATUS else data.ljust(length, b"\xff")
            )

        def write(self, address: int, register: int, data: bytes) -> None: ...

    noise: Any = Noise()
    bench.imu._bus = noise
    bench.clock.advance(0.01)
    samples = bench.imu.read()
    assert len(samples.t_ns) == len(samples.accel) == len(samples.gyro) <= 25
    assert np.isfinite(samples.accel).all()


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 255), st.integers(1, 40)), max_size=30))
def test_any_register_traffic_leaves_a_chip_that_can_be_opened(traffic: list[tuple[bool, int, int]]) -> None:
    bench = Bench()
    for is_read, register, value in traffic:
        if is_read:
            assert len(bench.chip.read(register, value)) == value
        else:
            bench.chip.write(register, bytes((value,)))
        bench.clock.advance(0.005)
    bench.imu.open()
    try:
        assert sum(len(batch.t_ns) for batch in bench.run(0.2)) > 90
    except DriverError:
        pytest.fail("a reset must make the chip new")
