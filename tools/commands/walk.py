"""``browline walk ROUTE``: a simulated walk, told cue by cue, as a map and as what the wearer saw.

A route is OSRM's or Valhalla's JSON, or GPX. Nobody has to go out for it: receiver, IMU and compass are emulated, the
rest is the glasses' own code on virtual time, the same for the same seed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from drivers.base import ConfigError
from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import Route, RouteError
from tools.walk_telling import Telling, add_options
from tools.walking import Wish, walk


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
    parser.add_argument("--seed", type=int, default=0, help="another one is another walk")
    add_options(parser)


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
    telling = Telling(options)
    return telling.end(route, walk(route, wish, telling.tell, telling.show))


def _between(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = float(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"give a number from {least:g} to {most:g}")
        return value

    return parse
