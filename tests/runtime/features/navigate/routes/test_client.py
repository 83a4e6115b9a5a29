"""Asking a server, over a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from runtime.features.navigate.routes.client import ServerError, ask_route, check_server
from runtime.features.navigate.routes.route import NoRouteError, RouteError
from tests.runtime.features.navigate.routes.samples import CORNER, corner, encode

ENDS = (CORNER[0], CORNER[2])


class Server(ThreadingHTTPServer):
    """Answers every request with ``answer``; ``asked`` holds path and body of each."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.answer, self.asked = 200, corner(), list[tuple[str, bytes]]()
        self.pause = threading.Event()
        self.pause.set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.path, body))
        self.server.pause.wait(5)
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as served:
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield served
        served.pause.set()
        served.shutdown()
        thread.join()


def test_osrm_is_asked_for_steps_along_every_point(server: Server) -> None:
    route = ask_route(server.address + "/", [CORNER[0], CORNER[1], CORNER[2]])
    assert route.length_m == pytest.approx(350, abs=1)
    assert route.source == "127.0.0.1"
    parts = urlsplit(server.asked[0][0])
    assert parts.path == "/route/v1/foot/121.430000,31.220000;121.430000,31.221804;121.431574,31.221804"
    assert "steps=true" in parts.query
    assert "geometries=polyline6" in parts.query


def test_valhalla_is_asked_in_its_own_words(server: Server) -> None:
    maneuvers = [{"type": 1, "begin_shape_index": 0}, {"type": 4, "begin_shape_index": 2}]
    trip = {"status": 0, "legs": [{"shape": encode(CORNER, 6), "maneuvers": maneuvers}]}
    server.answer = json.dumps({"trip": trip}).encode()
    assert len(ask_route(server.address + "/route", ENDS, "cycling").maneuvers) == 2
    asked = json.loads(server.asked[0][1])
    assert asked["costing"] == "bicycle"
    assert [(one["lat"], one["lon"]) for one in asked["locations"]] == list(ENDS)


def test_no_way_is_said_with_the_servers_reason(server: Server) -> None:
    server.status, server.answer = 400, b'{"code": "NoRoute", "message": "Impossible route between points"}'
    with pytest.raises(NoRouteError, match="Impossible route between points"):
        ask_route(server.address, ENDS)


@pytest.mark.parametrize(
    ("status", "answer", "says"),
    [
        (502, b"<html>", "answered 502"),
        (200, b"<html>", "<html> is no GPX"),
        (200, b"", "empty"),
        (404, b"[]", "answered 404"),
    ],
)
def test_nonsense_is_said(server: Server, status: int, answer: bytes, says: str) -> None:
    server.status, server.answer = status, answer
    with pytest.raises(RouteError, match=says):
        ask_route(server.address, ENDS)


def test_a_server_that_does_not_answer_is_given_up(server: Server) -> None:
    server.pause.clear()
    with pytest.raises(ServerError, match="can't be asked"):
        ask_route(server.address, ENDS, timeout_s=0.2)


def test_a_server_that_is_not_there_is_said(server: Server) -> None:
    with pytest.raises(ServerError, match=r"can't be asked.*check"):
        ask_route("http://127.0.0.1:1", ENDS)


@pytest.mark.parametrize(
    "address", ["", "localhost:5000", "ftp://x", "http://", "file:///etc/passwd", "http://a b"]
)
def test_what_is_no_address_is_never_asked(address: str) -> None:
    with pytest.raises(RouteError, match="no server's address"):
        check_server(address)
