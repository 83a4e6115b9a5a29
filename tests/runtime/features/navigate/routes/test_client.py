"""Asking a server, over a real socket."""

from __future__ import annotations

import contextlib
import json
import threading
import time
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
        self.headers: dict[str, str] = {}
        self.drip_s = 0.0

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
        for name, value in {"Content-Length": str(len(self.server.answer)), **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        pieces = (
            [bytes([byte]) for byte in self.server.answer] if self.server.drip_s else [self.server.answer]
        )
        for piece in pieces:
            with contextlib.suppress(OSError):  # the client hung up
                self.wfile.write(piece)
                time.sleep(self.server.drip_s)

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


def test_a_server_that_drips_is_given_up_as_a_whole(server: Server) -> None:
    server.answer, server.drip_s = corner()[:60], 0.05  # each byte well within a socket's own timeout
    began = time.monotonic()
    with pytest.raises(ServerError, match="no answer in time"):
        ask_route(server.address, ENDS, timeout_s=0.4)
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_other_host_is_asked_where_a_server_sends_on_to_one(server: Server, status: int) -> None:
    with Server() as other:
        thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        server.status, server.headers = status, {"Location": f"{other.address}/route"}
        with pytest.raises(ServerError, match="not asked"):
            ask_route(server.address, ENDS)
        other.shutdown()
        thread.join()
        assert not other.asked


def test_no_proxy_of_the_environment_hears_where_the_wearer_is(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert ask_route(server.address, ENDS).maneuvers


def test_an_answer_without_end_is_cut(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.features.navigate.routes.client.MOST_BYTES", 1 << 20)
    server.answer = b" " * ((1 << 20) + 5)
    with pytest.raises(ServerError, match="more than 1 MB"):
        ask_route(server.address, ENDS)


@pytest.mark.parametrize(
    "answer", [b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe{}", b'{"message": ' + b"[" * 9999]
)
@pytest.mark.parametrize("status", [200, 500])
def test_garbage_is_an_error_that_can_be_told(server: Server, status: int, answer: bytes) -> None:
    server.status, server.answer = status, answer
    with pytest.raises(RouteError):
        ask_route(server.address, ENDS)


def test_a_server_that_is_not_there_is_said(server: Server) -> None:
    with pytest.raises(ServerError, match=r"can't be asked.*check"):
        ask_route("http://127.0.0.1:1", ENDS)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost:5000",
        "ftp://x",
        "http://",
        "file:///etc/passwd",
        "http://a b",
        "http://[::1",
        "http://a:0",
        "http://a:99999",
        "http://a:port",
        "http://me:secret@a",
        "http://a/?key=1",
        "http://a/#b",
        "http://a/路",
        "http://" + 70 * "a" + ".org",
        "http://a\n",
        "http://a/\x00",
    ],
)
def test_what_is_no_address_is_never_asked(address: str) -> None:
    with pytest.raises(RouteError, match="no server's address"):
        check_server(address)
