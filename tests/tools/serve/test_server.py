"""The server, asked by OpenAI's own client and by some that mean no good."""

from __future__ import annotations

import base64
import http.client
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
from PIL import Image

from models.qwen_vl.engine import Request, open_engine, run
from tools.bench import tiny_qwen
from tools.export.adapter import keep_adapter
from tools.export.build import build
from tools.serve.server import Server

HELLO: list[Any] = [{"role": "user", "content": "hello"}]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place: Path = tmp_path_factory.mktemp("serve")
    checkpoint = tiny_qwen.draw("qwen3", 2, place / "checkpoint")
    build(checkpoint, place / "tiny")
    keep_adapter(place / "tiny", tiny_qwen.draw_adapter(checkpoint, 1, place / "tuned"), "pirate")
    with Server(open_engine(place / "tiny"), 0) as made:
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        yield made
        made.shutdown()
        made.engine.close()


def a_picture(kind: str = "PNG") -> str:
    made = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(noise).save(made, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(made.getvalue()).decode()}"


def seen(url: str) -> list[Any]:
    parts = [{"type": "text", "text": "what is it?"}, {"type": "image_url", "image_url": {"url": url}}]
    return [{"role": "user", "content": parts}]


@pytest.fixture
def client(server: Server) -> Iterator[openai.OpenAI]:
    url = f"http://127.0.0.1:{server.server_port}/v1"
    with openai.OpenAI(base_url=url, api_key="none", max_retries=0) as made:
        yield made


def expected(server: Server, limit: int, adapter: str = "") -> str:
    with server.turn:
        return run(server.engine.answer(Request(messages=HELLO, limit=limit, adapter=adapter))).text


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["tiny", "tiny:pirate"]
    assert client.models.retrieve("tiny").owned_by == "browline"
    assert client.models.retrieve("tiny:pirate").id == "tiny:pirate"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("tiny:captain")


@pytest.mark.parametrize("stream", [False, True])
def test_an_adapter_is_a_model_of_its_own(client: openai.OpenAI, server: Server, stream: bool) -> None:
    body: Any = {"messages": HELLO, "max_tokens": 12, "stream": stream}
    said = {}
    for name in ("tiny", "tiny:pirate", "gpt-4:turbo"):
        done = client.chat.completions.create(model=name, **body)
        events = list(done) if stream else [done]
        said[name] = "".join(
            (event.choices[0].delta if stream else event.choices[0].message).content or "" for event in events
        )
        assert {event.model for event in events} == {name if name.startswith("tiny") else "tiny"}
    assert said == {
        "tiny": expected(server, 12),
        "tiny:pirate": expected(server, 12, "pirate"),
        "gpt-4:turbo": expected(server, 12),  # whatever a client calls it
    }
    assert said["tiny"] != said["tiny:pirate"]


def test_a_whole_answer(client: openai.OpenAI, server: Server) -> None:
    done = client.chat.completions.create(model="tiny", messages=HELLO, max_tokens=12)
    assert done.choices[0].message.content == expected(server, 12)
    assert done.choices[0].finish_reason == "length"
    assert done.usage is not None
    assert done.usage.completion_tokens == 12


def test_a_stream_says_the_same_and_ends_with_its_usage(client: openai.OpenAI, server: Server) -> None:
    stream = client.chat.completions.create(
        model="tiny",
        messages=[{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
        max_completion_tokens=12,
        stream=True,
        stream_options={"include_usage": True},
    )
    events = list(stream)
    text = "".join(event.choices[0].delta.content or "" for event in events if event.choices)
    assert text == expected(server, 12)
    assert events[-1].usage is not None
    assert events[-1].usage.completion_tokens == 12


def test_an_answer_of_a_schema(client: openai.OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"enum": [1]}},
        "required": ["n"],
        "additionalProperties": False,
    }
    wanted: Any = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    done = client.chat.completions.create(model="tiny", messages=HELLO, response_format=wanted)
    assert json.loads(done.choices[0].message.content or "") == {"n": 1}


def test_clients_are_served_together_and_get_what_they_would_alone(
    client: openai.OpenAI, server: Server
) -> None:
    wanted, got = expected(server, 40), [""] * 4

    def ask(i: int) -> None:
        done = client.chat.completions.create(model="tiny", messages=HELLO, max_tokens=40)
        got[i] = done.choices[0].message.content or ""

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert got == [wanted] * 4


def test_a_client_that_leaves_gives_its_answer_up(client: openai.OpenAI, server: Server) -> None:
    stream = client.chat.completions.create(model="tiny", messages=HELLO, max_tokens=900, stream=True)
    next(iter(stream))
    stream.close()
    done = client.chat.completions.create(model="tiny", messages=HELLO, max_tokens=3)
    assert done.choices[0].message.content == expected(server, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "user", "content": "x" * 50_000}]}, "tokens"),
        ({"temperature": 99.0}, "10"),
        ({"n": 3}, "n is more than 1"),
        ({"stop": ["ab"] * 5000}, "stop has 5000 entries"),
        ({"model": "tiny:captain"}, "there are: pirate"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": 3}}}},
            "schema",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}
                ]
            },
            "not fetched",
        ),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_can_not_be_answered_is_a_bad_request(
    client: openai.OpenAI, change: dict[str, Any], message: str, stream: bool
) -> None:
    with pytest.raises(openai.BadRequestError, match=message):
        body: Any = {"model": "tiny", "messages": HELLO, "stream": stream, **change}
        client.chat.completions.create(**body)


@pytest.mark.parametrize(
    ("path", "headers", "body", "status"),
    [
        ("/v1/chat/completions", {"Host": "evil.example"}, "{}", 403),
        ("/v1/chat/completions", {"Content-Type": "text/plain"}, "{}", 403),
        ("/v1/nothing", {}, "{}", 404),
        ("/v1/chat/completions", {}, "{", 400),
        ("/v1/chat/completions", {}, '{"messages": 3}', 400),
        ("/v1/chat/completions", {}, "[" * 100_000, 400),
        ("/v1/chat/completions", {"Content-Length": "99999999999"}, "", 400),
        ("/v1/chat/completions", {"Content-Length": "-1"}, "", 400),
        ("/v1/chat/completions", {"Content-Length": "²"}, "", 400),
        ("/v1/chat/completions", {"Content-Length": "9" * 5000}, "", 400),
    ],
)
def test_what_means_no_good_is_refused(
    server: Server, path: str, headers: dict[str, str], body: str, status: int
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
    response = connection.getresponse()
    assert response.status == status
    assert json.loads(response.read())["error"]["message"]
    connection.close()


def test_a_picture_is_seen(tmp_path: Path) -> None:
    build(tiny_qwen.draw("qwen3_vl", 2, tmp_path / "checkpoint"), tmp_path / "eyes")
    with Server(open_engine(tmp_path / "eyes"), 0) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/v1"
        with openai.OpenAI(base_url=url, api_key="none", max_retries=0) as client:
            answer = client.chat.completions.create(model="eyes", messages=seen(a_picture()), max_tokens=3)
            again = client.chat.completions.create(model="eyes", messages=seen(a_picture()), max_tokens=3)
            with pytest.raises(openai.BadRequestError, match="damaged"):
                client.chat.completions.create(model="eyes", messages=seen(a_picture()[:-400]), max_tokens=3)
        server.shutdown()
        server.engine.close()
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > len("what is it?")
    assert again.choices[0].message.content == answer.choices[0].message.content


def test_a_model_without_eyes_says_so(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="can't see"):
        client.chat.completions.create(model="tiny", messages=seen(a_picture()))
