"""One table names every topic: its message, its rate, how it queues, and whether a recording keeps it.

The bus, the recorder, the console's ``top`` and the budget tests all read this table.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from drivers.base import AudioChunk, BatteryState, Fix, Frame, ImuSamples, InputEvent, MagneticSamples
from runtime.core import messages as m

M = TypeVar("M")


class Topic(msgspec.Struct, Generic[M], frozen=True):
    """A named stream of one message type.

    ``rate_hz`` is what is expected while the source runs (0: when it happens). ``depth`` 1 keeps the latest;
    N queues N for each reader and drops the oldest, counted, when a reader is slow. ``recorded`` topics go
    into a recording by default; camera and microphone never do unless the wearer asks for that very thing.
    """

    name: str
    type: type[M]
    rate_hz: float = 0.0
    depth: int = 1
    recorded: bool = True


IMU = Topic("imu", ImuSamples, rate_hz=100, depth=64)
POSE = Topic("pose", m.Pose, rate_hz=100)
MAGNETIC = Topic("magnetic", MagneticSamples, rate_hz=20, depth=16)
FIX = Topic("fix", Fix, rate_hz=1, depth=16)
PLACE = Topic("place", m.Place, rate_hz=1)
HEADING = Topic("heading", m.Heading, rate_hz=10)
GESTURE = Topic("gesture", m.Gesture, depth=16)
INPUT = Topic("input", InputEvent, depth=32)
FRAME = Topic("camera", Frame, rate_hz=30, recorded=False)
AUDIO = Topic("audio", AudioChunk, rate_hz=31.25, depth=64, recorded=False)
BATTERY = Topic("battery", BatteryState, rate_hz=0.1)
HEALTH = Topic("health", m.Health, rate_hz=1)
FAULT = Topic("fault", m.Fault, depth=64)
REQUEST = Topic("request", m.Request, depth=16)
CARD = Topic[m.Card | m.CardDown]("card", m.Card | m.CardDown, depth=32)  # type: ignore[arg-type]
CAPTION = Topic("caption", m.Caption)
ARROW = Topic("arrow", m.Arrow, rate_hz=100)
GUIDANCE = Topic("guidance", m.Guidance, depth=16)
READING = Topic("reading", m.Reading)
SHOWN = Topic("shown", m.Shown)
SETTINGS = Topic("settings", m.WearerSettings)

TOPICS: dict[str, Topic[Any]] = {
    topic.name: topic
    for topic in (
        IMU, POSE, MAGNETIC, FIX, PLACE, HEADING,
        GESTURE, INPUT, FRAME, AUDIO, BATTERY, HEALTH, FAULT, REQUEST, CARD, CAPTION, ARROW, GUIDANCE, READING, SHOWN,
        SETTINGS,
    )
}  # fmt: skip
