"""GPX tracks as recorders write them, of the samples' corner."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable

from tests.runtime.features.navigate.routes.samples import Point, at

BEGAN = datetime.datetime(2026, 5, 1, 10, 0, 0, tzinfo=datetime.UTC)
PACE = 1.4


def trkpt(place: Point, seconds: float | None, extra: str = "") -> str:
    """One point; without a time where ``seconds`` is None."""
    when = "" if seconds is None else f"<time>{BEGAN + datetime.timedelta(seconds=seconds):%FT%T.%fZ}</time>"
    return f'<trkpt lat="{place[0]:.7f}" lon="{place[1]:.7f}">{when}{extra}</trkpt>'


def walked(seconds: Iterable[int]) -> list[str]:
    """The points of a walk round the corner, one a second."""
    rng, points = random.Random(1), []
    for second in seconds:
        along = min(350.0, PACE * second)
        north, east = (along, 0.0) if along < 200 else (200.0, along - 200)
        points.append(trkpt(at(north + rng.gauss(0, 2), east + rng.gauss(0, 2)), second, "<hdop>0.8</hdop>"))
    return points


def gpx(points: Iterable[str]) -> str:
    """A file with one track of one segment."""
    space = 'xmlns="http://www.topografix.com/GPX/1/1"'
    return (
        f'<?xml version="1.0"?><gpx version="1.1" {space}><trk><trkseg>{"".join(points)}</trkseg></trk></gpx>'
    )
