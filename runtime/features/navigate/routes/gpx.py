"""GPX → a route: its planned line, else its recorded one, with the turns written in it or those of its shape.

A planner often writes both: a ``rte`` of the turns alone and a ``trk`` of the whole way. Then the track is the line,
and the route's points say what is to be done on it.
"""

from __future__ import annotations

import numpy as np

from runtime.features.navigate.routes.build import bare_route, hinted_route
from runtime.features.navigate.routes.geometry import Floats, along, clean_line, project
from runtime.features.navigate.routes.gpx_file import GpxFile, Line, Mark, read_file
from runtime.features.navigate.routes.putting import Found
from runtime.features.navigate.routes.recorded import shakes, steady
from runtime.features.navigate.routes.route import Mode, Route, RouteFormatError

SPARSE_M = 25.0  # points of a recorded track are closer than that; those of a planned one are at its corners
BESIDE_M = 40.0  # how far a route's points may be beside the track that goes with it
MOST_LOOKED = 20_000_000
_MODES: tuple[tuple[Mode, tuple[str, ...]], ...] = (
    ("cycling", ("bik", "cycl", "velo", "mtb")),
    ("driving", ("driv", "car", "motor")),
)


def read_gpx(data: bytes) -> Route:
    """The route. Raises RouteError."""
    file = read_file(data)
    route, track = _first(file.routes), _first(file.tracks)
    line, marks = route or track, route.marks if route else file.commented
    if line is None:
        raise RouteFormatError(_nothing(file))
    points, tracked = _points(line), line is track
    if route and track and _goes_with(_points(track), points):
        line, points, tracked = track, _points(track), True
    elif not route and not marks:
        marks = track.marks if track and track.marks else file.waypoints.marks
    found = _found(marks, points, own=line is route)
    mode, shaky = _mode(file, line), tracked and _recorded(line, points)
    if shaky:
        points = steady(clean_line(points, line.place))
    if not found:
        return bare_route(points, [], mode, shaky=shaky)
    return hinted_route(points, found, mode, loose=tracked, shaky=shaky)


def _first(lines: list[Line]) -> Line | None:
    """The first that leads somewhere; the first broken one where none does. Raises RouteError then."""
    whole = (
        line for line in lines if not line.broken and len(line) > 1 and np.ptp(_points(line), axis=0).any()
    )
    if (line := next(whole, None)) is not None:
        return line
    for line in lines:
        if line.broken:
            raise RouteFormatError(line.broken)
        if len(line) > 1:
            clean_line(_points(line), line.place)
    return None


def _nothing(file: GpxFile) -> str:
    lone = next((line for line in [*file.routes, *file.tracks] if len(line)), None)
    if lone is not None:
        return f"{lone.place}: a way has two points at least; this has one"
    count = len(file.waypoints)
    return f"there is no route and no track in it, only {count} waypoint{'' if count == 1 else 's'}: export a route"


def _points(line: Line) -> Floats:
    points: Floats = np.array(line.flat, np.float64).reshape(-1, 2)
    return points


def _goes_with(track: Floats, route: Floats) -> bool:
    """Whether the route's points lie on the track, which is no shorter then."""
    if not np.ptp(track, axis=0).any():
        return False
    far, whole = along(track), along(route)
    if far[-1] < 0.99 * whole[-1]:
        return False
    count = min(len(route), max(2, MOST_LOOKED // len(track)))
    chosen = route[np.linspace(0, len(route) - 1, count).round().astype(int)]
    return all(
        project(track, far, (float(point[0]), float(point[1])), 0.0, float(far[-1]))[1] <= BESIDE_M
        for point in chosen
    )


def _found(marks: list[Mark], points: Floats, *, own: bool) -> list[Found]:
    """``own``: the marks' indices count the points of this line."""
    metres = along(points)
    found = []
    for mark in marks:
        index = mark.index if own else mark.offset
        about = float(metres[index]) if 0 <= index < len(metres) else -1.0
        hint = mark.hint
        found.append(
            Found(hint.kind, mark.point, about, mark.place, hint.modifier, hint.name, exit=hint.exit)
        )
    return found


def _mode(file: GpxFile, line: Line) -> Mode:
    said = f"{line.kind} {file.mode}"
    return next((mode for mode, words in _MODES if any(word in said for word in words)), "walking")


def _recorded(line: Line, points: Floats) -> bool:
    dense = float(along(points)[-1]) / len(points) < SPARSE_M
    return dense and (2 * line.timed > len(line) or shakes(points))
