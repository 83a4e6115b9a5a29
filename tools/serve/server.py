"""The HTTP side: one engine, any number of clients, each answer a step at a time so that none waits for another.

Only this computer is served. A page in a browser can't reach it: the body must be ``application/json``, which
browsers do not send elsewhere unasked, and the host must be called by a loopback name.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from typing import Any
from urllib.parse import unquote

from models.base import ModelError
from models.qwen_vl.engine import Engine
from models.qwen_vl.generate import Answer, Reading, Steps, Word
from tools.serve.chat_api import ApiError, Body, chunk, completion, error_body, read_body, to_request, usage

LARGEST = 16 << 20  # bytes of a body
PATIENCE_S = 60.0  # for a client that does not read or send
OURS = {"localhost", "127.0.0.1", "[::1]"}


class Server(ThreadingHTTPServer):
    """Serves ``engine`` on 127.0.0.1; port 0 takes a free one. Raises OSError where the port is taken."""

    daemon_threads = True

    def __init__(self, engine: Engine, port: int) -> None:
        self.engine = engine
        self.turn = threading.Lock()  # one step at a time
        super().__init__(("127.0.0.1", port), Handler)

    def take(self, loop: Steps) -> Iterator[Reading | Word | Answer]:
        """The steps of an answer and, at the end, the answer. Raises ModelError."""
        try:
            while True:
                with self.turn:
                    step = next(loop)
                yield step
        except StopIteration as end:
            yield end.value
        finally:
            with self.turn:
                loop.close()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = PATIENCE_S
    server: Server

    def do_GET(self) -> None:
        """The list of models: the one that is served, and with each of its adapters."""
        if not self._welcome():
            return
        models = {
            f"/v1/models/{name}": {"id": name, "object": "model", "created": 0, "owned_by": "browline"}
            for name in self._names()
        }
        path = unquote(self.path.rstrip("/"))
        if path == "/v1/models":
            self._json(200, {"object": "list", "data": list(models.values())})
        elif path in models:
            self._json(200, models[path])
        else:
            self._missing()

    def _names(self) -> list[str]:
        engine = self.server.engine
        name = engine.folder.about.name
        return [name, *(f"{name}:{adapter}" for adapter in engine.adapters())]

    def do_POST(self) -> None:
        """A chat completion, whole or as a stream."""
        if not self._welcome():
            return
        if self.path.rstrip("/") != "/v1/chat/completions":
            self._missing()
            return
        try:
            self._complete()
        except OSError:  # the client is gone; its answer is given up
            self.close_connection = True

    def _complete(self) -> None:
        try:
            body = read_body(self._body())
            request = to_request(body, self.server.engine.folder.about.name)
            with self.server.turn:  # pictures are encoded here
                loop = self.server.engine.answer(request)
            steps = self.server.take(loop)
            first = next(steps)  # a prompt that can't be answered is an error, not a broken stream
            self._answer(body, request.adapter, first, steps)
        except (ApiError, ModelError) as error:
            self._json(400, error_body(str(error), "invalid_request_error"))

    def _answer(self, body: Body, adapter: str, first: Any, steps: Iterator[Any]) -> None:
        name = self.server.engine.folder.about.name
        frame = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": f"{name}:{adapter}" if adapter else name,
        }
        if body.stream:
            self._stream(frame, body, first, steps)
            return
        *_, answer = (first, *steps)
        self._json(200, completion(frame, answer))

    def _stream(self, frame: dict[str, Any], body: Body, first: Any, steps: Iterator[Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self._event(chunk(frame, {"role": "assistant", "content": ""}))
        try:
            for step in chain((first,), steps):
                self._step(frame, body, step)
        except ModelError as error:
            self._event(error_body(str(error), "server_error"))
        self.wfile.write(b"data: [DONE]\n\n")

    def _step(self, frame: dict[str, Any], body: Body, step: Any) -> None:
        if isinstance(step, Word) and step.text:
            self._event(chunk(frame, {"content": step.text}))
        if isinstance(step, Answer):
            self._event(chunk(frame, {}, step.reason))
            if body.stream_options is not None and body.stream_options.include_usage:
                self._event({**chunk(frame, {}), "choices": [], "usage": usage(step)})

    def _event(self, data: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n")
        self.wfile.flush()

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or len(length) > 12 or int(length) > LARGEST:
            self.close_connection = True  # what follows on the wire is no request
            raise ApiError(f"Content-Length must be a number up to {LARGEST}")
        return self.rfile.read(int(length))

    def _welcome(self) -> bool:
        host = self.headers.get("Host", "").rsplit(":", 1)[0]
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip()
        if host not in OURS or (self.command == "POST" and kind != "application/json"):
            self.close_connection = True
            self._json(
                403, error_body("only programs of this computer are served, as JSON", "permission_error")
            )
            return False
        return True

    def _missing(self) -> None:
        self.close_connection = True
        self._json(404, error_body(f"there is no {self.path}; try /v1/chat/completions", "not_found_error"))

    def _json(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """What is asked is the user's own: it is not logged."""
