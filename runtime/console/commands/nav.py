"""Navigation: load a route, follow it, see how it goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from runtime.console.command import Answer, Call, Command, choose
from runtime.console.commands import pushing
from runtime.console.errors import AbsentError, FileError, UsageError
from runtime.console.glasses import Glasses
from runtime.console.table import table
from runtime.core.messages import Guidance, Place
from runtime.core.topics import ARROW, GUIDANCE, HEADING, PLACE
from runtime.features.navigate import asks
from runtime.features.navigate.asks import Journey, Verb
from runtime.features.navigate.kept import keep_route, read_journey, read_route, read_server
from runtime.features.navigate.routes.client import ask_route, check_server
from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import Route, RouteError

NO_ROUTE = "there is no route: `nav load FILE`"


async def nav(call: Call) -> Answer:
    """Do what the first word says, or tell how it goes."""
    return await FORMS[choose(call.words[0], FORMS, "form") if call.words else "status"](call)


async def _load(call: Call) -> Answer:
    """Read a route from a file and keep it."""
    call.most(2)
    path = _path(call.word(1, "the file"))
    clock = call.glasses.clock
    try:
        data = await clock.call("console file", path.read_bytes)
        route = await clock.call("console file", load_route, data, path.name)
    except RouteError as error:
        raise FileError(str(error)) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = error.strerror if isinstance(error, OSError) else error
        raise FileError(f"{path}: {why}; give a route: OSRM or Valhalla JSON, or GPX") from error
    return await _take(call.glasses, route)


async def _push(call: Call) -> Answer:
    """A route that the phone or this computer sends piece by piece."""
    word = call.word(1, "begin, a part, or end")
    if word == "begin":
        return pushing.begin(call)
    if word != "end":
        return pushing.add(call)
    name, data = pushing.end(call)
    try:
        route = await call.glasses.clock.call("console file", load_route, data, name)
    except RouteError as error:
        raise FileError(str(error)) from error
    return await _take(call.glasses, route)


def _path(word: str) -> Path:
    return Path(word).expanduser()


async def _to(call: Call) -> Answer:
    """Ask the wearer's own server for a route from here."""
    call.most(3)
    goal = tuple(_degrees(call, at, name) for at, name in ((1, "latitude"), (2, "longitude")))
    glasses = call.glasses
    server = await glasses.clock.call("store", read_server, glasses.store)
    if not server:
        raise AbsentError("no routing server is named, and none is asked by default: `nav server URL`")
    here = glasses.bus.latest(PLACE)
    if here is None:
        raise AbsentError("where you are is not known yet: see `gnss`")
    points = [(here.latitude, here.longitude), (goal[0], goal[1])]
    try:
        route = await glasses.clock.call("routes", ask_route, server, points)
    except RouteError as error:
        raise FileError(str(error)) from error
    return await _take(glasses, route)


def _degrees(call: Call, at: int, name: str) -> float:
    call.word(at, f"the {name}")
    return call.number(at, f"the {name}", 0.0)


async def _take(glasses: Glasses, route: Route) -> Answer:
    """Keep a new route; one that is followed gives way to it."""
    going = (await glasses.clock.call("store", read_journey, glasses.store)).on
    await glasses.clock.call("store", keep_route, glasses.store, route, Journey(going))
    if going:
        glasses.request(asks.ACTION, "start")
    tail = "following it now" if going else "`nav start` follows it"
    return Answer(f"{_about(route)}; {tail}", _facts(route))


def _about(route: Route) -> str:
    end = route.maneuvers[-1].name.text
    name = f" to {end}" if end else ""
    return (
        f"{route.source or 'route'}: {route.length_m / 1000:.2f} km{name}, {len(route.maneuvers)} maneuvers"
    )


def _facts(route: Route) -> dict[str, Any]:
    return {"length_m": round(route.length_m, 1), "maneuvers": len(route.maneuvers), "mode": route.mode}


