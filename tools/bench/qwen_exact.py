"""Tiny checkpoints of every family against transformers in float32, drawn anew from seeds nobody has looked at."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from models.qwen_vl.engine import Request, open_engine, run
from tools.bench import reference, tiny_qwen, tiny_vision
from tools.bench.figures import Figure
from tools.export.build import build

DRAWS = 4
LENGTHS = (1, 2, 45, 301)


def measure() -> Iterator[Figure]:
    """The largest difference of logits, by the reference's largest, and greedy tokens that are the same."""
    try:
        import transformers  # noqa: F401
    except ImportError:
        yield Figure("transformers is not installed here; draws compared", 0, "")
        return
    first = int(time.time()) % 1_000_000
    for family in tiny_qwen.FAMILIES:
        found = [_one(family, first + i, LENGTHS[i % len(LENGTHS)]) for i in range(DRAWS)]
        errors, same = zip(*found, strict=True)
        yield Figure(f"{family}: logits, seeds from {first}", max(errors), "", 1e-4)
        yield Figure(
            f"{family}: same greedy tokens of {reference.GREEDY}", min(same), "", reference.GREEDY, "more"
        )


def _one(family: str, seed: int, length: int) -> tuple[float, int]:
    rng = np.random.default_rng(seed)
    tokens = [int(token) for token in rng.integers(0, 256, length)]
    with tempfile.TemporaryDirectory() as place:
        folder = tiny_qwen.draw(family, seed, Path(place, "tiny"))
        build(folder, Path(place, "built"), "none")
        engine = open_engine(Path(place, "built"))
        engine.machine = msgspec.structs.replace(engine.machine, stops=frozenset())
        count = (seed % 3 if length > 2 else 0) if engine.folder.about.vision else 0
        prompt, pictures = tiny_vision.question(engine, tokens, count, rng)
        theirs, plain = reference.load(folder), tiny_vision.plain(engine, prompt)
        seen = reference.sight(folder, plain, pictures)
        wanted = reference.logits(theirs, plain, seen)[-1]
        got = tiny_vision.logits(engine, prompt)
        ours = run(engine.complete(prompt, Request(messages=(), limit=reference.GREEDY))).tokens
        pairs = zip(ours, reference.greedy(theirs, plain, seen), strict=True)
        engine.close()
    return float(np.abs(got - wanted).max() / np.abs(wanted).max()), sum(a == b for a, b in pairs)
