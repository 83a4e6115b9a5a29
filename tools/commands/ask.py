"""``browline ask MODEL [PICTURE…] "question"``: one answer of a language model, in a pipe too."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from models.base import ModelError
from models.qwen_vl.engine import Engine, Request
from models.qwen_vl.generate import Answer, Word
from models.qwen_vl.pixels import Picture, PictureError, decode
from models.qwen_vl.sampling import Sampling
from tools import pipe
from tools.qwen import open_model

Turn = dict[str, Any]

parse = argparse.ArgumentParser.parse_intermixed_args  # options may stand before and between the pictures


def configure(parser: argparse.ArgumentParser) -> None:
    """The model, the question, the form of the answer."""
    parser.add_argument("model", help="a name from `browline models list`, or a built model's folder")
    parser.add_argument("picture", nargs="*", type=Path, help="picture files the question is about")
    parser.add_argument("question", help="what to ask; `-` reads it from standard input")
    parser.add_argument("--json-schema", type=Path, metavar="FILE", help="answer in JSON of this schema")
    parser.add_argument(
        "--json", action="store_true", help="print the answer and its figures as one JSON object"
    )
    add_generation(parser)


def add_generation(parser: argparse.ArgumentParser) -> None:
    """What ``ask`` and ``chat`` have in common."""
    parser.add_argument("--system", default="", help="what the model is told before the question")
    parser.add_argument("--adapter", default="", metavar="NAME", help="answer with this adapter of the model")
    parser.add_argument("--limit", type=int, default=512, metavar="TOKENS", help="the longest answer (512)")
    parser.add_argument(
        "--temperature", type=float, default=0.0, help="0, the default: always the likeliest word"
    )
    parser.add_argument("--seed", type=int, default=0, help="another number, another draw")
    parser.add_argument("--threads", type=int, default=2)


def main(options: argparse.Namespace) -> int:
    """1: the model could not answer; 2: the question or the schema can't be used."""
    try:
        question = pipe.read(options.question)
        schema = read_schema(options.json_schema)
        sampling = sampling_of(options)
        turn = user_turn(question, [read_picture(path) for path in options.picture])
    except ValueError as error:
        print(f"browline: {error}", file=sys.stderr)
        return 2
    messages = [*system_turn(options.system), turn]
    request = Request(
        messages=messages, limit=options.limit, sampling=sampling, schema=schema, adapter=options.adapter
    )
    try:
        engine = open_model(options.model, options.threads)
        answer = say(engine, request, None if options.json else sys.stdout)
    except ModelError as error:
        print(f"browline: {error}", file=sys.stderr)
        return 1
    if options.json:
        pipe.write(json.dumps(_as_json(engine, answer), ensure_ascii=False) + "\n", sys.stdout)
    elif answer.reason == "length":
        print(f"browline: cut at {len(answer.tokens)} tokens; --limit gives more", file=sys.stderr)
    return 0


def sampling_of(options: argparse.Namespace) -> Sampling:
    """How to draw. Raises ValueError for a figure out of its range."""
    if not 0 <= options.temperature <= 10:
        raise ValueError(f"--temperature is {options.temperature:g}: it goes from 0 to 10")
    return Sampling(temperature=options.temperature, seed=options.seed)


def system_turn(text: str) -> list[Turn]:
    """The system's message, if there is one."""
    return [{"role": "system", "content": text}] if text else []


def user_turn(question: str, pictures: Sequence[Picture]) -> Turn:
    """The user's message, the pictures before the words."""
    if not pictures:
        return {"role": "user", "content": question}
    parts: list[Turn] = [{"type": "image", "image": picture} for picture in pictures]
    return {"role": "user", "content": [*parts, {"type": "text", "text": question}]}


def read_picture(path: Path) -> Picture:
    """The picture in a file. Raises ValueError."""
    try:
        return decode(path.expanduser().read_bytes())
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror}") from error
    except PictureError as error:
        raise ValueError(f"{path}: {error}") from error


def read_schema(path: Path | None) -> dict[str, Any] | None:
    """The schema in a file. Raises ValueError."""
    if path is None:
        return None
    try:
        schema = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} can't be read as JSON: {error}") from error
    if not isinstance(schema, dict):
        raise ValueError(f"{path} is no JSON schema: it must be an object")
    return schema


def say(engine: Engine, request: Request, out: TextIO | None) -> Answer:
    """Answer, the words written to ``out`` as they are made.

    Raises ModelError, and OSError when they can't be written; Ctrl-C ends the answer.
    """
    loop = engine.answer(request)
    try:
        while True:
            step = next(loop)
            if out is not None and isinstance(step, Word) and step.text:
                pipe.write(step.text, out)
    except StopIteration as end:
        answer: Answer = end.value
        if out is not None:
            pipe.write("\n", out)
        return answer
    finally:
        loop.close()


def _as_json(engine: Engine, answer: Answer) -> dict[str, Any]:
    return {
        "model": engine.folder.about.name,
        "answer": answer.text,
        "reason": answer.reason,
        "prompt_tokens": answer.prompt_tokens,
        "answer_tokens": len(answer.tokens),
        "logprob": round(sum(answer.logprobs), 4),
    }
