"""Asking a routing server for a way: the wearer's own, by its address; nobody else is ever asked.

OSRM (http://project-osrm.org/docs/v5.24.0/api/#route-service), or Valhalla where the address ends in "/route".
"""

from __future__ import annotations

import http.client
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence

import msgspec

from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import Mode, NoRouteError, Route, RouteError

TIMEOUT_S = 15.0
MOST_BYTES = 64 << 20
PROFILES: dict[Mode, str] = {"walking": "foot", "cycling": "bike", "driving": "driving"}
COSTINGS: dict[Mode, str] = {"walking": "pedestrian", "cycling": "bicycle", "driving": "auto"}
AGENT = "Browline"


class ServerError(RouteError, OSError):
    """The server did not answer, or with something else than a route."""


def check_server(address: str) -> str:
    """The address without a slash at its end. Raises RouteError for one that can't be asked."""
    parts = urllib.parse.urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or any(c.isspace() for c in address):
        raise RouteError(
            f"{address!r} is no server's address: write http://HOST:PORT, as http://localhost:5000"
        )
    return address.rstrip("/")


def ask_route(
    server: str,
    points: Sequence[tuple[float, float]],
    mode: Mode = "walking",
    *,
    timeout_s: float = TIMEOUT_S,
) -> Route:
    """A way through ``points`` (latitude, longitude; two or more). Blocks. Raises RouteError."""
    server = check_server(server)
    if len(points) < 2:
        raise RouteError("a way leads from one place to another: give two or more")
    url, body = _request(server, points, mode)
    host = urllib.parse.urlsplit(server).hostname or server
    return load_route(_fetch(url, body, host, timeout_s), host)


def _request(server: str, points: Sequence[tuple[float, float]], mode: Mode) -> tuple[str, bytes | None]:
    if server.endswith("/route"):
        locations = [{"lat": latitude, "lon": longitude} for latitude, longitude in points]
        asked = {"locations": locations, "costing": COSTINGS[mode], "units": "kilometers"}
        return server, msgspec.json.encode(asked)
    way = ";".join(f"{longitude:.6f},{latitude:.6f}" for latitude, longitude in points)
    wanted = "steps=true&overview=full&geometries=polyline6&annotations=false"
    return f"{server}/route/v1/{PROFILES[mode]}/{way}?{wanted}", None


def _fetch(url: str, body: bytes | None, host: str, timeout_s: float) -> bytes:
    headers = {"User-Agent": AGENT, "Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=timeout_s) as answer:
            data: bytes = answer.read(MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(error, host) from error
    except (OSError, http.client.HTTPException) as error:
        why = "no answer in time" if isinstance(error, socket.timeout) else getattr(error, "reason", error)
        raise ServerError(f"{host} can't be asked: {why}; check `nav server` and the network") from error
    if len(data) > MOST_BYTES:
        raise ServerError(f"{host} answered with more than {MOST_BYTES >> 20} MB: ask for a shorter way")
    return data


def _refusal(error: urllib.error.HTTPError, host: str) -> RouteError:
    """OSRM and Valhalla say why in the body."""
    try:
        said = msgspec.json.decode(error.read(65_536))
    except (msgspec.DecodeError, OSError, http.client.HTTPException):
        said = None
    if isinstance(said, dict) and (why := said.get("message") or said.get("error")):
        return NoRouteError(f"{host} found no way: {why}")
    return ServerError(f"{host} answered {error.code} {error.reason}; is it an OSRM or Valhalla server?")
