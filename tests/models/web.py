"""A web server on loopback that fails on request."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers each request with the next of the server's answers; the last one stays."""

    protocol_version = "HTTP/1.1"
    server: Web

    def do_GET(self) -> None:
        self.server.asked.append(dict(self.headers.items()))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        answer(self)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return "Thu, 01 Jan 2099 00:00:00 GMT"

    def log_message(self, format: str, *args: Any) -> None:
        return


class Web(ThreadingHTTPServer):
    """``asked`` holds the headers of every request so far."""

    daemon_threads = True

    def __init__(self, answers: list[Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.asked: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/model.bin"


@contextlib.contextmanager
def serving(*answers: Answer) -> Iterator[Web]:
    web = Web(list(answers))
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield web
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


def whole(data: bytes, etag: str = '"v1"') -> Answer:
    """Serve ``data``, or the rest of it where the range and the ETag allow."""

    def answer(handler: Handler) -> None:
        start = 0
        asked = handler.headers.get("Range", "")
        if asked and handler.headers.get("If-Range") == etag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if etag:
            handler.send_header("ETag", etag)
        handler.send_header("Content-Length", str(len(data) - start))
        handler.end_headers()
        handler.wfile.write(data[start:])

    return answer


def cut(data: bytes, after: int, etag: str = '"v1"') -> Answer:
    """Promise ``data``, send ``after`` bytes and hang up."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("ETag", etag)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[:after])
        handler.close_connection = True

    return answer


def status(code: int, **headers: str) -> Answer:
    """Answer with a status and nothing else."""

    def answer(handler: Handler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def hang_up(handler: Handler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True
