"""``browline replay FILE``: a recorded walk through the whole glasses again, told cue by cue.

FILE is a recording that the glasses made (`record start` on their console), or a GPX track with times, as a watch or
a phone records one: then there is no IMU, and no arrow. The rest is as in ``browline walk``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from drivers.base import ConfigError
from runtime.core.errors import RecordingError
from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import RouteError
from tools.replaying import Material, examine, play
from tools.walk_telling import Telling, add_options


def configure(parser: argparse.ArgumentParser) -> None:
    """The recording, the route, and what is wanted of it."""
    parser.add_argument("file", type=Path, help="a recording (MCAP) or a GPX track with times")
    parser.add_argument(
        "--route",
        type=Path,
        help="OSRM or Valhalla JSON, or GPX; for a GPX track the track itself by default",
    )
    add_options(parser)


def main(options: argparse.Namespace) -> int:
    """0 when the walk ended at the destination, 1 when not, 2 for what can't be played or followed."""
    try:
        material = examine(options.file)
        route = load_route(options.route.read_bytes(), options.route.name)
        telling = Telling(options)
        walked = play(material, route, options.language, telling.tell, telling.show)
        for note in notes(material):
            print(note, file=sys.stderr)
        return telling.end(route, walked)
    except (RecordingError, RouteError, ConfigError) as error:
        print(f"browline: {error}", file=sys.stderr)
        return 2


def notes(material: Material) -> list[str]:
    """What of the file was not as it should be."""
    track, played = material.track, material.played
    left_out = (
        (track.nowhere, "points are nowhere on Earth"),
        (track.timeless, "points have no time"),
        (track.backwards, "points go back in time"),
        (played.unread, "messages are not understood"),
    )
    cut = [] if material.complete else ["the file is broken off: what is whole of it was played"]
    return [f"{count} {why}: left out" for count, why in left_out if count] + cut
