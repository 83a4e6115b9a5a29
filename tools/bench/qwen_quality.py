"""What 8 and 4 bits cost on real weights, against the same weights in float32: Qwen2.5-Coder-0.5B-Instruct."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.engine import Engine, Request, open_engine, run
from models.qwen_vl.folder import Quant
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.prompt import text_prompt
from tools.bench import qwen_weights
from tools.bench.figures import Figure

ROOT = Path(__file__).resolve().parents[2]
PIECE = 1000  # tokens of the text at a time
ANSWER = 110  # tokens of each answer that are compared


class Truth(msgspec.Struct):
    """What float32 says: log-probabilities over the text, and its answers to the prompts."""

    pieces: list[list[int]]
    text: list[NDArray[np.float32]]
    answers: list[tuple[list[int], list[int]]]  # prompt, answer


def measure() -> Iterator[Figure]:
    """Perplexity, the likeliest token along float32's own answers, and answers that are the same."""
    engine = open_engine(qwen_weights.built(qwen_weights.real(), "none"))
    truth = _truth(engine)
    engine.close()
    for quant in ("int8", "int4"):
        yield from _compare(quant, truth)


def _compare(quant: Quant, truth: Truth) -> Iterator[Figure]:
    engine = open_engine(qwen_weights.built(qwen_weights.real(), quant))
    bars = quant == "int8"
    worse = _perplexity(truth, [_log_probabilities(engine, piece) for piece in truth.pieces])
    yield Figure(f"{quant}: perplexity above float32's", 100 * (worse - 1), "%", 1.0 if bars else None)
    same = [
        _log_probabilities(engine, [*prompt, *answer])[len(prompt) - 1 : -1].argmax(axis=1) == answer
        for prompt, answer in truth.answers
    ]
    tokens = np.concatenate(same)
    name = f"{quant}: same likeliest token of {len(tokens)}"
    yield Figure(name, 100 * float(tokens.mean()), "%", 99 if bars else None, "more")
    alike = sum(bool(one[:32].all()) for one in same)
    yield Figure(
        f"{quant}: prompts with the same 32 greedy tokens", alike, "of 20", 18 if bars else None, "more"
    )
    engine.close()


def _truth(engine: Engine) -> Truth:
    text = "\n".join(path.read_text("utf-8") for path in sorted(ROOT.glob("boards/*/README.md")))
    tokens = engine.words.encode(text)[: 4 * PIECE]
    pieces = [tokens[at : at + PIECE] for at in range(0, len(tokens), PIECE)]
    prompts = Path(__file__).with_name("qwen_prompts.txt").read_text("utf-8").splitlines()
    return Truth(
        pieces, [_log_probabilities(engine, piece) for piece in pieces], [_answer(engine, p) for p in prompts]
    )


def _answer(engine: Engine, prompt: str) -> tuple[list[int], list[int]]:
    request = Request(messages=({"role": "user", "content": prompt},), limit=ANSWER, speculate=False)
    return engine.prompt(request).items, list(run(engine.answer(request)).tokens)


def _log_probabilities(engine: Engine, tokens: list[int]) -> NDArray[np.float32]:
    """float32[n, vocab] after each token."""
    about, prompt = engine.folder.about, text_prompt(tokens)
    cache, parts = KvCache(about.text, about.kv), []
    for at in range(0, len(tokens), 128):
        some = tokens[at : at + 128]
        rows, where = engine.machine.table.rows(some), prompt.positions[:, at : at + 128]
        values = engine.machine.many.feed(cache, some, rows, where, range(len(some)))
        values -= values.max(axis=1, keepdims=True)
        parts.append(values - np.log(np.exp(values).sum(axis=1, keepdims=True)))
    return np.concatenate(parts)


def _perplexity(truth: Truth, found: list[NDArray[np.float32]]) -> float:
    """The perplexity of ``found`` over that of the truth."""
    lost, count = 0.0, 0
    for tokens, wanted, got in zip(truth.pieces, truth.text, found, strict=True):
        at = np.arange(len(tokens) - 1), np.array(tokens[1:])
        lost += float((wanted[at] - got[at]).sum(dtype=np.float64))
        count += len(at[0])
    return float(np.exp(lost / count))
