"""The wearer strays, and the routing server is slow, hangs, breaks or talks nonsense: the HUD goes on meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest

from drivers.sim.outing import Detour, Outing, noise_of
from runtime.core.clock import VirtualClock, run_virtual
from runtime.features.navigate.asks import SERVER
from runtime.features.navigate.routes.client import TIMEOUT_S
from tests.glasses.strolls import SPEED_MPS, STARTS_S, Stroll, check_no_parts_died, rest_of_the_way, tell

T = TypeVar("T")
ASTRAY_M, ASTRAY_ALONG_M = 80.0, 60.0  # at 20 m to the left, for longer than 90 s


class SlowClock(VirtualClock):
    """Where asking a server takes virtual time; ``asking`` holds when each question began and ended."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds, self.asking = seconds, list[tuple[float, float]]()

    async def call(self, thread: str, work: Callable[..., T], *args: Any) -> T:
        if thread != "routes":
            return await super().call(thread, work, *args)
        began = self.now_ns() / 1e9
        await self.sleep(self.seconds)
        self.asking.append((began, self.now_ns() / 1e9))
        return await super().call(thread, work, *args)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.answer, self.asked = 200, b"", 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as served:
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield served
        served.shutdown()
        thread.join()


def astray(folder: Path, address: str, clock: VirtualClock, until_s: float) -> Stroll:
    """Off the route from about 20 s on, to the end."""
    outing = Outing(
        points=rest_of_the_way(0.0), speed_mps=SPEED_MPS, starts_s=STARTS_S, noise=noise_of(1.5),
        detours=(Detour(at_m=20.0, off_m=-ASTRAY_M, along_m=ASTRAY_ALONG_M),),
    )  # fmt: skip
    one = Stroll(folder, clock, noise_of(1.5), outing=outing)
    one.glasses.store.set(SERVER, address)

    async def script(one: Stroll) -> None:
        await one.until(until_s)

    run_virtual(clock, tell(one, script))
    check_no_parts_died(one)
    assert "off_route" in one.events
    return one


def test_one_question_at_a_time_and_the_hud_goes_on_while_it_hangs(tmp_path: Path) -> None:
    clock = SlowClock(TIMEOUT_S)
    one = astray(tmp_path, "http://127.0.0.1:1", clock, 70.0)
    assert len(clock.asking) >= 2
    assert all(end <= begin for (_, end), (begin, _) in pairwise(clock.asking))
    began, ended = clock.asking[0]
    meanwhile = [seen.words for seen in one.seen if began + 1 < seen.at_s < ended]
    assert len(meanwhile) > 50 and all("off" in words.lower() for words in meanwhile)
    assert len({place.t_ns for place in one.places if began < place.t_ns / 1e9 < ended}) >= 14


@pytest.mark.parametrize(
    ("status", "answer"),
    [(500, b"<html>"), (200, b"\xff\x00 no route"), pytest.param(302, b"", marks=pytest.mark.slow)],
)
def test_a_broken_server_is_backed_off(tmp_path: Path, server: Server, status: int, answer: bytes) -> None:
    server.status, server.answer = status, answer
    one = astray(tmp_path, server.address, VirtualClock(), 55.0)
    asked_s = [at_s for at_s, told in one.told if told.event == "reroute"]
    assert 2 <= server.asked == len(asked_s) <= 6
    waits = [b - a for a, b in pairwise(asked_s)]
    assert waits == sorted(waits) and waits[0] >= 4.5


def test_without_a_server_nobody_is_asked(tmp_path: Path, server: Server) -> None:
    astray(tmp_path, "", VirtualClock(), 40.0)
    assert server.asked == 0
