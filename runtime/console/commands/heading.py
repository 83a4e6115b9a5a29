"""Where the head points over the ground, and how sure that is."""

from __future__ import annotations

from runtime.console.command import Answer, Call, Command, present
from runtime.core.clock import NS
from runtime.core.topics import HEADING, POSE

WINDS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
VAGUE_SD = 60.0
HOW = "walk straight on for some seconds, or look around if there is a compass"


async def heading(call: Call) -> Answer:
    """The last heading."""
    call.most(0)
    glasses = call.glasses
    present(glasses.parts.imu, "IMU")
    now, pose = glasses.bus.latest(HEADING), glasses.bus.latest(POSE)
    if now is None or pose is None:
        return Answer("nothing has come from the IMU yet: see `status`", {"degrees": None})
    age_s = (glasses.clock.now_ns() - now.t_ns) / NS
    data = {
        "degrees": round(now.degrees, 1),
        "sd_deg": round(now.sd_deg, 1),
        "offset_deg": round(now.offset_deg, 1),
        "yaw": round(pose.yaw, 1),
        "age_s": round(age_s, 2),
    }
    if now.sd_deg > VAGUE_SD:
        return Answer(f"not known yet (± {now.sd_deg:.0f}°): {HOW}", data)
    wind = WINDS[round(now.degrees / 45) % 8]
    text = f"{now.degrees:.0f}° {wind} ± {now.sd_deg:.0f}°, {age_s:.1f} s ago\nyaw {pose.yaw:.1f}°"
    iron = "\niron is near by: the compass is not believed" if now.disturbed else ""
    return Answer(f"{text}, north at yaw {now.offset_deg:.1f}°{iron}", data | {"disturbed": now.disturbed})


COMMANDS = (Command("heading", heading, "where the head points over the ground, and how sure that is"),)
