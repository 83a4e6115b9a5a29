"""LoRA adapters merged into their base: PEFT's own answers, and adapters that do not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.qwen_vl.engine import Request, open_engine, run
from models.qwen_vl.prompt import text_prompt
from tests.models.qwen_vl.make_reference import FOLDER, TUNED, tokens
from tools.bench import tiny_qwen
from tools.export.build import build
from tools.export.errors import CheckpointError


@pytest.mark.parametrize(("family", "seed"), TUNED)
def test_a_merged_adapter_answers_as_peft_does(tmp_path: Path, family: str, seed: int) -> None:
    base = tiny_qwen.draw(family, seed, tmp_path / "base")
    adapter = tiny_qwen.draw_adapter(base, seed, tmp_path / "tuned")
    about = build(base, tmp_path / "m", "none", adapter=adapter)
    assert about.source == "base + tuned"
    engine = open_engine(tmp_path / "m")
    engine.machine = msgspec.structs.replace(engine.machine, stops=frozenset())
    answer = run(engine.complete(text_prompt(tokens(family, seed)), Request(messages=(), limit=64)))
    tuned, plain = (np.load(FOLDER / f"{family}-{seed}{end}.npz")["greedy"].tolist() for end in ("-lora", ""))
    assert list(answer.tokens) == tuned
    assert tuned != plain
    engine.close()


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tiny_qwen.draw("qwen3", 1, tmp_path / "base")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"peft_type": "IA3"}, "'IA3'"),
        ({"use_dora": True}, "use_dora"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"bias": "all"}, "bias is 'all'"),
        ({"lora_alpha": "2"}, "lora_alpha"),
    ],
)
def test_what_is_not_merged_is_named(
    base: Path, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    adapter = tiny_qwen.draw_adapter(base, 2, tmp_path / "tuned")
    config = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps({**config, "alpha_pattern": {}, **change}))
    with pytest.raises(CheckpointError, match=message):
        build(base, tmp_path / "m", adapter=adapter)
    assert not list(tmp_path.glob("*m"))


def test_an_adapter_of_another_base_is_refused(base: Path, tmp_path: Path) -> None:
    other = tiny_qwen.draw("qwen3", 3, tmp_path / "other")
    with pytest.raises(CheckpointError, match=r"another base \(tiny\)"):
        build(base, tmp_path / "m", adapter=tiny_qwen.draw_adapter(other, 1, tmp_path / "tuned"))


def test_a_broken_adapter_is_named(base: Path, tmp_path: Path) -> None:
    adapter = tiny_qwen.draw_adapter(base, 1, tmp_path / "tuned")
    weights = adapter / "adapter_model.safetensors"
    tensors = load_file(weights)
    first = next(name for name in tensors if "lora_B" in name)
    save_file({name: tensor for name, tensor in tensors.items() if name != first}, weights)
    with pytest.raises(CheckpointError, match="only one of lora_A and lora_B"):
        build(base, tmp_path / "m", adapter=adapter)
    save_file({**tensors, first: np.full_like(tensors[first], np.nan)}, weights)
    with pytest.raises(CheckpointError, match="NaN"):
        build(base, tmp_path / "m", adapter=adapter)
    save_file({**tensors, "base_model.model.embed.lora_embedding_A": tensors[first]}, weights)
    with pytest.raises(CheckpointError, match="no LoRA factor"):
        build(base, tmp_path / "m", adapter=adapter)
    weights.unlink()
    with pytest.raises(CheckpointError, match="adapter_model"):
        build(base, tmp_path / "m", adapter=adapter)
