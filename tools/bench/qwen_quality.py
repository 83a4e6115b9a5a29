"""What 8 and 4 bits cost on real weights, against the same weights in float32: Qwen2.5-Coder-0.5B-Instruct."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.engine import Engine, Request, open_engine, run
from models.qwen_vl.folder import ModelFolder, Quant
from models.qwen_vl.generate import CHUNK
from models.qwen_vl.kernels import Kernels
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.prompt import text_prompt
from tools.bench import qwen_weights
from tools.bench.figures import Figure

ROOT = Path(__file__).resolve().parents[2]
PIECE = 1000  # tokens of the text at a time
ANSWER = 220  # tokens of each answer that are compared


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
    quants: tuple[Quant, ...] = ("int8", "int4")
    for quant in quants:
        engine = open_engine(qwen_weights.built(qwen_weights.real(), quant))
        yield from _compare(quant, engine, truth, bars=quant == "int8")
        engine.close()
    folder = ModelFolder(qwen_weights.built(qwen_weights.real(), "int8"))
    engine = Engine(folder, kernels=Kernels(many="unsigned"))  # exact on every CPU
    yield from _compare("int8, read by rows", engine, truth, bars=True)
    yield Figure(
        "int8, read by rows: what reading an answer again changes", _reread(engine, truth), "std", 0.2
    )
    engine.close()


def _compare(quant: str, engine: Engine, truth: Truth, *, bars: bool) -> Iterator[Figure]:
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


def _reread(engine: Engine, truth: Truth) -> float:
    """How far the logits move, root mean square, in their standard deviations; the mean over the answers' ends.

    An answer's own rows are decoded; read again as part of a longer prompt, they come from the other packing.
    """
    differences = []
    for prompt, answer in truth.answers:
        tokens, about, machine = [*prompt, *answer], engine.folder.about, engine.machine
        cache, where = KvCache(about.text, about.kv), text_prompt(tokens).positions
        reads = [(at, min(at + CHUNK, len(prompt))) for at in range(0, len(prompt), CHUNK)]
        words = [(at, at + 1) for at in range(len(prompt), len(tokens))]
        for start, stop in (*reads, *words):
            decoder = machine.many if start < len(prompt) else machine.one
            some = tokens[start:stop]
            spoken = decoder.feed(cache, some, machine.table.rows(some), where[:, start:stop])[0]
        again = _log_probabilities(engine, tokens)[-1]
        moved = spoken - again  # a constant apart, for one is not normed
        differences.append(moved.std() / again.std())
    return float(np.mean(differences))


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
