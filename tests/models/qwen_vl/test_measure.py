"""The measure of a model's speed, on a clock that ticks when it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from models.qwen_vl.engine import Engine, open_engine
from models.qwen_vl.generate import CHUNK, Reading, Word
from models.qwen_vl.measure import Speed, measure
from tests.models.qwen_vl.conftest import Built
from tools.bench import tiny_qwen

NS = 1_000_000_000


def run(
    engine: Engine, between: Iterator[int], prompt: int, decoded: int
) -> tuple[Speed, list[Reading | Word]]:
    """Every question about the time takes a second; ``between`` is asked between two steps."""
    clock = count(0, NS)
    steps: list[Reading | Word] = []
    loop = measure(engine, lambda: next(clock), prompt, decoded)
    while True:
        try:
            steps.append(next(loop))
        except StopIteration as end:
            return end.value, steps
        for _ in range(next(between)):
            next(clock)  # somebody else's work


@pytest.mark.parametrize("family", tiny_qwen.FAMILIES)
def test_steps_are_timed_and_what_happens_between_them_is_not(family: str, built: Built) -> None:
    engine = open_engine(built(family, 2, "int8"))
    prompt = 2 * CHUNK + 1
    quiet, steps = run(engine, count(0, 0), prompt, 5)
    disturbed, _ = run(engine, count(1), prompt, 5)
    assert quiet == disturbed == Speed(prompt, 3.0, 1.0, 1.0, 1.0)
    assert sum(isinstance(step, Word) for step in steps) == 2 + 5  # it does not stop where an answer would
    engine.close()


def test_nothing_of_it_is_kept(engine: Engine) -> None:
    run(engine, count(0, 0), 20, 3)
    assert engine._prefixes.bytes == 0
