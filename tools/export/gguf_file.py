"""A GGUF file: its metadata told as a ``config.json``, its tensors dequantised row by row.

Names and metadata keys: llama.cpp ``gguf-py/gguf/constants.py``. Quantised blocks (Q8_0, Q4_K, Q6_K, …) are
decoded by the ``gguf`` package.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

from tools.export import gguf_header
from tools.export.checkpoint import Checkpoint
from tools.export.errors import CheckpointError, FamilyError
from tools.export.gguf_tokenizer import tokenizer_files

ARCHITECTURES = {"qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}

LAYER = {
    "attn_norm.weight": "input_layernorm.weight",
    "attn_q.weight": "self_attn.q_proj.weight",
    "attn_q.bias": "self_attn.q_proj.bias",
    "attn_q_norm.weight": "self_attn.q_norm.weight",
    "attn_k.weight": "self_attn.k_proj.weight",
    "attn_k.bias": "self_attn.k_proj.bias",
    "attn_k_norm.weight": "self_attn.k_norm.weight",
    "attn_v.weight": "self_attn.v_proj.weight",
    "attn_v.bias": "self_attn.v_proj.bias",
    "attn_output.weight": "self_attn.o_proj.weight",
    "ffn_norm.weight": "post_attention_layernorm.weight",
    "ffn_gate.weight": "mlp.gate_proj.weight",
    "ffn_up.weight": "mlp.up_proj.weight",
    "ffn_down.weight": "mlp.down_proj.weight",
}
TOP = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}


def open_gguf(path: Path) -> Checkpoint:
    """Raises CheckpointError, FamilyError for an architecture other than ``ARCHITECTURES``."""
    gguf_header.check(path)
    try:
        reader = gguf.GGUFReader(path)
        meta = _Metadata(path, dict(reader.fields))
        tensors = {tensor.name: tensor for tensor in reader.tensors}
    except (CheckpointError, FamilyError):
        raise
    except Exception as error:  # the library's answers to damage are of every kind
        raise CheckpointError(
            f"{path.name} is damaged ({type(error).__name__}: {error}): download it again"
        ) from error
    config = _config(meta, "output.weight" not in tensors)
    return Checkpoint(path, config, GgufReader(path, tensors), tokenizer_files(meta))


class _Metadata:
    """Typed reading of the metadata table."""

    def __init__(self, path: Path, fields: dict[str, Any]) -> None:
        self.path = path
        self._fields = fields

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or ``default``."""
        field = self._fields.get(key)
        try:
            return default if field is None else field.contents()
        except Exception as error:  # as above
            raise CheckpointError(f"{self.path.name}: metadata {key} is damaged: {error}") from error

    def need(self, key: str) -> Any:
        """The value. Raises CheckpointError."""
        value = self.get(key)
        if value is None:
            raise CheckpointError(f"{self.path.name}: metadata {key} is missing")
        return value


def _config(meta: _Metadata, tied: bool) -> dict[str, Any]:
    """What ``config.json`` would say."""
    kind = meta.need("general.architecture")
    if kind not in ARCHITECTURES:
        raise FamilyError(
            f"{meta.path.name} is of architecture {kind!r}; from GGUF can be built: {', '.join(ARCHITECTURES)}"
        )
    heads = int(meta.need(f"{kind}.attention.head_count"))
    width = int(meta.need(f"{kind}.embedding_length"))
    scaling = meta.get(f"{kind}.rope.scaling.type", "none")
    return {
        "architectures": [ARCHITECTURES[kind]],
        "model_type": kind,
        "num_hidden_layers": int(meta.need(f"{kind}.block_count")),
        "hidden_size": width,
        "intermediate_size": int(meta.need(f"{kind}.feed_forward_length")),
        "num_attention_heads": heads,
        "num_key_value_heads": int(meta.get(f"{kind}.attention.head_count_kv", heads)),
        "head_dim": int(meta.get(f"{kind}.attention.key_length", width // max(1, heads))),
        "rms_norm_eps": float(meta.need(f"{kind}.attention.layer_norm_rms_epsilon")),
        "rope_theta": float(meta.get(f"{kind}.rope.freq_base", 10000.0)),
        "rope_scaling": None if scaling == "none" else {"rope_type": scaling},
        "max_position_embeddings": int(meta.need(f"{kind}.context_length")),
        "vocab_size": len(meta.need("tokenizer.ggml.tokens")),
        "tie_word_embeddings": tied,
        "hidden_act": "silu",
        "_name": meta.get("general.name", meta.path.stem),
        "_license": meta.get("general.license", ""),
    }


class GgufReader:
    """Rows of a mapped file, dequantised."""

    def __init__(self, path: Path, tensors: dict[str, Any]) -> None:
        self._path = path
        self._tensors = {hf: t for raw, t in tensors.items() if (hf := _hugging_face(raw)) is not None}

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor's Hugging Face name and shape (GGUF lists the fastest axis first)."""
        return {name: tuple(int(n) for n in reversed(t.shape)) for name, t in self._tensors.items()}

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """Rows as float32. Raises CheckpointError."""
        tensor = self._tensors[name]
        try:
            read = gguf.quants.dequantize(tensor.data[start:stop], tensor.tensor_type)
        except (NotImplementedError, ValueError, AttributeError) as error:
            raise CheckpointError(
                f"{self._path.name}: tensor {name} is stored as {tensor.tensor_type.name}, which can't be "
                f"decoded: {error}"
            ) from error
        return np.asarray(read, dtype=np.float32)


def _hugging_face(raw: str) -> str | None:
    """None: a tensor that no family asks for (rope factors and the like)."""
    if raw in TOP:
        return TOP[raw]
    match = re.fullmatch(r"blk\.(\d+)\.(.+)", raw)
    if match is None or match[2] not in LAYER:
        return None
    return f"model.layers.{match[1]}.{LAYER[match[2]]}"
