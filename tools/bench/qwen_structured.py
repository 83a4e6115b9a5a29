"""Answers in JSON about a label: guessing tokens by prompt lookup against one token at a time. Real weights."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from models.qwen_vl.engine import Engine, Request, open_engine
from models.qwen_vl.generate import Answer, Reading
from tools.bench import qwen_weights
from tools.bench.figures import Figure, median

ROUNDS = 5
ASK = "Put what this label says into JSON. Copy the words as they stand.\n\n{}"
KEYS = ("name", "brand", "size", "price", "best_before", "ingredients", "allergens")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {key: {"type": "string", "maxLength": 120} for key in KEYS},
    "required": list(KEYS),
    "additionalProperties": False,
}


def measure() -> Iterator[Figure]:
    """Tokens a second, both ways in turn, over every label."""
    labels = Path(__file__).with_name("qwen_labels.txt").read_text("utf-8").split("\n---\n")
    engine = open_engine(qwen_weights.built(qwen_weights.real(), "int8"))
    ratios, fast, same, steps, made = [], [], 0, 0, 0
    for label in labels:
        for _ in range(ROUNDS):
            plain, plain_s = _once(engine, label, speculate=False)
            guessed, guessed_s = _once(engine, label, speculate=True)
            ratios.append(plain_s / guessed_s)
            fast.append(len(guessed.tokens) / guessed_s)
        same += plain.tokens == guessed.tokens
        steps, made = steps + guessed.steps, made + len(guessed.tokens)
    engine.close()
    yield Figure("tokens in a step", made / steps, "")
    yield Figure("tokens a second", median(fast), "/s")
    yield Figure("against one token at a time", median(ratios), "×", 1.8, "more")
    yield Figure("labels with the same tokens both ways", same, f"of {len(labels)}", len(labels), "more")


def _once(engine: Engine, label: str, *, speculate: bool) -> tuple[Answer, float]:
    """The answer, and the seconds after its prompt was read."""
    request = Request(messages=[{"role": "user", "content": ASK.format(label)}], schema=SCHEMA, limit=400)
    loop = engine.answer(msgspec.structs.replace(request, speculate=speculate))
    start = time.perf_counter()
    while True:
        try:
            if isinstance(next(loop), Reading):
                start = time.perf_counter()
        except StopIteration as end:
            return end.value, time.perf_counter() - start
