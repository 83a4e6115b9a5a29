"""Bytes of any kind → a route: JSON of OSRM or Valhalla, or GPX, whichever it is."""

from __future__ import annotations

import msgspec

from runtime.features.navigate.routes.fields import MOST_BYTES, parse_json
from runtime.features.navigate.routes.gpx import read_gpx
from runtime.features.navigate.routes.osrm import is_osrm, read_osrm
from runtime.features.navigate.routes.route import NoRouteError, Route, RouteError, RouteFormatError
from runtime.features.navigate.routes.text import to_utf8
from runtime.features.navigate.routes.valhalla import read_valhalla


def load_route(data: bytes, source: str) -> Route:
    """The route in ``data``; ``source`` is the file's or server's name, for messages. Raises RouteError.

    Every message begins with the source, and then names the place in it.
    """
    try:
        return msgspec.structs.replace(_read(data), source=source)
    except RouteError as error:
        kind = type(error) if type(error) in (NoRouteError, RouteFormatError) else RouteError
        raise kind(f"{source}: {error}") from error.__cause__


def _read(data: bytes) -> Route:
    if len(data) > MOST_BYTES:
        raise RouteError(f"{len(data) >> 20} MB are more than {MOST_BYTES >> 20}: simplify the route")
    body = to_utf8(data)
    if not body:
        raise RouteFormatError("the file is empty; give OSRM or Valhalla JSON, or GPX")
    if body.startswith(b"<"):
        return read_gpx(body)
    document = parse_json(body)
    if not isinstance(document.value, dict):
        raise RouteFormatError("this JSON is no route; give OSRM's or Valhalla's answer whole")
    if "trip" in document.value or "error_code" in document.value:
        return read_valhalla(document)
    if is_osrm(document.value):
        return read_osrm(document)
    raise RouteFormatError('this JSON is no route: it has neither "routes" (OSRM) nor "trip" (Valhalla)')
