"""The line of a route of OSRM's form: the route's own geometry, or that of its steps, whichever is the finer.

Servers simplify the route's own unless asked for ``overview=full``: its corners are then up to some hundred metres
from where the turns are. The geometries of the steps are always whole.
"""

from __future__ import annotations

import numpy as np

from runtime.features.navigate.routes.decoding import decode, fits
from runtime.features.navigate.routes.fields import Node
from runtime.features.navigate.routes.geometry import Floats, along
from runtime.features.navigate.routes.route import RouteFormatError

ALIKE = 0.01  # lengths that differ by less are one


def read_lines(route: Node, steps: list[Node], waypoints: list[Node]) -> list[Floats]:
    """float64[N, 2], one or two of them: the better first. Raises RouteError."""
    told = route.maybe("distance")
    near = _begins(steps[0]["maneuver"] if steps else waypoints[0] if waypoints else None)
    geometry = route.get("geometry")
    if geometry is None:
        fine = _of_steps(steps, near)
        if fine is None:
            where = f"{route.place}.geometry".removeprefix(".")
            raise RouteFormatError(f"{where}: missing; ask the server for overview=full")
        return [fine]
    try:
        fine = _of_steps(steps, near)
    except RouteFormatError:  # the route's own will do
        fine = None
    if fine is None or not fits(fine, told or 0.0):
        return [decode(geometry, told, near)]
    whole = decode(geometry, None, near)
    if not fits(whole, told or 0.0):
        return [fine]
    finer = _distinct(fine) > _distinct(whole) and _off(fine, told) < _off(whole, told) + ALIKE
    return [fine, whole] if finer else [whole, fine]


def _of_steps(steps: list[Node], near: tuple[float, float] | None) -> Floats | None:
    """The steps' lines, one after the other; none where one of them has none."""
    parts = [(step, step.get("geometry")) for step in steps]
    lines = [
        decode(part, None, _begins(step["maneuver"]) or near)
        for step, part in parts
        if part is not None and part.value not in ("", {})
    ]
    return np.vstack(lines) if lines and all(part is not None for _, part in parts) else None


def _off(line: Floats, told_m: float | None) -> float:
    """By which share the line is longer or shorter than is said of it."""
    return abs(float(along(line)[-1]) / told_m - 1.0) if told_m else 0.0


def _distinct(line: Floats) -> int:
    return int(np.count_nonzero(np.abs(np.diff(line, axis=0)).max(axis=1) > 1e-9)) if len(line) > 1 else 0


def _begins(node: Node | None) -> tuple[float, float] | None:
    """Where a line should begin, which tells five digits from six. What is no place tells nothing."""
    try:
        return None if node is None else node.point("location")
    except RouteFormatError:
        return None
