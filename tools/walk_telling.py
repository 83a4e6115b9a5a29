"""How a walk is told on the terminal, cue by cue, and drawn: the same for a simulated one and a recorded one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from runtime.core.clock import NS
from runtime.core.messages import Guidance
from runtime.features.navigate.routes.route import Route
from tools.walk_glasses import Show, Tell, Walk
from tools.walk_map import Mark, draw_walk
from tools.walk_pictures import Pictures


def add_options(parser: argparse.ArgumentParser) -> None:
    """How it is wanted: ``--language``, ``--hud``, ``--map``, ``--json``."""
    parser.add_argument("--language", choices=("en", "zh"), default="en", help="of the glasses' own words")
    parser.add_argument("--hud", type=Path, metavar="DIR|GIF", help="what the wearer saw")
    parser.add_argument("--map", type=Path, metavar="SVG", help="route, true way, fixes and cues")
    parser.add_argument("--json", action="store_true", help="one object a line")


class Telling:
    """Hand ``tell`` and ``show`` to the walk, then call ``end``. Raises OSError where pictures can't be put."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._pictures = Pictures(options.hud) if options.hud is not None else None
        self.tell: Tell = _tell_json if options.json else _tell
        self.show: Show | None = self._pictures.add if self._pictures else None

    def end(self, route: Route, walked: Walk) -> int:
        """Write what was wanted, say how it ended → 0 when it arrived, else 1."""
        notes = [] if self._pictures is None else [self._pictures.save()]
        if self._options.map is not None:
            self._options.map.write_text(_map(route, walked), encoding="utf-8")
            notes.append(f"map: {self._options.map}")
        if not self._options.json:
            end = "arrived" if walked.arrived else "did not arrive"
            fixes = f"{len(walked.fixes)} fixes"
            print(f"{end} after {walked.seconds:.0f} s of virtual time, {route.length_m:.0f} m, {fixes}")
        for line in notes:
            print(line, file=sys.stderr if self._options.json else sys.stdout)
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
