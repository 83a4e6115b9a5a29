"""An emulated ICM-42688-P (DS-000347): registers by bank, FIFO, read-to-clear, self-test, die temperature.

Samples are made a second ahead in one go and handed out as time passes; a live turn of the head throws
away what was made ahead.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from drivers.base import Clock
from drivers.imu import icm42688p_registers as reg
from drivers.sim.world import World

G = 9.80665
CAPACITY = reg.FIFO_BYTES // reg.PACKET_BYTES
READ_ONLY = {
    reg.WHO_AM_I,
    reg.INT_STATUS,
    reg.FIFO_COUNTH,
    reg.FIFO_COUNTL,
    reg.FIFO_DATA,
    reg.TEMP_DATA1,
    reg.TEMP_DATA0,
}
BLOCK = 500
GYRO_NOISE, ACCEL_NOISE = math.radians(0.0028), 70e-6 * G  # per √Hz, Table 1 and Table 2
WANDER_S = 120.0  # how slowly the gyro's zero strays
SELF_TEST_CODES = bytes((100, 102, 98))
RATES = {code: rate for rate, code in reg.ODR_CODES.items()}
GYRO_RANGES = {code: dps for dps, code in reg.GYRO_RANGE_CODES.items()}
ACCEL_RANGES = {code: g for g, code in reg.ACCEL_RANGE_CODES.items()}


class EmulatedIcm42688p:
    """The chip on the wearer's head, sensing ``world``."""

    part = "imu"

    def __init__(self, world: World, clock: Clock, seed: int = 1) -> None:
        self._world, self._clock = world, clock
        self._noise = np.random.default_rng(seed)
        self.power_cycle()

    def power_cycle(self) -> None:
        """Registers at their reset values, FIFO empty, sensors off."""
        self._registers = dict(reg.RESET_VALUES)
        self._bank = 0
        self._status = reg.INT_RESET_DONE
        self._restart()

    def read(self, register: int, length: int) -> bytes:
        """A burst: the address counts up, except at FIFO_DATA, which keeps giving packets."""
        if (
            self._bank == 0 and register == reg.INT_STATUS and length == 3
        ):  # the driver's poll, 100 times a second
            count = self._count_field()
            return bytes((self._clear_status(), count >> 8, count & 0xFF))
        if self._bank == 0 and register == reg.FIFO_DATA:
            return self._pop(length)
        return bytes(self._read_one(register + i) for i in range(length))

    def write(self, register: int, data: bytes) -> None:
        """Bytes from ``register`` on; REG_BANK_SEL answers in every bank."""
        for offset, value in enumerate(data):
            self._write_one(register + offset, value)

    def _read_one(self, register: int) -> int:
        if register == reg.REG_BANK_SEL:
            return self._bank
        if self._bank == 0:
            match register:
                case reg.WHO_AM_I if self._world.faults.strikes("imu", "wrong_id"):
                    return 0xEA
                case reg.INT_STATUS:
                    return self._clear_status()
                case reg.FIFO_COUNTH:
                    return self._count_field() >> 8
                case reg.FIFO_COUNTL:
                    return self._count_field() & 0xFF
                case reg.TEMP_DATA1:
                    return self._temperature_word() >> 8 & 0xFF
                case reg.TEMP_DATA0:
                    return self._temperature_word() & 0xFF
                case reg.FIFO_DATA:
                    return self._pop(1)[0]
        return _SELF_TEST.get((self._bank, register), self._registers.get((self._bank, register), 0))

    def _write_one(self, register: int, value: int) -> None:
        if register == reg.REG_BANK_SEL:
            self._bank = value & 0b111
        elif (self._bank, register) == (0, reg.DEVICE_CONFIG) and value & 1:
            self.power_cycle()
        elif self._bank == 0 and register in READ_ONLY:
            return
        else:
            changed = self._registers.get((self._bank, register), 0) != value
            self._registers[self._bank, register] = value
            flush = register == reg.SIGNAL_PATH_RESET and value & 0b10
            if self._bank == 0 and (flush or (changed and register in _RESTARTS)):
                self._restart()

    def _restart(self) -> None:
        """Sampling begins anew: nothing is in the FIFO, nothing is made ahead."""
        self._first_ns = self._clock.now_ns()
        self._taken = 0  # samples since _first_ns that have left the FIFO or were lost
        self._block_from = 0
        self._block = np.empty(0, reg.PACKET)
        self._changes = self._world.changes

    @property
    def _sampling(self) -> bool:
        packets = self._register(reg.FIFO_CONFIG) >> 6 and self._register(reg.FIFO_CONFIG1) & 0b11 == 0b11
        return bool(packets) and self._register(reg.PWR_MGMT0) & 0b1111 == 0b1111

    @property
    def _period_ns(self) -> int:
        return 1_000_000_000 // RATES.get(self._register(reg.GYRO_CONFIG0) & 0x0F, 1000)

    def _register(self, register: int) -> int:
        return self._registers.get((0, register), 0)

    def _made(self) -> int:
        """Samples taken since the start."""
        return (self._clock.now_ns() - self._first_ns) // self._period_ns if self._sampling else self._taken

    def _count(self) -> int:
        made = self._made()
        if made - self._taken > CAPACITY:  # stream mode: the oldest give way
            self._status |= reg.INT_FIFO_FULL
            self._taken = made - CAPACITY
        return made - self._taken

    def _count_field(self) -> int:
        """FIFO_COUNT: in packets with FIFO_COUNT_REC set, else in bytes (§14)."""
        unit = 1 if self._register(reg.INTF_CONFIG0) & reg.FIFO_COUNT_REC else reg.PACKET_BYTES
        return self._count() * unit

    def _clear_status(self) -> int:
        self._count()
        status, self._status = self._status, 0
        return status

    def _pop(self, length: int) -> bytes:
        """The oldest packets; past the last one the header says empty (§6.1)."""
        wanted = -(-length // reg.PACKET_BYTES)
        have = min(wanted, self._count())
        raw = self._packets(self._taken, have) if have else b""
        self._taken += have
        empty = bytes((reg.HEADER_EMPTY,)) + bytes(reg.PACKET_BYTES - 1)
        return (raw + empty * (wanted - have))[:length]

    def _packets(self, first: int, count: int) -> bytes:
        start = first - self._block_from
        stale = self._changes != self._world.changes
        if stale or start < 0 or start + count > len(self._block):
            self._block_from, start = first, 0
            self._changes = self._world.changes
            self._block = self._make(first, max(count, BLOCK))
        return self._block[start : start + count].tobytes()

    def _make(self, first: int, count: int) -> NDArray[np.void]:
        """Packets ``first`` … of the run: the World's motion with bias, noise and the ranges' steps."""
        t_ns = self._first_ns + np.arange(first + 1, first + count + 1, dtype=np.int64) * self._period_ns
        truth = self._world.head(t_ns)
        bandwidth = 0.5e9 / self._period_ns
        chip = self._world.scenario.imu
        root = chip.noise * bandwidth**0.5
        gyro = truth.gyro + self._zero(t_ns) + self._noise.normal(0, GYRO_NOISE * root, (count, 3))
        accel = truth.accel + self._noise.normal(0, ACCEL_NOISE * root, (count, 3))
        accel += np.array(chip.accel_bias_mg) * (1e-3 * G)
        dps = GYRO_RANGES.get(self._register(reg.GYRO_CONFIG0) >> 5, 2000)
        g = ACCEL_RANGES.get(self._register(reg.ACCEL_CONFIG0) >> 5, 16)
        packets = np.zeros(count, reg.PACKET)
        packets["header"] = reg.HEADER_ACCEL | reg.HEADER_GYRO | reg.HEADER_TIMESTAMP
        packets["gyro"] = _steps(np.degrees(gyro) * 32768 / dps + self._self_test(dps, 250, 0))
        packets["accel"] = _steps(accel / G * 32768 / g + self._self_test(g, 2, 3))
        warmth = self._world.scenario.temperature_c - reg.TEMPERATURE_OFFSET
        packets["temperature"] = round(warmth * reg.FIFO_TEMPERATURE_LSB)
        packets["timestamp"] = t_ns // 1000 & 0xFFFF
        return packets

    def _zero(self, t_ns: NDArray[np.int64]) -> NDArray[np.float64]:
        """What the gyro says at rest, rad/s: its bias, and slow waves whose periods have no common measure."""
        chip = self._world.scenario.imu
        bias: NDArray[np.float64] = np.radians(chip.gyro_bias_dps)
        if not chip.gyro_wander_dps:
            return bias
        t = t_ns[:, None] * (1e-9 / WANDER_S)
        waves = np.sin(t * (1.0, 0.83, 1.17) + (0.4, 2.1, 4.0)) + np.sin(
            t * (2.7, 2.3, 3.1) + (3.0, 5.2, 1.3)
        )
        strayed: NDArray[np.float64] = bias + np.radians(chip.gyro_wander_dps) * waves
        return strayed

    def _self_test(self, full_scale: int, finest: int, first_bit: int) -> NDArray[np.float64]:
        """What the test force adds to each axis: the factory's response, where the axis' bit is set."""
        enabled = self._register(reg.SELF_TEST_CONFIG) >> first_bit & 0b111
        codes = np.frombuffer(SELF_TEST_CODES, np.uint8).astype(np.float64)
        response = reg.SELF_TEST_LSB * finest / full_scale * 1.01 ** (codes - 1)
        on: NDArray[np.float64] = np.array([enabled >> axis & 1 for axis in range(3)], dtype=np.float64)
        return on * response

    def _temperature_word(self) -> int:
        return round((self._world.scenario.temperature_c - reg.TEMPERATURE_OFFSET) * reg.TEMPERATURE_LSB)


_RESTARTS = {
    reg.PWR_MGMT0,
    reg.GYRO_CONFIG0,
    reg.ACCEL_CONFIG0,
    reg.FIFO_CONFIG,
    reg.FIFO_CONFIG1,
    reg.SELF_TEST_CONFIG,
}
_SELF_TEST = {
    (bank, first + axis): SELF_TEST_CODES[axis]
    for bank, first in ((1, reg.XG_ST_DATA), (2, reg.XA_ST_DATA))
    for axis in range(3)
}


def _steps(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(np.rint(values), -32767, 32767)
