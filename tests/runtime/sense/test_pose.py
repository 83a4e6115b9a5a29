from __future__ import annotations

import math

import imufusion
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from drivers.base import ImuSamples
from drivers.sim.motion import Head, HeadMotion
from runtime.core.messages import Pose
from runtime.sense.pose import GAIN, REJECTION_DEG, REJECTION_S, HeadPose, make_pose

RATE = 500
PERIOD_NS = 1_000_000_000 // RATE


def head() -> tuple[NDArray[np.int64], HeadMotion, Head]:
    """Twenty seconds of looking around."""
    moving = Head()
    for at, yaw, pitch in ((4, 40, 0), (6, -35, 15), (8, -35, -20), (10, 60, 10), (13, 0, 0), (16, 25, -10)):
        moving.turn(at, yaw, pitch, 0.7)
    t_ns = np.arange(1, 20 * RATE + 1, dtype=np.int64) * PERIOD_NS
    return t_ns, moving.motion(t_ns), moving


def poses(
    pose: HeadPose, t_ns: NDArray[np.int64], gyro: NDArray[np.float64], accel: NDArray[np.float64]
) -> list[Pose]:
    """One pose a batch of five."""
    found = []
    for i in range(0, len(t_ns), 5):
        part = slice(i, i + 5)
        one = pose.update(
            ImuSamples(t_ns[part], accel[part].astype(np.float32), gyro[part].astype(np.float32), 30.0)
        )
        assert one is not None
        found.append(one)
    return found


def test_it_follows_the_head() -> None:
    t_ns, motion, moving = head()
    found = poses(HeadPose(RATE, 1000), t_ns, motion.gyro, motion.accel)
    yaw, pitch, _, _ = moving.angles(t_ns[4::5])
    late = slice(4 * 100, None)  # the filter settles for three seconds
    assert np.abs(np.array([p.yaw for p in found])[late] - yaw[late]).max() < 1.5
    assert np.abs(np.array([p.pitch for p in found])[late] - pitch[late]).max() < 1.5
    assert max(abs(p.roll) for p in found[400:]) < 1.5


def test_it_is_imufusions_own_result() -> None:
    t_ns, motion, _ = head()
    peer = imufusion.Ahrs().set_settings(
        imufusion.AhrsSettings(
            sample_rate=RATE,
            convention=imufusion.CONVENTION_NWU,
            gain=GAIN,
            gyroscope_range=1000,
            acceleration_rejection=REJECTION_DEG,
            magnetic_rejection=REJECTION_DEG,
            rejection_timeout=REJECTION_S,
        )
    )
    bias = imufusion.Bias().set_settings(imufusion.BiasSettings(sample_rate=RATE))
    found = poses(HeadPose(RATE, 1000), t_ns, motion.gyro, motion.accel)
    gyro, accel = np.degrees(motion.gyro).astype(np.float32), (motion.accel / 9.80665).astype(np.float32)
    worst = 0.0
    for i in range(len(t_ns)):
        peer.update_no_magnetometer(bias.update(gyro[i]), accel[i])
        if i % 5 == 4:
            dot = abs(float(np.dot(peer.get_quaternion(), found[i // 5].quaternion)))
            worst = max(worst, math.degrees(2 * math.acos(min(1.0, dot))))
    assert worst < 0.2


def test_the_axes_of_the_board_are_turned_into_the_heads() -> None:
    t_ns, motion, _ = head()
    # A chip mounted with its x to the left, y backward, z up: head x = -y, head y = +x, head z = +z.
    chip = [np.stack([m[:, 1], -m[:, 0], m[:, 2]], axis=1) for m in (motion.gyro, motion.accel)]
    turned = poses(HeadPose(RATE, 1000, "-y+x+z"), t_ns, *chip)
    plain = poses(HeadPose(RATE, 1000), t_ns, motion.gyro, motion.accel)
    apart = np.array([p.quaternion for p in turned]) - np.array([p.quaternion for p in plain])
    assert np.abs(apart).max() < 1e-5


def test_a_known_bias_is_taken_off_from_the_start() -> None:
    t_ns, motion, _ = head()
    bias = np.array([0.4, -0.3, 0.5])
    pose = HeadPose(RATE, 1000)
    pose.bias = (0.4, -0.3, 0.5)
    with_bias = poses(pose, t_ns, motion.gyro + np.radians(bias), motion.accel)
    without = poses(HeadPose(RATE, 1000), t_ns, motion.gyro, motion.accel)
    assert abs(with_bias[-1].yaw - without[-1].yaw) < 1.0
    assert pose.bias == pytest.approx((0.4, -0.3, 0.5), abs=0.15)


def test_no_samples_are_no_pose() -> None:
    empty = np.empty((0, 3), np.float32)
    assert HeadPose(RATE, 1000).update(ImuSamples(np.empty(0, np.int64), empty, empty, 30.0)) is None


@given(st.floats(-179, 179), st.floats(-89, 89), st.floats(-179, 179))
def test_angles_and_quaternion_say_the_same(yaw: float, pitch: float, roll: float) -> None:
    y, p, r = (math.radians(a) / 2 for a in (yaw, -pitch, roll))
    w = math.cos(r) * math.cos(p) * math.cos(y) + math.sin(r) * math.sin(p) * math.sin(y)
    x = math.sin(r) * math.cos(p) * math.cos(y) - math.cos(r) * math.sin(p) * math.sin(y)
    j = math.cos(r) * math.sin(p) * math.cos(y) + math.sin(r) * math.cos(p) * math.sin(y)
    k = math.cos(r) * math.cos(p) * math.sin(y) - math.sin(r) * math.sin(p) * math.cos(y)
    pose = make_pose(0, (w, x, j, k), (0.0, 0.0, 0.0))
    assert [pose.yaw, pose.pitch, pose.roll] == pytest.approx([yaw, pitch, roll], abs=0.05)
