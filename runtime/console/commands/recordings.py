"""Recordings: topics into a file, and a file through the same code again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from runtime.console.command import Answer, Call, Command, choose
from runtime.console.glasses import Glasses
from runtime.core import replay as recordings
from runtime.core.topics import TOPICS

# What drivers and the wearer said; poses, cards and faults follow from it.
SOURCES = ("imu", "magnetic", "fix", "camera", "audio", "battery", "request")


async def record(call: Call) -> Answer:
    """Start, stop, or say whether one runs."""
    recorder = call.glasses.recorder
    action = choose(call.words[0], ("start", "stop"), "form") if call.words else ""
    if action == "start":
        path = Path(call.word(1, "the file's name"))
        names = call.words[2:]
        plain = [name for name in names if name not in TOPICS or TOPICS[name].recorded]
        asked = [name for name in names if name not in plain]
        await recorder.start(path, plain, asked)
        return Answer(f"recording to {path}: `record stop` ends it", {"path": str(path)})
    if action == "stop":
        call.most(1)
        done = await recorder.stop()
        said = f"{done.path}: {done.messages} messages, {done.bytes / 1000:.0f} kB"
        return Answer(
            said + (f", {done.dropped} left out" if done.dropped else ""),
            msgspec.to_builtins(done, enc_hook=str),
        )
    return Answer(f"recording to {recorder.path}" if recorder.path else "nothing is being recorded")


async def replay(call: Call) -> Answer:
    """Play a recording's sources in the place of the sensors."""
    call.most(2)
    path, speed = Path(call.word(0, "the file's name")), call.number(1, "the speed", 1.0)
    glasses = call.glasses
    call.show(Answer(f"playing {path}; Ctrl-C ends it"))
    with glasses.live.hold(speed):
        played = await recordings.play(path, glasses.bus, glasses.clock, SOURCES, speed)
    said = f"{played.messages} messages played"
    said += f", {played.unread} not understood" if played.unread else ""
    said += "" if played.complete else "; the recording was cut off there"
    return Answer(said, msgspec.to_builtins(played))


def _record_words(_glasses: Glasses, before: Sequence[str]) -> Iterable[str]:
    if not before:
        return ("start", "stop")
    return TOPICS if before[0] == "start" and len(before) > 1 else ()


COMMANDS = (
    Command(
        "record",
        record,
        "topics into an MCAP file; camera and audio only when named",
        "[start FILE [TOPIC…] | stop]",
        _record_words,
    ),
    Command("replay", replay, "a recording in the place of the sensors", "FILE [SPEED]"),
)
