"""A route as bytes, for the store: what is read back is the same to the last bit."""

from __future__ import annotations

import base64

import msgspec
import numpy as np

from runtime.features.navigate.routes.geometry import along
from runtime.features.navigate.routes.route import Maneuver, Mode, Route, RouteFormatError, Side


class _Saved(msgspec.Struct):
    line: str  # float64[N, 2], little endian, Base64
    maneuvers: tuple[Maneuver, ...]
    mode: Mode
    source: str
    traffic: Side = ""


def encode_route(route: Route) -> bytes:
    """JSON."""
    raw = base64.b64encode(np.ascontiguousarray(route.line, "<f8").tobytes()).decode()
    return msgspec.json.encode(_Saved(raw, route.maneuvers, route.mode, route.source, route.traffic))


def decode_route(data: bytes) -> Route:
    """What ``encode_route`` wrote. Raises RouteFormatError."""
    try:
        saved = msgspec.json.decode(data, type=_Saved)
        line = (
            np.frombuffer(base64.b64decode(saved.line, validate=True), "<f8")
            .reshape(-1, 2)
            .astype(np.float64)
        )
    except ValueError as error:  # msgspec's and binascii's own are ones, too
        raise RouteFormatError(f"the kept route is damaged: {error}; load it again") from error
    if len(line) < 2 or not np.isfinite(line).all() or not saved.maneuvers:
        raise RouteFormatError("the kept route is damaged: it has no line; load it again")
    return Route(line, along(line), saved.maneuvers, saved.mode, saved.source, saved.traffic)
