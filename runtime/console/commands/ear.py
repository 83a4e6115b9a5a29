"""How it sounds: whether the microphone works, how loud it is, and what it takes for speech."""

from __future__ import annotations

import asyncio

import msgspec

from runtime.console.command import Answer, Call, Command, present
from runtime.console.errors import UsageError
from runtime.core.clock import Clock
from runtime.sense.hearing.ear import Heard
from runtime.sense.hearing.listener import Listener
from runtime.sense.hearing.service import PART, Hearing

LONGEST_S = 60.0


async def ear(call: Call) -> Answer:
    """Listen for a while; the light is on while it does, and nothing is kept."""
    call.most(1)
    hearing: Hearing = present(call.glasses.hearing, "microphone")
    seconds = call.number(0, "the seconds to listen", 1.0)
    if not 0 < seconds <= LONGEST_S:
        raise UsageError(f"listen for more than 0 and at most {LONGEST_S:g} seconds")
    async with hearing.listen() as events:
        begun = await _count(events, seconds, call.glasses.clock)
        heard, open_ = hearing.heard, hearing.listening
    if not open_:
        why = call.glasses.supervisor.faults.get(PART, "it is not open yet")
        return Answer(f"the microphone is not heard: {why}", {"open": False, "fault": why})
    return Answer(_words(heard, begun), {"open": True, "stretches": begun, **msgspec.to_builtins(heard)})


async def _count(events: Listener, seconds: float, clock: Clock) -> int:
    """How many stretches of speech begin within ``seconds``."""
    begun = 0

    async def count() -> None:
        nonlocal begun
        async for event in events:
            begun += event.kind == "begin"

    counting = asyncio.create_task(count())
    try:
        await clock.sleep(seconds)
    finally:
        counting.cancel()
    return begun


def _words(heard: Heard, begun: int) -> str:
    speech = "speaks" if heard.speaking else "silent"
    return (
        f"level {heard.level_db:6.1f} dBFS   floor {heard.floor_db:.1f}   gain {heard.gain_db:+.1f} dB\n"
        f"speech {100 * heard.probability:4.0f} %      {speech}, {begun} stretches begun\n"
        f"lag {1000 * heard.lag_s:6.0f} ms     card {heard.rate_hz} Hz, {heard.drift_ppm:+.0f} ppm\n"
        f"overruns {heard.overruns}, lost {heard.lost_s:.1f} s, dropped {heard.dropped_s:.1f} s"
    )


COMMANDS = (Command("ear", ear, "listen a while: level, speech, lag, losses; nothing is kept", "[SECONDS]"),)
