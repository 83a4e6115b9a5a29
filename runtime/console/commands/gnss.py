"""Where the wearer is, by whom, and how well satellites are received; a phone tells its own fixes here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from drivers.base import Fix, Gnss
from runtime.console.command import Answer, Call, Command, choose
from runtime.console.errors import UsageError
from runtime.console.glasses import Glasses
from runtime.console.table import table
from runtime.core.clock import NS
from runtime.core.messages import Place
from runtime.core.topics import FIX, PLACE

VAGUEST_M, FASTEST_MPS, OLDEST_S = 10_000.0, 150.0, 60.0
UNKNOWN = "-"


async def gnss(call: Call) -> Answer:
    """The state of it all, or a fix of the phone's."""
    if call.words and choose(call.words[0], ("phone",), "form") == "phone":
        return _phone(call)
    glasses = call.glasses
    fix, place, now_ns = glasses.bus.latest(FIX), glasses.bus.latest(PLACE), glasses.clock.now_ns()
    receiver = glasses.parts.gnss
    rows = [
        *(_receiver(receiver, now_ns) if receiver else [("receiver", "none: the phone's fixes alone count")]),
        ("last fix", f"{_where(fix, now_ns)}, by {fix.source}" if fix else _no_fix(receiver)),
        ("place", f"{_where(place, now_ns)}, by {place.source}" if place else "not known yet"),
    ]
    state = None if receiver is None else msgspec.to_builtins(receiver.state)
    data = {"receiver": state, "fix": msgspec.to_builtins(fix), "place": msgspec.to_builtins(place)}
    return Answer(table(rows), data)


def _receiver(receiver: Gnss, now_ns: int) -> list[tuple[str, str]]:
    state = receiver.state
    heard = f"{(now_ns - state.last_byte_ns) / NS:.1f} s ago" if state.last_byte_ns else "never"
    hdop = "–" if state.hdop is None else f"{state.hdop:g}"
    wrong = f"{state.bad_checksums} with a wrong checksum, {state.unreadable} unreadable"
    return [
        ("last byte", heard),
        ("sentences", f"{state.sentences} ({wrong})"),
        ("garbage", f"{state.garbage_bytes} of {state.bytes} bytes"),
        ("satellites", f"{state.in_view} in view, HDOP {hdop}"),
        ("fixes", f"{state.fixes}, its clock was set {state.clock_steps} times"),
    ]


def _no_fix(receiver: Gnss | None) -> str:
    return "none yet: give it a view of the sky for a minute" if receiver else "none yet: `gnss phone`"


def _where(at: Fix | Place, now_ns: int) -> str:
    age_s = (now_ns - at.t_ns) / NS
    return f"{at.latitude:.6f} {at.longitude:.6f} ± {at.accuracy_m:.0f} m, {age_s:.1f} s ago"


def _phone(call: Call) -> Answer:
    """Publish one fix. The phone tells its age: no two clocks need agree."""
    call.most(7)
    if len(call.words) == 5:
        raise UsageError("speed and course belong together; `-` stands for one that is not known")
    latitude, longitude = (
        _within(call, 1, "the latitude", -90, 90),
        _within(call, 2, "the longitude", -180, 180),
    )
    accuracy = _within(call, 3, "the accuracy in metres", 0, VAGUEST_M)
    if accuracy == 0:
        raise UsageError("the accuracy must be more than 0 m: no phone is that good")
    speed = _maybe(call, 4, "the speed in m/s", FASTEST_MPS)
    course = _maybe(call, 5, "the course in degrees", 360)
    age_s = _within(call, 6, "the age in seconds", 0, OLDEST_S) if len(call.words) > 6 else 0.0
    t_ns = call.glasses.clock.now_ns() - round(age_s * NS)
    fix = Fix(t_ns, latitude, longitude, accuracy, speed, course, source="phone")
    call.glasses.bus.publish(FIX, fix)
    return Answer(_where(fix, call.glasses.clock.now_ns()), msgspec.to_builtins(fix))


def _within(call: Call, at: int, what: str, least: float, most: float) -> float:
    call.word(at, what)
    value = call.number(at, what, 0.0)
    if not least <= value <= most:
        raise UsageError(f"{what} must be {least:g} to {most:g}, not {call.words[at]}")
    return value


def _maybe(call: Call, at: int, what: str, most: float) -> float | None:
    known = at < len(call.words) and call.words[at] != UNKNOWN
    return _within(call, at, what, 0, most) if known else None


def _words(_: Glasses, before: Sequence[str]) -> Iterable[str]:
    return () if before else ("phone",)


_USAGE = """
phone LATITUDE LONGITUDE ACCURACY [SPEED COURSE [AGE]]"""

COMMANDS = (
    Command("gnss", gnss, "where the wearer is; how satellites are received; a phone's fix", _USAGE, _words),
)
