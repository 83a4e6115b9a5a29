"""``browline walk ROUTE``: a simulated walk, told cue by cue, as a map and as what the wearer saw.

A route is OSRM's or Valhalla's JSON, or GPX. Nobody has to go out for it: receiver, IMU and compass are emulated, the
rest is the glasses' own code on virtual time, the same for the same seed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from drivers.base import ConfigError
from runtime.core.clock import NS
from runtime.core.messages import Guidance
from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import Route, RouteError
from tools.walk_map import Mark, draw_walk
from tools.walk_pictures import Pictures
from tools.walking import Walk, Wish, walk


def configure(parser: argparse.ArgumentParser) -> None:
    """The route, the kind of walk, and what is wanted of it."""
    parser.add_argument("route", type=Path, help="OSRM or Valhalla JSON, or GPX")
    parser.add_argument(
        "--speed", type=_between(0.3, 12), default=1.4, metavar="M/S", help="1.4 is a walk, 5 a ride"
    )
    parser.add_argument(
        "--noise", type=_between(0, 50), default=3.0, metavar="M", help="of fixes: one σ of an axis"
    )
    parser.add_argument(
        "--outage", type=_between(0, 3600), default=0.0, metavar="S", help="no fix for so long, half way"
    )
    parser.add_argument(
        "--detour", type=_between(-500, 500), default=0.0, metavar="M", help="go astray so far"
    )
    parser.add_argument(
        "--heading-noise",
        type=_between(0, 20),
        default=1.0,
        metavar="X",
        help="of IMU and compass: 1 is a consumer's",
    )
    parser.add_argument("--language", choices=("en", "zh"), default="en", help="of the glasses' own words")
    parser.add_argument("--seed", type=int, default=0, help="another one is another walk")
    parser.add_argument("--hud", type=Path, metavar="DIR|GIF", help="what the wearer saw")
    parser.add_argument("--map", type=Path, metavar="SVG", help="route, true way, fixes and cues")
    parser.add_argument("--json", action="store_true", help="one object a line")


def main(options: argparse.Namespace) -> int:
    """0 when the walk ended at the destination, 1 when not, 2 for a route that can't be walked."""
    try:
        route = load_route(options.route.read_bytes(), options.route.name)
        return _walk(route, options)
    except (RouteError, ConfigError) as error:
        print(f"browline: {error}", file=sys.stderr)
        return 2


def _walk(route: Route, options: argparse.Namespace) -> int:
    wish = Wish(
        speed_mps=options.speed, noise_m=options.noise, outage_s=options.outage, detour_m=options.detour,
        heading_noise=options.heading_noise, language=options.language, seed=options.seed,
    )  # fmt: skip
    pictures = Pictures(options.hud) if options.hud is not None else None
    walked = walk(route, wish, _tell_json if options.json else _tell, pictures.add if pictures else None)
    told = [] if pictures is None else [pictures.save()]
    if options.map is not None:
        options.map.write_text(_map(route, walked), encoding="utf-8")
        told.append(f"map: {options.map}")
    if not options.json:
        end = "arrived" if walked.arrived else "did not arrive"
        print(
            f"{end} after {walked.seconds:.0f} s of virtual time, {route.length_m:.0f} m, {len(walked.fixes)} fixes"
        )
    for line in told:
        print(line, file=sys.stderr if options.json else sys.stdout)
    return 0 if walked.arrived else 1


def _tell(told: Guidance) -> None:
    arrow = "" if told.arrow_deg is None else f"   arrow {told.arrow_deg:+.0f}°"
    sure = "" if told.sd_deg is None else f" ± {told.sd_deg:.0f}°"
    place = f"{told.latitude:.5f} {told.longitude:.5f}"
    print(
        f"{told.t_ns / NS:8.1f} s  {place}  {told.event:<10} {told.text}{arrow}{sure if arrow else ''}",
        flush=True,
    )


def _tell_json(told: Guidance) -> None:
    facts = msgspec.to_builtins(told)
    line = {"t": round(told.t_ns / NS, 3), "event": facts.pop("event"), "maneuver": facts.pop("maneuver")}
    del facts["t_ns"]
    line |= {"text": facts.pop("text"), "lat": facts.pop("latitude"), "lon": facts.pop("longitude")} | facts
    print(msgspec.json.encode(line).decode(), flush=True)


def _map(route: Route, walked: Walk) -> str:
    marks = [Mark(told.event, told.latitude, told.longitude, told.text) for told in walked.told]
    line = [(float(latitude), float(longitude)) for latitude, longitude in route.line]
    return draw_walk(line, walked.truth, walked.fixes, marks, route.source)


def _between(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = float(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"give a number from {least:g} to {most:g}")
        return value

    return parse
