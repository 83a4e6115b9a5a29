"""AK09916 register map (AKM 016014242-E-00, §11 and §12): names and codes as printed there."""

from __future__ import annotations

import numpy as np

WIA1, WIA2 = 0x00, 0x01
ST1 = 0x10
HXL = 0x11
ST2 = 0x18
CNTL2, CNTL3 = 0x31, 0x32

COMPANY, DEVICE = 0x48, 0x09
ST1_DRDY, ST1_DOR = 1 << 0, 1 << 1
ST2_HOFL = 1 << 3
SOFT_RESET = 1
POWER_DOWN = 0b00000
MODE_CODES = {10: 0b00010, 20: 0b00100, 50: 0b00110, 100: 0b01000}  # continuous measurement, Hz

# One burst: ST1, the three axes (low byte first, two's complement), a dummy, ST2, which lets go of the data.
BURST = np.dtype([("st1", "u1"), ("field", "<i2", 3), ("dummy", "u1"), ("st2", "u1")])
MICROTESLA_LSB = 0.15  # §8.3
MOST_MICROTESLA = 4912.0  # of |x| + |y| + |z|: beyond, HOFL is set (§9.4.3.6)