def _verb(verb: Verb, said: str) -> Callable[[Call], Awaitable[Answer]]:
    """The form that asks the feature to act."""

    async def run(call: Call) -> Answer:
        call.most(1)
        glasses = call.glasses
        if await glasses.clock.call("store", read_route, glasses.store) is None:
            raise AbsentError(NO_ROUTE)
        glasses.request(asks.ACTION, verb)
        return Answer(said, {"asked": verb})

    return run


async def _mute(call: Call) -> Answer:
    """Follow on without a word on the HUD, or speak again."""
    call.most(2)
    on = choose(call.words[1] if len(call.words) > 1 else "on", ("on", "off"), "switch") == "on"
    call.glasses.request(asks.ACTION, "mute" if on else "unmute")
    return Answer("cues are hidden" if on else "cues are shown", {"mute": on})


async def _server(call: Call) -> Answer:
    """Name the server that routes are asked of, or none."""
    call.most(2)
    glasses = call.glasses
    if len(call.words) < 2:
        server = await glasses.clock.call("store", read_server, glasses.store)
        return Answer(server or "none: no server is ever asked", {"server": server or None})
    try:
        server = "" if call.words[1] == "off" else check_server(call.words[1])
    except RouteError as error:
        raise UsageError(str(error)) from error
    await glasses.clock.call("store", glasses.store.set, asks.SERVER, server)
    return Answer(
        f"routes are asked of {server}" if server else "no server is asked", {"server": server or None}
    )


async def _status(call: Call) -> Answer:
    """The route, how far it has come, what was said last."""
    call.most(1)
    glasses = call.glasses
    try:
        route = await glasses.clock.call("store", read_route, glasses.store)
    except RouteError as error:
        raise FileError(f"the kept route can't be read: {error}; `nav load FILE` again") from error
    if route is None:
        return Answer(NO_ROUTE, {"route": None})
    journey = await glasses.clock.call("store", read_journey, glasses.store)
    latest = glasses.bus.latest
    told, arrow, heading = latest(GUIDANCE), latest(ARROW), latest(HEADING)
    done = journey.guide.follower.along_m if journey.guide else 0.0
    rows = [
        ("route", _about(route)),
        ("following", ("yes" if journey.on else "no") + (", muted" if journey.muted else "")),
        ("done", f"{done:.0f} of {route.length_m:.0f} m" if journey.guide else "–"),
        ("place", _place(glasses.bus.latest(PLACE))),
        ("said last", _told(told)),
        ("arrow", "–" if arrow is None or arrow.degrees is None else f"{arrow.degrees:.0f}° to the left"),
        ("heading", "–" if heading is None else f"{heading.degrees:.0f}° ± {heading.sd_deg:.0f}°"),
    ]
    data = {"route": _facts(route), "on": journey.on, "muted": journey.muted, "along_m": round(done, 1)}
    return Answer(table(rows), data | {"last": msgspec.to_builtins(told)})


def _place(place: Place | None) -> str:
    if place is None:
        return "not known yet: see `gnss`"
    return f"{place.latitude:.5f} {place.longitude:.5f} ± {place.accuracy_m:.0f} m, by {place.source}"


def _told(told: Guidance | None) -> str:
    return f"{told.event}: {told.text}" if told is not None else "–"


FORMS: dict[str, Callable[[Call], Awaitable[Answer]]] = {
    "status": _status,
    "load": _load,
    "push": _push,
    "to": _to,
    "start": _verb("start", "following the route"),
    "stop": _verb("stop", "the route is kept, and not followed"),
    "skip": _verb("skip", "the next maneuver is skipped"),
    "mute": _mute,
    "server": _server,
}


def _words(_: Glasses, before: Sequence[str]) -> Iterable[str]:
    if not before:
        return FORMS
    return {"mute": ("on", "off"), "push": ("begin", "end")}.get(before[0], ()) if len(before) == 1 else ()


_USAGE = """[status | start | stop | skip]
load FILE
push begin [BYTES] | PART | end NAME
to LATITUDE LONGITUDE
mute [on|off]
server [URL|off]"""

COMMANDS = (Command("nav", nav, "follow a route: load it, start, stop; how it goes", _USAGE, _words),)
