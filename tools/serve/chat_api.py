"""OpenAI's chat completions as Browline answers them: a body in, a request for the engine; steps in, JSON out.

The API: platform.openai.com/docs/api-reference/chat. Unknown keys are ignored, as there; what would change the
answer and is not served is an error.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from models.qwen_vl import pixels
from models.qwen_vl.engine import Request
from models.qwen_vl.generate import Answer
from models.qwen_vl.sampling import Sampling

MOST_STOPS = 16
LIMIT = 2048  # tokens, where the client names none


class ApiError(ValueError):
    """A body that can't be answered."""


class Text(msgspec.Struct, tag="text"):
    """A part of a message that is text."""

    text: str


class Url(msgspec.Struct):
    """Where a picture is; how closely to look is the model's own business."""

    url: str


class Picture(msgspec.Struct, tag="image_url"):
    """A part of a message that is a picture."""

    image_url: Url


class Turn(msgspec.Struct):
    """A message."""

    role: str
    content: str | list[Text | Picture] | None = None


class JsonSchema(msgspec.Struct, rename={"form": "schema"}):
    """The schema of a response format."""

    form: dict[str, Any] = {}


class Format(msgspec.Struct):
    """How the answer is to look."""

    type: str = "text"
    json_schema: JsonSchema | None = None


class StreamOptions(msgspec.Struct):
    """What a stream ends with."""

    include_usage: bool = False


class Body(msgspec.Struct, kw_only=True):
    """The request's body."""

    messages: list[Turn]
    model: str = ""
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    stream: bool = False
    stream_options: StreamOptions | None = None
    response_format: Format | None = None
    n: int | None = None
    tools: list[Any] | None = None


def read_body(data: bytes) -> Body:
    """Raises ApiError."""
    try:
        return msgspec.json.decode(data, type=Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(f"the body can't be read: {error}") from error


def to_request(body: Body, served: str) -> Request:
    """``served`` is the model's name; ``served:NAME`` asks for its adapter NAME, any other name for itself.

    Raises ApiError.
    """
    if (body.n or 1) != 1:
        raise ApiError("n is more than 1: ask again for another answer")
    if body.tools:
        raise ApiError("tools are not served")
    limit = body.max_completion_tokens or body.max_tokens or LIMIT
    if limit < 1:
        raise ApiError("max_completion_tokens must be at least 1")
    stop = [body.stop] if isinstance(body.stop, str) else body.stop or []
    if len(stop) > MOST_STOPS:
        raise ApiError(f"stop has {len(stop)} entries; it can have {MOST_STOPS}")
    return Request(
        messages=[{"role": turn.role, "content": _content(turn)} for turn in body.messages],
        limit=limit,
        sampling=_sampling(body),
        stop=tuple(stop),
        schema=_schema(body.response_format),
        adapter=body.model.removeprefix(f"{served}:") if body.model.startswith(f"{served}:") else "",
    )


def _content(turn: Turn) -> str | list[dict[str, Any]]:
    if not isinstance(turn.content, list):
        return turn.content or ""
    return [_part(part) for part in turn.content]


def _part(part: Text | Picture) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "image", "image": _picture(part)}


def _picture(part: Picture) -> pixels.Picture:
    """Pictures come in the body: nothing is fetched for a client."""
    head, _, data = part.image_url.url.partition(",")
    if not (head.startswith("data:image/") and head.endswith(";base64")):
        raise ApiError("image_url must be data:image/…;base64,…: pictures are not fetched from elsewhere")
    try:
        return pixels.decode(base64.b64decode(data, validate=True))
    except (binascii.Error, pixels.PictureError) as error:
        raise ApiError(f"image_url: {error}") from error


def _sampling(body: Body) -> Sampling:
    # Greedy where the client does not ask for anything else: the same question gets the same answer.
    wanted = {"temperature": body.temperature, "top_p": body.top_p, "seed": body.seed}
    try:
        return msgspec.convert({key: value for key, value in wanted.items() if value is not None}, Sampling)
    except msgspec.ValidationError as error:
        raise ApiError(str(error)) from error


def _schema(wanted: Format | None) -> dict[str, Any] | None:
    if wanted is None or wanted.type == "text":
        return None
    if wanted.type == "json_object":
        return {"type": "object"}
    if wanted.type == "json_schema" and wanted.json_schema is not None:
        return wanted.json_schema.form
    raise ApiError(f"response_format {wanted.type!r} is not served; text, json_object and json_schema are")


def completion(frame: dict[str, Any], answer: Answer) -> dict[str, Any]:
    """The whole answer; ``frame`` has ``id``, ``created`` and ``model``."""
    message = {"role": "assistant", "content": answer.text}
    choice = {"index": 0, "message": message, "finish_reason": answer.reason, "logprobs": None}
    return {**frame, "object": "chat.completion", "choices": [choice], "usage": usage(answer)}


def chunk(frame: dict[str, Any], delta: dict[str, str], reason: str | None = None) -> dict[str, Any]:
    """A piece of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
    return {**frame, "object": "chat.completion.chunk", "choices": [choice]}


def usage(answer: Answer) -> dict[str, Any]:
    """How many tokens were read and made."""
    made = len(answer.tokens)
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": made,
        "total_tokens": answer.prompt_tokens + made,
        "prompt_tokens_details": {"cached_tokens": answer.cached_tokens},
    }


def error_body(message: str, kind: str) -> dict[str, Any]:
    """An error as the API gives it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}
