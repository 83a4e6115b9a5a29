"""The emulated chip against its data sheet (DS-000347): what a driver may rely on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from drivers.imu import icm42688p_registers as reg
from drivers.sim.icm42688p import EmulatedIcm42688p
from drivers.sim.scenario import Scenario
from drivers.sim.world import World
from runtime.core.clock import VirtualClock


class Bench:
    """A chip and its time."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        nothing: Any = None
        self.world = World(self.clock, Scenario(name="t", ends_s=0, temperature_c=30.0), nothing)
        self.chip = EmulatedIcm42688p(self.world, self.clock)

    def start(self, intf: int = 0x70) -> None:
        """As the driver sets it up: packets in stream mode at 1 kHz, the reset rate."""
        for register, value in (
            (reg.INTF_CONFIG0, intf), (reg.FIFO_CONFIG1, 0x0F), (reg.FIFO_CONFIG, 0x40), (reg.PWR_MGMT0, 0x0F),
        ):  # fmt: skip
            self.chip.write(register, bytes((value,)))

    def count(self) -> int:
        return int.from_bytes(self.chip.read(reg.FIFO_COUNTH, 2), "big")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    ("register", "value"),
    [
        (0x75, 0x47),
        (0x4C, 0x30),
        (0x4F, 0x06),
        (0x50, 0x06),
        (0x54, 0x23),
        (0x4E, 0x00),
        (0x16, 0x00),
        (0x5F, 0x00),
    ],
)
def test_reset_values_of_section_14(bench: Bench, register: int, value: int) -> None:
    assert bench.chip.read(register, 1) == bytes((value,))
    bench.chip.write(register, b"\xa5")
    bench.chip.write(reg.DEVICE_CONFIG, b"\x01")
    assert bench.chip.read(register, 1) == bytes((value,)), "a soft reset restores it"


def test_the_reset_flag_is_cleared_by_reading_it(bench: Bench) -> None:
    assert bench.chip.read(reg.INT_STATUS, 1)[0] & reg.INT_RESET_DONE
    assert bench.chip.read(reg.INT_STATUS, 1) == b"\0"


def test_who_am_i_can_not_be_written(bench: Bench) -> None:
    bench.chip.write(reg.WHO_AM_I, b"\x12")
    assert bench.chip.read(reg.WHO_AM_I, 1) == b"\x47"


def test_banks_are_apart_and_the_selector_is_in_each(bench: Bench) -> None:
    bench.chip.write(reg.REG_BANK_SEL, b"\x01")
    assert bench.chip.read(reg.REG_BANK_SEL, 1) == b"\x01"
    assert bench.chip.read(reg.WHO_AM_I, 1) != b"\x47"
    assert bench.chip.read(reg.XG_ST_DATA, 3) == bytes((100, 102, 98))
    bench.chip.write(reg.REG_BANK_SEL, b"\x00")
    assert bench.chip.read(reg.WHO_AM_I, 1) == b"\x47"


def test_nothing_is_sampled_until_both_sensors_are_on(bench: Bench) -> None:
    bench.clock.advance(1.0)
    assert bench.count() == 0
    bench.start()
    bench.clock.advance(0.1)
    assert bench.count() == 100
    bench.chip.write(reg.PWR_MGMT0, b"\0")
    bench.clock.advance(0.1)
    assert bench.count() == 0


def test_the_count_is_in_bytes_unless_records_are_asked_for(bench: Bench) -> None:
    bench.start(intf=0x30)
    bench.clock.advance(0.01)
    assert bench.count() == 10 * reg.PACKET_BYTES


def test_packets_leave_the_fifo_as_they_are_read_and_then_it_says_empty(bench: Bench) -> None:
    bench.start()
    bench.clock.advance(0.01)
    packets = np.frombuffer(bench.chip.read(reg.FIFO_DATA, 4 * 16), reg.PACKET)
    assert (packets["header"] == 0x68).all()
    assert np.diff(packets["timestamp"].astype(int)).tolist() == [1000, 1000, 1000]
    assert bench.count() == 6
    rest = np.frombuffer(bench.chip.read(reg.FIFO_DATA, 8 * 16), reg.PACKET)
    assert (rest["header"] & reg.HEADER_EMPTY).astype(bool).tolist() == [False] * 6 + [True] * 2


def test_a_full_fifo_drops_the_oldest_and_says_so_once(bench: Bench) -> None:
    bench.start()
    bench.chip.read(reg.INT_STATUS, 1)
    bench.clock.advance(0.5)
    assert bench.count() == 128
    assert bench.chip.read(reg.INT_STATUS, 1)[0] & reg.INT_FIFO_FULL
    assert not bench.chip.read(reg.INT_STATUS, 1)[0] & reg.INT_FIFO_FULL
    first = np.frombuffer(bench.chip.read(reg.FIFO_DATA, 16), reg.PACKET)["timestamp"][0]
    assert int(first) == (500_000 - 127_000) & 0xFFFF


def test_a_flush_empties_the_fifo(bench: Bench) -> None:
    bench.start()
    bench.clock.advance(0.05)
    bench.chip.write(reg.SIGNAL_PATH_RESET, b"\x02")
    assert bench.count() == 0


def test_the_die_is_as_warm_as_the_world(bench: Bench) -> None:
    word = int.from_bytes(bench.chip.read(reg.TEMP_DATA1, 2), "big", signed=True)
    assert word / 132.48 + 25 == pytest.approx(30.0, abs=0.01)


def test_full_scale_codes_change_the_steps(bench: Bench) -> None:
    bench.start()
    bench.clock.advance(0.01)
    coarse = np.frombuffer(bench.chip.read(reg.FIFO_DATA, 16), reg.PACKET)["accel"][0][2]
    bench.chip.write(reg.ACCEL_CONFIG0, bytes((3 << 5 | 6,)))
    bench.clock.advance(0.01)
    fine = np.frombuffer(bench.chip.read(reg.FIFO_DATA, 16), reg.PACKET)["accel"][0][2]
    assert int(coarse) == pytest.approx(2048, rel=0.03)  # 1 g at ±16 g
    assert int(fine) == pytest.approx(16384, rel=0.03)  # 1 g at ±2 g
