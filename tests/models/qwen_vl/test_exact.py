"""What transformers answers in float32, to tiny checkpoints drawn from seeds (see ``make_reference``)."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from models.qwen_vl.engine import Request, open_engine, run
from tests.models.qwen_vl.conftest import Built
from tests.models.qwen_vl.make_reference import DRAWN, FOLDER, question
from tools.bench.tiny_vision import logits


@pytest.mark.parametrize(("family", "seed"), DRAWN)
def test_it_answers_as_the_reference_does(built: Built, family: str, seed: int) -> None:
    wanted = np.load(FOLDER / f"{family}-{seed}.npz")
    engine = open_engine(built(family, seed, "none"))
    endless = msgspec.structs.replace(engine.machine, stops=frozenset())
    engine.machine = endless
    prompt, _ = question(engine, family, seed)
    error = np.abs(logits(engine, prompt) - wanted["logits"]).max() / np.abs(wanted["logits"]).max()
    assert error < 1e-4
    answer = run(engine.complete(prompt, Request(messages=(), limit=64)))
    assert list(answer.tokens) == wanted["greedy"].tolist()
    engine.close()


@pytest.mark.parametrize(("quant", "bound"), [("int8", 0.06), ("int4", 0.5)])
@pytest.mark.parametrize(("family", "seed"), DRAWN)
def test_quantisation_costs_little(built: Built, family: str, seed: int, quant: str, bound: float) -> None:
    wanted = np.load(FOLDER / f"{family}-{seed}.npz")["logits"]
    engine = open_engine(built(family, seed, quant))
    error = (
        np.sqrt(np.square(logits(engine, question(engine, family, seed)[0]) - wanted).mean()) / wanted.std()
    )
    # A net norms what it says, in a tiny one as often as not next to nothing.
    assert error < bound * (1.6 if engine.folder.about.text.delta else 1)
    engine.close()
