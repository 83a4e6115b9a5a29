"""GPX 1.0 and 1.1 (https://www.topografix.com/GPX/1/1/): the first route, else the first track; its waypoints are not
followed. XML entities and external references are refused before they are read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from runtime.features.navigate.routes.build import bare_route, make_route
from runtime.features.navigate.routes.geometry import along, clean_line
from runtime.features.navigate.routes.names import name_of
from runtime.features.navigate.routes.putting import Found
from runtime.features.navigate.routes.route import Kind, Modifier, Route, RouteFormatError

SPARSE_M = 25.0  # points of a recorded track are closer than that; those of a planned one are at its corners
_SIDES = re.compile(r"\b(left|right)\b|(左)|(右)", re.IGNORECASE)
_HARD = (
    ("sharp", "sharp "),
    ("slight", "slight "),
    ("bear", "slight "),
    ("keep", "slight "),
    ("向左前", "slight "),
    ("向右前", "slight "),
)
_CODES: dict[str, Modifier] = {  # OsmAnd's and BRouter's
    "TL": "left", "TR": "right", "TSLL": "slight left", "TSLR": "slight right", "TSHL": "sharp left",
    "TSHR": "sharp right", "KL": "slight left", "KR": "slight right", "TU": "uturn", "TRU": "uturn", "TLU": "uturn",
}  # fmt: skip
Points = list[tuple[float, float]]


def read_gpx(data: bytes) -> Route:
    """The route. Raises RouteError."""
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise RouteFormatError(f"GPX has no document type and no entities: {type(error).__name__}") from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise RouteFormatError(f"this is no XML: {error}") from error
    if _tag(root) != "gpx":
        raise RouteFormatError(f"<{_tag(root)[:40]}> is no GPX")
    for number, one in enumerate(_children(root, "rte")):
        points = list(_children(one, "rtept"))
        if len(points) > 1:
            return _route(points, f"rte[{number}]")
    for number, one in enumerate(_children(root, "trk")):
        points = [point for part in _children(one, "trkseg") for point in _children(part, "trkpt")]
        if len(points) > 1:
            return _track(points, f"trk[{number}]")
    raise RouteFormatError(f"there is no route and no track in it, only {len(root)} other things")


def _route(nodes: list[Element], place: str) -> Route:
    """Turns as its points tell them; where none does, those of its shape."""
    points = _points(nodes, place)
    about = along(np.array(points)) if len(points) > 1 else np.zeros(len(points))
    turns = [
        Found(kind, point, float(at), f"{place}.rtept[{i}]", modifier, name_of(_text(node, "name")))
        for i, (node, point, at) in enumerate(zip(nodes, points, about, strict=True))
        if (told := _told(node)) is not None
        for kind, modifier in [told]
    ]
    if not turns:
        return bare_route(np.array(points), [], "walking")

    return make_route(np.array(points), turns, "walking", told_m=None)


def _track(nodes: list[Element], place: str) -> Route:
    line = clean_line(np.array(_points(nodes, place)), place)
    shaky = float(along(line)[-1]) / len(line) < SPARSE_M and any(_children(nodes[0], "time"))
    return bare_route(line, [], "walking", shaky=shaky)


def _points(nodes: list[Element], place: str) -> Points:
    return [_point(node, f"{place}.{_tag(node)}[{i}]") for i, node in enumerate(nodes)]


def _point(node: Element, place: str) -> tuple[float, float]:
    try:
        latitude, longitude = float(node.get("lat", "")), float(node.get("lon", ""))
    except ValueError as error:
        raise RouteFormatError(f"{place}: lat and lon must be numbers") from error
    if not (math.isfinite(latitude) and abs(latitude) <= 90 and abs(longitude) <= 360):
        raise RouteFormatError(f"{place}: {latitude:g}, {longitude:g} is nowhere on Earth")
    return latitude, longitude


def _told(node: Element) -> tuple[Kind, Modifier] | None:
    """What a point says is to be done there: a code, or words."""
    for element in node.iter():
        code = (element.text or "").strip().upper()
        if _tag(element) in ("turn", "turn-type", "type", "sym") and code in _CODES:
            modifier = _CODES[code]
            return ("u-turn" if modifier == "uturn" else "turn"), modifier
    words = _text(node, "desc") or _text(node, "cmt")
    side = _SIDES.search(words)
    if side is None:
        return None
    which = "left" if (side.group(1) or "").lower() == "left" or side.group(2) else "right"
    hard = next((hardness for word, hardness in _HARD if word in words.lower()), "")
    return "turn", f"{hard}{which}"  # type: ignore[return-value]


def _text(node: Element, tag: str) -> str:
    return next(((one.text or "").strip() for one in _children(node, tag)), "")


def _children(node: Element, tag: str) -> Iterator[Element]:
    """Of any of GPX's namespaces."""
    return (one for one in node if _tag(one) == tag)


def _tag(node: Element) -> str:
    return str(node.tag).rpartition("}")[2]
