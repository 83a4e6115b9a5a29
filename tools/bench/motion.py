"""The IMU at its rate without loss, and the pose beside imufusion's own on a real recording."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Iterator
from pathlib import Path

import imufusion
import numpy as np
from numpy.typing import NDArray

from boards.load import load
from drivers.base import ImuSamples
from drivers.camera.decode import load_picture
from drivers.factory import BuildContext, build
from drivers.sim.world import World
from runtime.core.clock import VirtualClock
from runtime.sense.pose import GAIN, REJECTION_DEG, REJECTION_S, HeadPose
from tools.bench.figures import Figure, fixtures, median
from tools.simulator import choose_scenario

G = 9.80665
Floats = NDArray[np.float64]


def measure() -> Iterator[Figure]:
    """Samples lost in a minute, time a batch, degrees between our pose and the library's own."""
    yield from _rate()
    path = fixtures() / "motion" / "xio_sensor_data.csv"
    if path.exists():
        yield Figure("pose against imufusion's own, worst", _difference(_recording(path)), "°", 1.0)


def _rate() -> Iterator[Figure]:
    clock = VirtualClock()
    world = World(clock, choose_scenario(None, None), load_picture)
    imu = build(BuildContext(load("sim"), clock, world)).imu
    assert imu is not None
    imu.open()
    count = lost = 0
    times: list[float] = []
    for _ in range(6000):
        clock.advance(0.01)
        start = time.perf_counter()
        samples = imu.read()
        times.append((time.perf_counter() - start) * 1e6)
        count += len(samples.t_ns)
        lost += samples.lost
    yield Figure("IMU samples in a minute", count, "", 30_000, "more")
    yield Figure("IMU samples lost", lost, "", 0)
    yield Figure("IMU read of five samples, median", median(times), "µs")


def _recording(path: Path) -> Floats:
    with path.open(encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return np.array(rows, dtype=np.float64)


def _difference(rows: Floats) -> float:
    """Both start from the same samples; the library is called as its own example does, one a time."""
    settings = imufusion.AhrsSettings(
        sample_rate=100, convention=imufusion.CONVENTION_NWU, gain=GAIN, gyroscope_range=2000,
        acceleration_rejection=REJECTION_DEG, magnetic_rejection=REJECTION_DEG, rejection_timeout=REJECTION_S,
    )  # fmt: skip
    peer = imufusion.Ahrs().set_settings(settings)
    bias = imufusion.Bias().set_settings(imufusion.BiasSettings(sample_rate=100))
    own = HeadPose(100, 2000)
    worst = 0.0
    for start in range(0, len(rows), 5):
        part = rows[start : start + 5]
        for row in part:
            peer.update_no_magnetometer(bias.update(row[1:4]), row[4:7])
        pose = own.update(_samples(part))
        assert pose is not None
        dot = abs(float(np.dot(pose.quaternion, peer.get_quaternion())))
        worst = max(worst, math.degrees(2 * math.acos(min(1.0, dot))))
    return worst


def _samples(rows: Floats) -> ImuSamples:
    gyro = np.radians(rows[:, 1:4]).astype(np.float32)
    accel = (rows[:, 4:7] * G).astype(np.float32)
    return ImuSamples((rows[:, 0] * 1e9).astype(np.int64), accel, gyro, 25.0)
