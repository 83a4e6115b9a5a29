"""Asking a routing server for a way: the wearer's own, by its address; nobody else is ever asked.

No redirection is followed and no proxy used: either would tell somebody else where the wearer is.

OSRM (http://project-osrm.org/docs/v5.24.0/api/#route-service), or Valhalla where the address ends in "/route".
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import urllib.parse
from collections.abc import Iterator, Sequence

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
    try:
        parts = urllib.parse.urlsplit(address)
        host, port = (parts.hostname or "").encode("idna"), parts.port
    except ValueError:  # a bracket or a label that is none, a port beyond 65535
        host, port = b"", None
    plain = host and port != 0 and not any(c.isspace() or not c.isprintable() for c in address)
    if not plain or parts.scheme not in ("http", "https") or not _is_bare(parts):
        raise RouteError(
            f"{address!r} is no server's address: write http://HOST:PORT, as http://localhost:5000"
        )
    return address.rstrip("/")


def _is_bare(parts: urllib.parse.SplitResult) -> bool:
    """No password, query or fragment: what is asked is put behind the path."""
    return parts.path.isascii() and "@" not in parts.netloc and not parts.query and not parts.fragment


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
    parts = urllib.parse.urlsplit(server)
    target, body = _request(parts.path, points, mode)
    return load_route(_fetch(parts, target, body, timeout_s), parts.hostname or server)


def _request(path: str, points: Sequence[tuple[float, float]], mode: Mode) -> tuple[str, bytes | None]:
    if path.endswith("/route"):
        locations = [{"lat": latitude, "lon": longitude} for latitude, longitude in points]
        asked = {"locations": locations, "costing": COSTINGS[mode], "units": "kilometers"}
        return path, msgspec.json.encode(asked)
    way = ";".join(f"{longitude:.6f},{latitude:.6f}" for latitude, longitude in points)
    wanted = "steps=true&overview=full&geometries=polyline6&annotations=false"
    return f"{path}/route/v1/{PROFILES[mode]}/{way}?{wanted}", None


def _fetch(server: urllib.parse.SplitResult, target: str, body: bytes | None, timeout_s: float) -> bytes:
    host = server.hostname or ""
    headers = {"User-Agent": AGENT, "Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    kind = http.client.HTTPSConnection if server.scheme == "https" else http.client.HTTPConnection
    connection = kind(host, server.port, timeout=timeout_s)
    try:
        connection.connect()
        with _at_most(connection.sock, timeout_s):
            connection.request("GET" if body is None else "POST", target, body, headers)
            answer = connection.getresponse()
            data = answer.read(MOST_BYTES + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else error
        raise ServerError(f"{host} can't be asked: {why}; check `nav server` and the network") from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise _refusal(answer.status, answer.reason, data, host)
    if len(data) > MOST_BYTES:
        raise ServerError(f"{host} answered with more than {MOST_BYTES >> 20} MB: ask for a shorter way")
    return data


@contextlib.contextmanager
def _at_most(sock: socket.socket, seconds: float) -> Iterator[None]:
    """Hang up after so long: a socket's own timeout begins anew with every byte. Raises TimeoutError."""
    late = threading.Event()

    def hang_up() -> None:
        late.set()
        with contextlib.suppress(OSError):  # the other side did so already
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        if late.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
    if late.is_set():
        raise TimeoutError


def _refusal(status: int, reason: str, body: bytes, host: str) -> RouteError:
    """OSRM and Valhalla say why in the body."""
    if 300 <= status < 400:
        return ServerError(
            f"{host} sends on to another address ({status}), which is not asked: `nav server` names it"
        )
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        said = None
    if isinstance(said, dict) and (why := said.get("message") or said.get("error")):
        return NoRouteError(f"{host} found no way: {str(why)[:200]}")
    return ServerError(f"{host} answered {status} {reason}; is it an OSRM or Valhalla server?")
