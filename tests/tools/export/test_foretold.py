"""What a build weighs, foretold, against what the builder then writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from models.qwen_vl.folder import Quant
from tools.bench import tiny_qwen
from tools.export.build import build
from tools.export.sizes import checkpoint_bytes, shapes_of, weights_bytes
from tools.export.weights import ALIGN


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("family", tiny_qwen.FAMILIES)
def test_the_weights_are_as_heavy_as_foretold(family: str, seed: int, tmp_path: Path) -> None:
    folder = tiny_qwen.draw(family, seed, tmp_path / "tiny")
    shapes = shapes_of(json.loads((folder / "config.json").read_text()))
    quants: tuple[Quant, ...] = ("int8", "int4", "none") if seed == 1 else ("int8",)
    for quant in quants:
        about = build(folder, tmp_path / quant, quant)
        foretold = weights_bytes(*shapes, quant)
        files = 1 if about.vision is None else 2
        assert 0 <= foretold - about.weights_bytes < files * ALIGN  # a file's last tensor is not padded


def test_a_checkpoint_is_two_bytes_a_weight(tmp_path: Path) -> None:
    folder = tiny_qwen.draw("qwen3_vl", 1, tmp_path / "tiny")
    shapes = shapes_of(json.loads((folder / "config.json").read_text()))
    tensors = load_file(folder / "model.safetensors").values()
    padding = len(tensors) * ALIGN
    assert abs(checkpoint_bytes(*shapes) - sum(tensor.size for tensor in tensors) * 2) < padding
