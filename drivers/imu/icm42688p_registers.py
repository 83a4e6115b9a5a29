"""ICM-42688-P register map (InvenSense DS-000347 rev. 1.7, §14 to §18): names and codes as printed there."""

from __future__ import annotations

import numpy as np

DEVICE_CONFIG = 0x11
FIFO_CONFIG = 0x16
TEMP_DATA1 = 0x1D
TEMP_DATA0 = 0x1E
ACCEL_DATA_X1 = 0x1F
INT_STATUS = 0x2D
FIFO_COUNTH = 0x2E
FIFO_COUNTL = 0x2F
FIFO_DATA = 0x30
SIGNAL_PATH_RESET = 0x4B
INTF_CONFIG0 = 0x4C
PWR_MGMT0 = 0x4E
GYRO_CONFIG0 = 0x4F
ACCEL_CONFIG0 = 0x50
TMST_CONFIG = 0x54
FIFO_CONFIG1 = 0x5F
SELF_TEST_CONFIG = 0x70
WHO_AM_I = 0x75
REG_BANK_SEL = 0x76
XG_ST_DATA = 0x5F  # bank 1, three bytes
XA_ST_DATA = 0x3B  # bank 2, three bytes

IDENTITY = 0x47
FIFO_BYTES = 2048
PACKET_BYTES = 16
INT_RESET_DONE, INT_FIFO_FULL = 1 << 4, 1 << 1
FIFO_COUNT_REC = 1 << 6  # of INTF_CONFIG0
HEADER_EMPTY, HEADER_ACCEL, HEADER_GYRO, HEADER_TIMESTAMP = 1 << 7, 1 << 6, 1 << 5, 1 << 3

ODR_CODES = {8000: 3, 4000: 4, 2000: 5, 1000: 6, 200: 7, 100: 8, 50: 9, 25: 10, 500: 15}
GYRO_RANGE_CODES = {2000: 0, 1000: 1, 500: 2, 250: 3, 125: 4}
ACCEL_RANGE_CODES = {16: 0, 8: 1, 4: 2, 2: 3}

RESET_VALUES = {
    (0, INTF_CONFIG0): 0x30,
    (0, GYRO_CONFIG0): 0x06,
    (0, ACCEL_CONFIG0): 0x06,
    (0, TMST_CONFIG): 0x23,
    (0, WHO_AM_I): IDENTITY,
}

# §6.1, packet 3: header, accel, gyro, 8-bit temperature, timestamp; big endian as INTF_CONFIG0 says.
PACKET = np.dtype(
    [("header", "u1"), ("accel", ">i2", 3), ("gyro", ">i2", 3), ("temperature", "i1"), ("timestamp", ">u2")]
)
INVALID = -32768  # what an axis says before its first sample is ready
FIFO_TEMPERATURE_LSB, TEMPERATURE_LSB, TEMPERATURE_OFFSET = 2.07, 132.48, 25.0  # §4.13
SELF_TEST_LSB = 2620  # §14 (AN-000150): factory response = 2620 / 2^FS · 1.01^(code − 1)
