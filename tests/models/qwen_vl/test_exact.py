"""What transformers answers in float32, to tiny checkpoints drawn from seeds (see ``make_reference``)."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from models.qwen_vl.engine import Engine, Request, open_engine, run
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.prompt import text_prompt
from tests.models.qwen_vl.conftest import Built
from tests.models.qwen_vl.make_reference import DRAWN, FOLDER, prompt


def logits_of(engine: Engine, tokens: list[int]) -> NDArray[np.float32]:
    about = engine.folder.about
    rows = engine.machine.table.rows(tokens)
    made = text_prompt(tokens)
    logits: NDArray[np.float32] = engine.machine.many.feed(
        KvCache(about.text, about.kv), tokens, rows, made.positions
    )[0]
    return logits


@pytest.mark.parametrize(("family", "seed"), DRAWN)
def test_it_answers_as_the_reference_does(built: Built, family: str, seed: int) -> None:
    wanted = np.load(FOLDER / f"{family}-{seed}.npz")
    engine = open_engine(built(family, seed, "none"))
    endless = msgspec.structs.replace(engine.machine, stops=frozenset())
    engine.machine = endless
    tokens = prompt(family, seed)
    error = np.abs(logits_of(engine, tokens) - wanted["logits"]).max() / np.abs(wanted["logits"]).max()
    assert error < 1e-4
    answer = run(engine.complete(text_prompt(tokens), Request(messages=(), limit=64)))
    assert list(answer.tokens) == wanted["greedy"].tolist()
    engine.close()


@pytest.mark.parametrize(("quant", "bound"), [("int8", 0.05), ("int4", 0.5)])
@pytest.mark.parametrize(("family", "seed"), DRAWN)
def test_quantisation_costs_little(built: Built, family: str, seed: int, quant: str, bound: float) -> None:
    wanted = np.load(FOLDER / f"{family}-{seed}.npz")["logits"]
    engine = open_engine(built(family, seed, quant))
    error = np.sqrt(np.square(logits_of(engine, prompt(family, seed)) - wanted).mean()) / wanted.std()
    assert error < bound
    engine.close()
