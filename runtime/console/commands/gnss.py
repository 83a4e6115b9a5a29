"""Where the wearer is, by whom, and how well satellites are received."""

from __future__ import annotations

import msgspec

from drivers.base import Fix
from runtime.console.command import Answer, Call, Command, present
from runtime.console.table import table
from runtime.core.clock import NS
from runtime.core.messages import Place
from runtime.core.topics import FIX, PLACE


async def gnss(call: Call) -> Answer:
    """The receiver's state, its last fix, and the place that was made of it."""
    call.most(0)
    glasses = call.glasses
    state = present(glasses.parts.gnss, "satellite receiver").state
    fix, place, now_ns = glasses.bus.latest(FIX), glasses.bus.latest(PLACE), glasses.clock.now_ns()
    heard = f"{(now_ns - state.last_byte_ns) / NS:.1f} s ago" if state.last_byte_ns else "never"
    hdop = "–" if state.hdop is None else f"{state.hdop:g}"
    rows = [
        ("last byte", heard),
        (
            "sentences",
            f"{state.sentences} ({state.bad_checksums} with a wrong checksum, {state.unreadable} unreadable)",
        ),
        ("garbage", f"{state.garbage_bytes} of {state.bytes} bytes"),
        ("satellites", f"{state.in_view} in view, HDOP {hdop}"),
        ("fixes", f"{state.fixes}, its clock was set {state.clock_steps} times"),
        ("last fix", _where(fix, now_ns) if fix else "none yet: give it a view of the sky for a minute"),
        ("place", f"{_where(place, now_ns)}, by {place.source}" if place else "not known yet"),
    ]
    data = {"receiver": msgspec.to_builtins(state), "fix": msgspec.to_builtins(fix)}
    return Answer(table(rows), data | {"place": msgspec.to_builtins(place)})


def _where(at: Fix | Place, now_ns: int) -> str:
    age_s = (now_ns - at.t_ns) / NS
    return f"{at.latitude:.6f} {at.longitude:.6f} ± {at.accuracy_m:.0f} m, {age_s:.1f} s ago"


COMMANDS = (Command("gnss", gnss, "where the wearer is, and how well satellites are received"),)
