"""Head pose by imufusion (Madgwick's revised AHRS) at the IMU's rate, in the head's axes.

Head axes: x forward, y left, z up; earth: x where the head pointed at the start, z up (imufusion's NWU).
Settings are the field's defaults (gain 0.5, recovery after 5 s), but for the rejection of accelerations.
"""

from __future__ import annotations

import math

import imufusion
import numpy as np

from drivers.base import ImuSamples
from runtime.core.messages import Pose
from runtime.sense.axes import Mounting

# A brisk walk shakes a head by 20° of gravity, evenly: rejecting that leaves the gyro alone, and the tilt 5° off.
GAIN, REJECTION_DEG, REJECTION_S = 0.5, 30.0, 5.0
DEGREES = np.float32(180 / math.pi)
PER_G = np.float32(1 / 9.80665)


class HeadPose:
    """Fuses samples into poses. ``axes`` names, for head x, y and z, the chip's axis and sign ("-y+x+z")."""

    def __init__(self, rate_hz: float, gyro_range_dps: float, axes: str = "+x+y+z") -> None:
        self._to_head = Mounting(axes).to_head
        self._bias = imufusion.Bias().set_settings(imufusion.BiasSettings(sample_rate=rate_hz))
        settings = imufusion.AhrsSettings(
            sample_rate=rate_hz,
            convention=imufusion.CONVENTION_NWU,
            gain=GAIN,
            gyroscope_range=gyro_range_dps,
            acceleration_rejection=REJECTION_DEG,
            magnetic_rejection=REJECTION_DEG,
            rejection_timeout=REJECTION_S,
        )
        self._ahrs = imufusion.Ahrs().set_settings(settings)

    @property
    def bias(self) -> tuple[float, float, float]:
        """The gyro's zero-rate output in °/s, head axes, as estimated while the head was still."""
        x, y, z = self._bias.get_offset().tolist()
        return x, y, z

    @bias.setter
    def bias(self, value: tuple[float, float, float]) -> None:
        self._bias.set_offset(np.array(value, np.float32))

    def update(self, samples: ImuSamples) -> Pose | None:
        """Take every sample, oldest first → the pose at the last one; None for no samples."""
        if len(samples.t_ns) == 0:
            return None
        gyro = self._to_head(samples.gyro) * DEGREES
        accel = self._to_head(samples.accel) * PER_G
        still, fuse = self._bias.update, self._ahrs.update_no_magnetometer
        rate = gyro[-1]
        for turn, pull in zip(gyro, accel, strict=True):
            rate = still(turn)
            fuse(rate, pull)
        w, x, y, z = self._ahrs.get_quaternion().tolist()
        rx, ry, rz = (rate / DEGREES).tolist()
        return make_pose(int(samples.t_ns[-1]), (w, x, y, z), (rx, ry, rz))


def make_pose(
    t_ns: int, quaternion: tuple[float, float, float, float], rate: tuple[float, float, float]
) -> Pose:
    """A pose with its angles: yaw to the left, pitch up, roll to the right, in degrees."""
    w, x, y, z = quaternion
    yaw = math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    pitch = -math.asin(max(-1.0, min(1.0, 2 * (w * y - z * x))))
    roll = math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    return Pose(t_ns, quaternion, math.degrees(yaw), math.degrees(pitch), math.degrees(roll), rate)
