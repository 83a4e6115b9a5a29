"""Gestures on made movements: which are seen, and how often one is seen that nobody made."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from drivers.base import ImuSamples
from runtime.core.messages import Pose
from runtime.sense.gestures import Gestures

RATE, BATCH = 500, 5
G = 9.80665
Floats = NDArray[np.float64]


def feel(pitch: Floats, yaw: Floats, jolt: Floats | None = None) -> Counter[str]:
    """What is recognised in angles in degrees at 500 Hz; ``jolt`` is m/s² on top of gravity, float[N, 3]."""
    pitch_rate, yaw_rate = (np.gradient(np.radians(a)) * RATE for a in (pitch, yaw))
    accel = np.tile([0.0, 0.0, G], (len(pitch), 1)) + (0 if jolt is None else jolt)
    accel += np.random.default_rng(0).normal(0, 0.03, accel.shape)
    gestures, seen = Gestures(), Counter[str]()
    for end in range(BATCH, len(pitch) + 1, BATCH):
        t_ns = np.arange(end - BATCH, end, dtype=np.int64) * (1_000_000_000 // RATE)
        last = end - 1
        samples = ImuSamples(
            t_ns, accel[end - BATCH : end].astype(np.float32), np.zeros((BATCH, 3), np.float32), 30.0
        )
        rate = (0.0, -float(pitch_rate[last]), float(yaw_rate[last]))
        pose = Pose(int(t_ns[-1]), (1.0, 0.0, 0.0, 0.0), float(yaw[last]), float(pitch[last]), 0.0, rate)
        seen.update(gesture.kind for gesture in gestures.update(pose, samples))
    return seen


def swings(amplitude: float, hz: float, cycles: float) -> Floats:
    """Degrees: rest, a few swings that fade in and out, rest."""
    t = np.arange(round(cycles / hz * RATE)) / RATE
    envelope = np.minimum(1.0, 4 * np.minimum(t, t[-1] - t) * hz)
    rest = np.zeros(RATE)
    return np.concatenate([rest, amplitude * envelope * np.sin(2 * math.pi * hz * t), rest])


@pytest.mark.parametrize("amplitude", [10, 15, 22])
@pytest.mark.parametrize("hz", [1.5, 2.0, 3.0])
def test_a_nod_and_a_shake_are_seen_once_and_not_taken_for_each_other(amplitude: float, hz: float) -> None:
    move = swings(amplitude, hz, 2.5)
    little = 0.2 * move  # nobody nods quite straight
    assert feel(move, little)["nod"] == 1
    assert feel(move, little)["shake"] == 0
    assert feel(little, move)["shake"] == 1
    assert feel(little, move)["nod"] == 0


def test_one_look_down_and_back_is_no_nod() -> None:
    assert feel(-30 * smooth(2.0, 0.5) + 30 * smooth(2.0, 1.2), np.zeros(1000)) == {}


def smooth(length_s: float, at_s: float, over_s: float = 0.4) -> Floats:
    """A minimum-jerk step from 0 to 1."""
    u = np.clip((np.arange(round(length_s * RATE)) / RATE - at_s) / over_s, 0, 1)
    step: Floats = u**3 * (10 - 15 * u + 6 * u**2)
    return step


def test_looking_up_counts_once_while_the_head_stays_up() -> None:
    up = 26 * smooth(6.0, 1.0)
    assert feel(up, np.zeros_like(up)) == {"look_up": 1}
    again = up - 26 * smooth(6.0, 3.0) + 26 * smooth(6.0, 4.0)
    assert feel(again, np.zeros_like(up))["look_up"] == 2
    glance = up - 26 * smooth(6.0, 1.38)
    assert feel(glance, np.zeros_like(up)) == {}


def taps(*at_s: float, strength: float = 25.0) -> Floats:
    """A finger on the frame: two samples there, two back, then it rings out."""
    jolt = np.zeros((2 * RATE, 3))
    for at in at_s:
        i = round(at * RATE)
        jolt[i : i + 2, 1] = strength
        jolt[i + 2 : i + 4, 1] = -0.7 * strength
        jolt[i + 4 : i + 6, 1] = 0.3 * strength
    return jolt


@pytest.mark.parametrize("apart", [0.12, 0.2, 0.35])
@pytest.mark.parametrize("strength", [15.0, 25.0, 60.0])
def test_two_taps_make_a_double_tap(apart: float, strength: float) -> None:
    still = np.zeros(2 * RATE)
    assert feel(still, still, taps(0.5, 0.5 + apart, strength=strength)) == {"double_tap": 1}


@pytest.mark.parametrize("at_s", [(0.5,), (0.3, 1.1), (0.3, 0.34)])
def test_one_tap_two_far_apart_and_one_that_rings_are_none(at_s: tuple[float, ...]) -> None:
    still = np.zeros(2 * RATE)
    assert feel(still, still, taps(*at_s)) == {}


def walking(seconds: float, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Steps at 1.6 … 2.2 Hz: the head bobs by 1 … 2.5°, sways by 1 … 3°, heels strike with up to 1 g."""
    t = np.arange(round(seconds * RATE)) / RATE
    hz = rng.uniform(1.6, 2.2)
    pitch = rng.uniform(0.8, 1.6) * np.sin(2 * math.pi * hz * t)
    yaw = rng.uniform(1, 3) * np.sin(math.pi * hz * t + 1)
    jolt = np.zeros((len(t), 3))
    phase = (t * hz) % 1.0
    strike = np.exp(-(((phase - 0.1) / hz / 0.018) ** 2)) * rng.uniform(0.4, 1.0) * G
    jolt[:, 2] = 2.5 * np.sin(2 * math.pi * hz * t) + strike
    jolt[:, 0] = 0.3 * strike
    return pitch, yaw, jolt


