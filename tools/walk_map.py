"""A walk as a picture: the route, where the walker really was, what the receiver said, and each cue at its place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

import msgspec

from drivers.gnss.ground import wrap_degrees

Point = tuple[float, float]

SIZE, MARGIN = 900.0, 60.0  # of the longer side, and around the drawing, in SVG's own units
MARKS = {  # event → colour, and the letter in its mark
    "prepare": ("#9a9a9a", "p"),
    "cue": ("#1a7f37", "c"),
    "off_route": ("#cf222e", "!"),
    "wrong_way": ("#cf222e", "w"),
    "rejoined": ("#0969da", "r"),
    "reroute": ("#bf8700", "n"),
    "withdrawn": ("#8250df", "x"),
    "arrived": ("#1a7f37", "A"),
}
STYLE = (
    "text{font:11px sans-serif;fill:#333}.route{fill:none;stroke:#c8d8f0;stroke-width:9;stroke-linecap:round;"
    "stroke-linejoin:round}.truth{fill:none;stroke:#0a3069;stroke-width:1.6}.fix{fill:#e36209;opacity:.55}"
)


class Mark(msgspec.Struct, frozen=True):
    """Something that was told at a place: latitude, longitude, and the words."""

    event: str
    latitude: float
    longitude: float
    text: str


def draw_walk(
    route: Sequence[Point], truth: Sequence[Point], fixes: Sequence[Point], marks: Sequence[Mark], title: str
) -> str:
    """An SVG file's text. Every place is latitude, longitude in degrees; north is up."""
    paper = _Paper([*route, *truth, *((mark.latitude, mark.longitude) for mark in marks)])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{paper.width:.0f}" height="{paper.height:.0f}">',
        f"<style>{STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<polyline class="route" points="{paper.line(route)}"/>',
        *(f'<circle class="fix" cx="{x:.1f}" cy="{y:.1f}" r="1.6"/>' for x, y in map(paper.at, fixes)),
        f'<polyline class="truth" points="{paper.line(truth)}"/>',
        *(line for mark in marks for line in _mark(paper, mark)),
        f'<text x="{MARGIN / 2}" y="24" style="font-size:15px">{escape(title)}</text>',
        *_legend(paper, {mark.event for mark in marks}),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Paper:
    """Metres around the middle, fitted onto the sheet; longitudes may run on past ±180."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._lon = points[0][1]
        self._lat = points[0][0]
        self._shrink = math.cos(math.radians(self._lat))
        flat = [self._metres(point) for point in points]
        xs, ys = [x for x, _ in flat], [y for _, y in flat]
        self._left, self._top = min(xs), max(ys)
        wide, high = max(xs) - self._left, self._top - min(ys)
        self.scale = (SIZE - 2 * MARGIN) / max(wide, high, 1.0)
        self.width = max(wide * self.scale, 260.0) + 2 * MARGIN
        self.height = high * self.scale + 2 * MARGIN + 40

    def _metres(self, point: Point) -> Point:
        east = wrap_degrees(point[1] - self._lon)
        return 111_320.0 * self._shrink * east, 111_320.0 * (point[0] - self._lat)

    def at(self, point: Point) -> Point:
        """Where a place is drawn."""
        x, y = self._metres(point)
        return MARGIN + (x - self._left) * self.scale, MARGIN + (self._top - y) * self.scale

    def line(self, points: Sequence[Point]) -> str:
        """A polyline's points."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self.at, points))


def _mark(paper: _Paper, mark: Mark) -> Iterable[str]:
    x, y = paper.at((mark.latitude, mark.longitude))
    colour, letter = MARKS.get(mark.event, ("#333", "?"))
    yield f"<g><title>{escape(mark.event)}: {escape(mark.text)}</title>"
    yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6.5" fill="{colour}" stroke="#fff"/>'
    yield f'<text x="{x:.1f}" y="{y + 3.5:.1f}" text-anchor="middle" style="fill:#fff">{letter}</text>'
    if mark.event != "prepare":
        yield f'<text x="{x + 10:.1f}" y="{y + 4:.1f}">{escape(mark.text)}</text>'
    yield "</g>"


def _legend(paper: _Paper, events: set[str]) -> Iterable[str]:
    """A bar of a round length, and what the marks mean."""
    metres = _round(120.0 / paper.scale)
    y = paper.height - 18
    x = MARGIN / 2 + metres * paper.scale
    yield f'<path d="M{MARGIN / 2:.0f} {y - 4:.0f}H{x:.1f}" stroke="#333" stroke-width="2"/>'
    yield f'<text x="{x + 8:.1f}" y="{y:.0f}">{metres:g} m</text>'
    x += 70
    for name, (colour, letter) in MARKS.items():
        if name in events:
            yield f'<circle cx="{x:.1f}" cy="{y - 4:.0f}" r="6.5" fill="{colour}"/>'
            yield f'<text x="{x:.1f}" y="{y - 0.5:.1f}" text-anchor="middle" style="fill:#fff">{letter}</text>'
            yield f'<text x="{x + 10:.1f}" y="{y:.0f}">{name.replace("_", " ")}</text>'
            x += 26 + 6.2 * len(name)


def _round(metres: float) -> float:
    """The nearest of 1, 2, 5, 10, 20 … below.

    >>> _round(137.0), _round(0.7)
    (100.0, 0.5)
    """
    power = 10.0 ** math.floor(math.log10(metres))
    return next(power * step for step in (5, 2, 1) if power * step <= metres)
