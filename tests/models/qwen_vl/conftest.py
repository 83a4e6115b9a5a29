from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from models.qwen_vl.engine import Engine, open_engine
from models.qwen_vl.folder import Quant
from models.qwen_vl.shape import TextShape
from tools.bench import tiny_qwen
from tools.export.build import build

Built = Callable[..., Path]

SHAPE = TextShape(
    layers=1,
    width=32,
    heads=2,
    kv_heads=1,
    head_size=16,
    ffn=32,
    vocab=64,
    context=4096,
    eps=1e-6,
    rope_theta=1e4,
)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """``built(family, seed, quant)``: the folder of a tiny model, built once a session."""
    place = tmp_path_factory.mktemp("tiny")

    @cache
    def make(family: str, seed: int, quant: Quant) -> Path:
        checkpoint = tiny_qwen.draw(family, seed, place / f"{family}-{seed}-{quant}")
        target = place / "built" / f"{family}-{seed}-{quant}"
        build(checkpoint, target, quant)
        return target

    return lambda family="qwen3", seed=2, quant="none": make(family, seed, quant)


@pytest.fixture
def engine(built: Built) -> Iterator[Engine]:
    made = open_engine(built("qwen3", 2, "int8"))
    yield made
    made.close()