def looking(seconds: float, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Turns of up to 60° to the sides and 15° up and down, as fast as people turn, each with a stay."""
    pitch, yaw = np.zeros(round(seconds * RATE)), np.zeros(round(seconds * RATE))
    at, now = 0.0, np.zeros(2)
    while at < seconds:
        goal = np.array([rng.uniform(-25, 14), rng.uniform(-60, 60)])
        over = 0.25 + float(np.abs(goal - now).max()) / rng.uniform(90, 160)
        step = smooth(seconds, at, over)
        pitch += (goal[0] - now[0]) * step
        yaw += (goal[1] - now[1]) * step
        now, at = goal, at + over + rng.uniform(0.4, 3.0)
    return pitch, yaw, np.zeros((len(pitch), 3))


def talking(seconds: float, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Small fast movements of speech and chewing."""
    t = np.arange(round(seconds * RATE)) / RATE
    pitch = sum(
        rng.uniform(0.3, 1.2) * np.sin(2 * math.pi * rng.uniform(0.5, 4) * t + rng.uniform(0, 6))
        for _ in range(4)
    )
    yaw = sum(
        rng.uniform(0.3, 1.2) * np.sin(2 * math.pi * rng.uniform(0.3, 3) * t + rng.uniform(0, 6))
        for _ in range(4)
    )
    return np.asarray(pitch), np.asarray(yaw), np.zeros((len(t), 3))


Everyday = Callable[[float, np.random.Generator], tuple[Floats, Floats, Floats]]


@pytest.mark.parametrize(("everyday", "an_hour"), [(walking, 2), (looking, 6), (talking, 0)])
def test_false_alarms(
    everyday: Everyday, an_hour: float, record_property: Callable[[str, object], None]
) -> None:
    """Twenty minutes of each; the bound is for an hour."""
    rng, seen = np.random.default_rng(7), Counter[str]()
    for _ in range(20):
        seen += feel(*everyday(60.0, rng))
    rate = 3 * sum(seen.values())
    record_property("false alarms an hour", rate)
    print(f"{everyday.__name__}: {rate} an hour {dict(seen)}")
    assert rate <= an_hour
