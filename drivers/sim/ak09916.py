"""An emulated AK09916 (016014242-E-00): it measures by itself, and holds its data from the first byte read to ST2.

Samples are made a second ahead in one go; a live turn of the head throws away what was made ahead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivers.base import Clock
from drivers.magnetometer import ak09916_registers as reg
from drivers.sim.world import World

NOISE_UT = 0.3  # one standard deviation of one axis
RATES = {code: rate for rate, code in reg.MODE_CODES.items()}


class EmulatedAk09916:
    """The chip on the wearer's head, in the field of ``world``."""

    part = "magnetometer"

    def __init__(self, world: World, clock: Clock, seed: int = 2) -> None:
        self._world, self._clock = world, clock
        self._noise = np.random.default_rng(seed)
        self.power_cycle()

    def power_cycle(self) -> None:
        """It sleeps, and holds nothing."""
        self._mode = reg.POWER_DOWN
        self._restart()

    def read(self, register: int, length: int) -> bytes:
        """A burst; from ST1 on it is one sample, whole."""
        if register == reg.ST1:
            return self._burst()[:length]
        return bytes(self._read_one(register + i) for i in range(length))

    def write(self, register: int, data: bytes) -> None:
        """CNTL2 sets what it does, CNTL3 resets it; the rest can't be written."""
        for at, value in enumerate(data, register):
            if at == reg.CNTL2 and value != self._mode:
                self._mode = value
                self._restart()
            elif at == reg.CNTL3 and value & reg.SOFT_RESET:
                self.power_cycle()

    def _read_one(self, register: int) -> int:
        match register:
            case reg.WIA1:
                return reg.COMPANY
            case reg.WIA2:
                return 0x00 if self._world.faults.strikes(self.part, "wrong_id") else reg.DEVICE
            case reg.CNTL2:
                return self._mode
        return 0

    def _restart(self) -> None:
        self._first_ns, self._taken = self._clock.now_ns(), 0
        self._block_from = 0
        self._block = np.empty((0, 3))
        self._changes = self._world.changes

    @property
    def _rate_hz(self) -> int:
        return RATES.get(self._mode, 0)

    def _burst(self) -> bytes:
        burst = np.zeros(1, reg.BURST)
        rate_hz = self._rate_hz
        made = (self._clock.now_ns() - self._first_ns) * rate_hz // 1_000_000_000
        if made > self._taken and not self._world.faults.strikes(self.part, "frozen"):
            burst["st1"] = reg.ST1_DRDY | (reg.ST1_DOR if made > self._taken + 1 else 0)
            self._taken = made
            self._fill(burst, made)
        return burst.tobytes()

    def _fill(self, burst: NDArray[np.void], number: int) -> None:
        field = self._sample(number)
        if self._world.faults.strikes(self.part, "magnet"):  # held against a loudspeaker
            field = field + reg.MOST_MICROTESLA
        if np.abs(field).sum() >= reg.MOST_MICROTESLA:
            burst["st2"] = reg.ST2_HOFL
        burst["field"] = np.clip(np.rint(field / reg.MICROTESLA_LSB), -32752, 32752)

    def _sample(self, number: int) -> NDArray[np.float64]:
        """Sample ``number`` since the start, counted from one."""
        at = number - 1 - self._block_from
        if self._changes != self._world.changes or not 0 <= at < len(self._block):
            self._block_from, at, self._changes = number - 1, 0, self._world.changes
            numbers = np.arange(number, number + self._rate_hz, dtype=np.int64)
            t_ns = self._first_ns + numbers * 1_000_000_000 // self._rate_hz
            noise = self._world.scenario.magnetometer.noise * NOISE_UT
            self._block = self._world.field(t_ns) + self._noise.normal(0.0, noise, (len(t_ns), 3))
        sample: NDArray[np.float64] = self._block[at]
        return sample
