"""InvenSense ICM-42688-P, 6-axis IMU (DS-000347): everything comes through its 2 kB FIFO."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards import spec
from drivers.base import Clock, ConfigError, DeviceLostError, ImuSamples, WrongChipError
from drivers.bus.i2c import I2cBus
from drivers.imu import icm42688p_registers as reg
from drivers.register import Bits

if TYPE_CHECKING:
    from drivers.factory import BuildContext

G = 9.80665  # m/s², standard gravity
SILENCE_NS = 200_000_000  # no sample for so long: ask the chip whether it still is set up
LEAK_PPM = 200  # how fast the time anchor may drift up: more than chip and host clocks part
EMPTY = ImuSamples(
    np.empty(0, np.int64), np.empty((0, 3), np.float32), np.empty((0, 3), np.float32), math.nan
)


class Icm42688p:
    """The chip at ``address`` on ``bus``. Raises ConfigError for a rate or range it does not have."""

    who_am_i = Bits(reg.WHO_AM_I)
    soft_reset = Bits(reg.DEVICE_CONFIG, 0)
    fifo_mode = Bits(reg.FIFO_CONFIG, 7, 6)
    fifo_packet = Bits(reg.FIFO_CONFIG1, 3, 0)
    fifo_flush = Bits(reg.SIGNAL_PATH_RESET, 1, 1)
    interface = Bits(reg.INTF_CONFIG0)
    power = Bits(reg.PWR_MGMT0)
    gyro_config = Bits(reg.GYRO_CONFIG0)
    accel_config = Bits(reg.ACCEL_CONFIG0)
    self_test_config = Bits(reg.SELF_TEST_CONFIG)

    LOW_NOISE = 0b1111  # gyro and accelerometer both in low-noise mode
    STREAM = 1
    RECORDS_BIG_ENDIAN = 0b0111_0000
    ALL_SELF_TESTS = 0b0111_1111

    def __init__(
        self,
        bus: I2cBus,
        address: int,
        clock: Clock,
        rate_hz: int = 500,
        accel_g: int = 8,
        gyro_dps: int = 1000,
    ) -> None:
        self._bus, self._address, self._clock = bus, address, clock
        self._odr = _code(reg.ODR_CODES, rate_hz, "rate_hz")
        self._accel_code = _code(reg.ACCEL_RANGE_CODES, accel_g, "accel_range_g")
        self._gyro_code = _code(reg.GYRO_RANGE_CODES, gyro_dps, "gyro_range_dps")
        self._rate_hz = rate_hz
        self._accel_lsb = np.float32(accel_g * G / 32768)
        self._gyro_lsb = np.float32(math.radians(gyro_dps) / 32768)
        self._bank = 0
        self._forget()

    @classmethod
    def from_board(cls, part: spec.Imu, context: BuildContext) -> Icm42688p:
        """As the board file says."""
        bus = context.i2c(part.bus)
        return cls(bus, part.address, context.clock, part.rate_hz, part.accel_range_g, part.gyro_range_dps)

    @property
    def rate_hz(self) -> float:
        """The output data rate."""
        return self._rate_hz

    def open(self) -> None:
        """Reset the chip, check who it is, start both sensors into the FIFO. Raises DriverError."""
        self._bank = -1
        identity = self.who_am_i
        if identity != reg.IDENTITY:
            raise WrongChipError(
                f"address 0x{self._address:02x} answers WHO_AM_I 0x{identity:02x}, an ICM-42688-P says 0x47: "
                "check imu.compatible and imu.address in the board file"
            )
        self.soft_reset = 1
        self._await_reset()
        self.interface = self.RECORDS_BIG_ENDIAN
        self.gyro_config = self._gyro_code << 5 | self._odr
        self.accel_config = self._accel_code << 5 | self._odr
        self.fifo_packet = 0b1111
        self.fifo_mode = self.STREAM
        self.power = self.LOW_NOISE
        self._forget()

    def close(self) -> None:
        """Put both sensors to sleep; a chip that is gone is left alone."""
        try:
            self.power = 0
        except OSError:
            self._bank = -1

    def read(self) -> ImuSamples:
        """Drain the FIFO. Raises BusError, and DeviceLostError when the chip lost its settings."""
        head = self._bus.read(self._address, reg.INT_STATUS, 3)
        count = head[1] << 8 | head[2]
        now_ns = self._clock.now_ns()
        if count == 0:
            return self._nothing(now_ns)
        count = min(count, reg.FIFO_BYTES // reg.PACKET_BYTES)
        raw = self._bus.read(self._address, reg.FIFO_DATA, count * reg.PACKET_BYTES)
        packets = np.frombuffer(raw, reg.PACKET)
        if packets["header"].max() & reg.HEADER_EMPTY or packets["accel"].min() == reg.INVALID:
            packets = packets[_valid(packets)]
            if len(packets) == 0:
                return self._nothing(now_ns)
        t_ns = self._stamp(packets["timestamp"], now_ns)
        lost = self._lost(t_ns) if head[0] & reg.INT_FIFO_FULL else 0
        self._last_ns, self._heard_ns = int(t_ns[-1]), now_ns
        return ImuSamples(
            t_ns=t_ns,
            accel=packets["accel"] * self._accel_lsb,
            gyro=packets["gyro"] * self._gyro_lsb,
            temperature_c=int(packets["temperature"][-1]) / reg.FIFO_TEMPERATURE_LSB + reg.TEMPERATURE_OFFSET,
            lost=lost,
        )

    def self_test(self) -> Generator[float, None, dict[str, float]]:
        """DS-000347 §4.14: the response to the test force over the factory's; 0.5 … 1.5 is good."""
        yield from self._settle()
        off = yield from self._mean()
        self.self_test_config = self.ALL_SELF_TESTS
        yield from self._settle()
        on = yield from self._mean()
        self.self_test_config = 0
        factory = self._factory_response()
        names = [f"{sensor} {axis}" for sensor in ("accel", "gyro") for axis in "xyz"]
        return {name: float(r) for name, r in zip(names, (on - off) / factory, strict=True)}

    def read_register(self, bank: int, register: int, length: int = 1) -> bytes:
        """``length`` bytes from ``register`` of ``bank`` on."""
        self._select(bank)
        return self._bus.read(self._address, register, length)

    def write_register(self, bank: int, register: int, value: int) -> None:
        """Write one byte."""
        self._select(bank)
        self._bus.write(self._address, register, bytes((value,)))

    def _select(self, bank: int) -> None:
        if bank != self._bank:
            self._bus.write(self._address, reg.REG_BANK_SEL, bytes((bank,)))
            self._bank = bank

    def _await_reset(self) -> None:
        # A reset takes 1 ms (§14.1); each poll is a transfer of over 60 µs at 400 kHz.
        for _ in range(100):
            if self.read_register(0, reg.INT_STATUS)[0] & reg.INT_RESET_DONE:
                return
        raise DeviceLostError(f"address 0x{self._address:02x}: the reset never ends; check the supply")

    def _forget(self) -> None:
        self._heard_ns = self._clock.now_ns()
        self._last_ns = 0
        self._tick: int | None = None
        self._chip_ns = 0
        self._anchor_ns = 0

    def _nothing(self, now_ns: int) -> ImuSamples:
        if now_ns - self._heard_ns > SILENCE_NS:
            if self.power != self.LOW_NOISE:
                raise DeviceLostError("the IMU lost its settings (brown-out?): check its supply")
            self._heard_ns = now_ns
        return EMPTY

    def _stamp(self, ticks: NDArray[np.uint16], now_ns: int) -> NDArray[np.int64]:
        """Chip microseconds → host nanoseconds: the chip's even spacing, anchored to the earliest arrival."""
        chip_ns = self._chip_ns + self._unwrap(ticks.astype(np.int64)) * 1000
        offset = now_ns - int(chip_ns[-1])
        if self._tick is None:
            self._anchor_ns = offset
        else:
            leak = (int(chip_ns[-1]) - self._chip_ns) * LEAK_PPM // 1_000_000
            self._anchor_ns = min(self._anchor_ns + leak, offset)
        self._tick, self._chip_ns = int(ticks[-1]), int(chip_ns[-1])
        return chip_ns + self._anchor_ns

    def _unwrap(self, ticks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Microseconds since the last tick seen; the 16-bit counter comes round each 65.5 ms."""
        before = int(ticks[0]) if self._tick is None else self._tick
        if len(ticks) < self._rate_hz // 20:  # a short batch spans less than one round
            return ticks - before & 0xFFFF
        return np.cumsum(np.diff(ticks, prepend=before) & 0xFFFF)

    def _lost(self, t_ns: NDArray[np.int64]) -> int:
        """After an overflow: samples between the last one delivered and the oldest the FIFO still held.

        The 16-bit counter wraps within such a gap, so the host's time decides and the anchor starts anew.
        """
        gap_ns = self._heard_gap(t_ns)
        self._tick = None
        return max(0, round(gap_ns * self._rate_hz / 1e9) - 1) if self._last_ns else 0

    def _heard_gap(self, t_ns: NDArray[np.int64]) -> int:
        period_ns = 1e9 / self._rate_hz
        oldest = self._clock.now_ns() - round((len(t_ns) - 1) * period_ns)
        return oldest - self._last_ns

    def _settle(self) -> Generator[float, None, None]:
        yield 0.06  # gyro start-up is 45 ms (§3.1)
        self.read()

    def _mean(self) -> Generator[float, None, NDArray[np.float64]]:
        yield 0.2
        samples = self.read()
        raw = np.hstack([samples.accel / self._accel_lsb, samples.gyro / self._gyro_lsb])
        mean: NDArray[np.float64] = raw.mean(axis=0, dtype=np.float64)
        return mean

    def _factory_response(self) -> NDArray[np.float64]:
        accel = np.frombuffer(self.read_register(2, reg.XA_ST_DATA, 3), np.uint8)
        gyro = np.frombuffer(self.read_register(1, reg.XG_ST_DATA, 3), np.uint8)
        codes = np.hstack([accel, gyro]).astype(np.float64)
        scale = np.repeat([2.0 ** -(3 - self._accel_code), 2.0 ** -(3 - self._gyro_code)], 3)
        response: NDArray[np.float64] = reg.SELF_TEST_LSB * scale * 1.01 ** (codes - 1)
        return response


def _valid(packets: NDArray[np.void]) -> NDArray[np.bool_]:
    empty = (packets["header"] & reg.HEADER_EMPTY) != 0
    starting = (packets["accel"] == reg.INVALID).all(axis=1) | (packets["gyro"] == reg.INVALID).all(axis=1)
    valid: NDArray[np.bool_] = ~(empty | starting)
    return valid


def _code(codes: dict[int, int], value: int, key: str) -> int:
    if value not in codes:
        raise ConfigError(f"imu.{key}: {value} is not one of {', '.join(map(str, sorted(codes)))}")
    return codes[value]
