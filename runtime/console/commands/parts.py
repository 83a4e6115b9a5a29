"""What the glasses are made of, and how each part is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from drivers.base import DriverError, Frame
from runtime.console.command import Answer, Call, Command, present
from runtime.console.glasses import Glasses
from runtime.console.table import stretch, table
from runtime.core.clock import NS
from runtime.core.topics import BATTERY, HEALTH, IMU, POSE


async def status(call: Call) -> Answer:
    """Every part and what stands against it."""
    call.most(0)
    glasses = call.glasses
    parts, faults = glasses.supervisor.status(), glasses.supervisor.faults
    now_ns = glasses.clock.now_ns()
    rows = [
        (p.name, p.state, stretch((now_ns - p.since_ns) / NS), p.restarts, faults.get(p.name) or p.last_error)
        for p in parts
    ]
    lines = [f"{glasses.board.name}: {glasses.board.summary}", await _vitals(glasses)]
    lines += [table(rows, ("part", "state", "for", "restarts", "fault"))]
    lines += [f"{part}: {text}" for part, text in faults.items() if part not in {p.name for p in parts}]
    data = {"board": glasses.board.name, "parts": msgspec.to_builtins(parts), "faults": faults}
    return Answer("\n".join(lines), data)


async def _vitals(glasses: Glasses) -> str:
    health, battery = glasses.bus.latest(HEALTH), glasses.bus.latest(BATTERY)
    said = []
    if health is not None:
        said.append(f"{100 * health.cpu:.0f} % of a core, {health.rss_bytes / 2**20:.0f} MB")
    if battery is not None and battery.charge is not None:
        said.append(f"battery {100 * battery.charge:.0f} %")
    if battery is not None and battery.temperature_c is not None:
        said.append(f"{battery.temperature_c:.0f} °C")
    said.append(f"capture light {await _light(glasses)}")
    return " · ".join(said)


async def _light(glasses: Glasses) -> str:
    light = glasses.parts.light
    try:
        return (
            "absent" if light is None else "ON" if await glasses.clock.call("light", light.is_on) else "off"
        )
    except DriverError as error:
        return f"unknown ({error})"


async def restart(call: Call) -> Answer:
    """Start a part afresh."""
    call.most(1)
    name = call.word(0, "the part's name")
    call.glasses.supervisor.restart(name)
    return Answer(f"{name} is being restarted")


def _part_names(glasses: Glasses, before: Sequence[str]) -> Iterable[str]:
    return () if before else [part.name for part in glasses.supervisor.status()]


async def board(call: Call) -> Answer:
    """What the board file says."""
    call.most(0)
    spec: dict[str, Any] = msgspec.to_builtins(call.glasses.board)
    rows = [(key, _brief(value)) for key, value in spec.items() if value not in (None, {}, [], ())]
    return Answer(table(rows), spec)


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_brief(part)}" for key, part in value.items() if part not in ("", None, {}))
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return str(value)


async def imu(call: Call) -> Answer:
    """The last sample, and where the head points."""
    call.most(0)
    present(call.glasses.parts.imu, "IMU")
    samples, pose = call.glasses.bus.latest(IMU), call.glasses.bus.latest(POSE)
    if samples is None or pose is None or len(samples.accel) == 0:
        return Answer("nothing has come from the IMU yet: see `status`")
    data = {
        "accel_mps2": [round(float(v), 3) for v in samples.accel[-1]],
        "gyro_radps": [round(float(v), 4) for v in samples.gyro[-1]],
        "temperature_c": samples.temperature_c,
        "lost": samples.lost,
        "yaw": round(pose.yaw, 2),
        "pitch": round(pose.pitch, 2),
        "roll": round(pose.roll, 2),
    }
    accel, gyro = (" ".join(f"{v:8.3f}" for v in axes) for axes in (samples.accel[-1], samples.gyro[-1]))
    return Answer(
        f"accel {accel} m/s²\ngyro  {gyro} rad/s\n"
        f"head  yaw {pose.yaw:.1f}°  pitch {pose.pitch:.1f}°  roll {pose.roll:.1f}°",
        data,
    )


async def camera(call: Call) -> Answer:
    """Take one picture to see whether it works; the light is on while it does, and nothing is kept."""
    call.most(0)
    sight = present(call.glasses.sight, "camera")
    frames: list[Frame] = await sight.burst(1)
    if not frames:
        return Answer("the camera gave no picture: check its cable", {"ok": False})
    frame = frames[0]
    height, width = frame.image.shape[:2]
    age_ms = (call.glasses.clock.now_ns() - frame.t_ns) / 1e6
    light = float(frame.image.mean())
    data = {"width": width, "height": height, "age_ms": round(age_ms, 1), "brightness": round(light, 1)}
    return Answer(f"{width}×{height}, {age_ms:.0f} ms old, mean brightness {light:.0f} of 255", data)


COMMANDS = (
    Command("status", status, "parts, faults, battery, memory"),
    Command("restart", restart, "start a part afresh", "PART", _part_names),
    Command("board", board, "what this board is made of"),
    Command("imu", imu, "the last sample and where the head points"),
    Command("camera", camera, "take one picture to see whether it works; it is not kept"),
)
