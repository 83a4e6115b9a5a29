"""What a head feels of walking: the bounce of each step, heel strikes, sway, ramps and corners.

Shapes and sizes after Hirasaki, Moore, Raphan, Cohen, "Effects of walking velocity on vertical head and body
movements during locomotion", Exp. Brain Res. 127 (1999): a head bobs some 4 cm peak to peak at 1.4 m/s with the
steps, sways and turns with the strides (two steps), and nods against the bob.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivers.sim.walker import CADENCE_HZ, CADENCE_PER_MPS, Walker

Floats = NDArray[np.float64]
BOB_M, BOB_MOST_M = 0.015, 0.03  # amplitude a m/s, and its most
FORTH, ASIDE = 0.35, 0.25  # accelerations to and fro and sideways, as shares of the bob's
STRIKE_MPS2, STRIKE_HZ, STRIKE_S = 1.6, 14.0, 0.035  # a m/s: height, ringing, decay
YAW_DEG, NOD_DEG = 1.2, 0.8
RUMBLE_MPS2 = 0.25  # on wheels, a m/s


class Body(NamedTuple):
    """What walking adds to the head at N times: ``yaw``, ``pitch`` (radians, left and up) and their rates, and the
    linear acceleration [N, 3] m/s² to north, west and up.
    """

    yaw: Floats
    pitch: Floats
    yaw_rate: Floats
    pitch_rate: Floats
    accel: Floats


def felt(walker: Walker, t_s: Floats) -> Body:
    """The body at each time, seconds from the walk's start."""
    walked, speed, ramp, steps = walker.progress(t_s)
    facing, bend = walker.path.facing(walked)
    cadence = _cadence(walker, speed)
    phase = 2 * np.pi * steps
    sway = np.radians(YAW_DEG) * np.minimum(1.0, speed) * (cadence > 0)
    nod = np.radians(NOD_DEG) * np.minimum(1.0, speed) * (cadence > 0)
    turn = 2 * np.pi * cadence
    forward, left, up = _shaken(walker, t_s, speed, cadence, steps)
    forward = forward + ramp
    left = left - speed * speed * bend
    sin, cos = np.sin(facing), np.cos(facing)
    accel = np.stack([forward * cos + left * sin, left * cos - forward * sin, up], axis=1)
    return Body(
        yaw=-facing + sway * np.sin(phase / 2),
        pitch=nod * np.sin(phase),
        yaw_rate=-bend * speed + sway * turn / 2 * np.cos(phase / 2),
        pitch_rate=nod * turn * np.cos(phase),
        accel=accel,
    )


def _cadence(walker: Walker, speed: Floats) -> Floats:
    """Steps a second."""
    walks = (speed > 0) & (not walker.rides)
    return np.where(walks, CADENCE_HZ + CADENCE_PER_MPS * speed, 0.0)


def _shaken(
    walker: Walker, t_s: Floats, speed: Floats, cadence: Floats, steps: Floats
) -> tuple[Floats, Floats, Floats]:
    """Forward, left and up in m/s²: of steps, or of wheels on a road."""
    if walker.rides:
        rumble = RUMBLE_MPS2 * np.minimum(speed, 8.0)
        return np.zeros_like(t_s), np.zeros_like(t_s), rumble * np.sin(2 * np.pi * 11.3 * t_s)
    phase = 2 * np.pi * steps
    bob = np.minimum(BOB_M * speed, BOB_MOST_M) * (2 * np.pi * cadence) ** 2
    since_s = np.where(cadence > 0, (steps % 1.0) / np.maximum(cadence, 0.1), 1.0)
    ringing = np.exp(-since_s / STRIKE_S) * np.cos(2 * np.pi * STRIKE_HZ * since_s)
    strike = STRIKE_MPS2 * np.minimum(speed, 2.0) * ringing * (cadence > 0)
    return FORTH * bob * np.sin(phase), ASIDE * bob * np.sin(phase / 2), bob * np.cos(phase) + strike
