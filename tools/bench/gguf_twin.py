"""A tiny checkpoint's twin as GGUF, for what reads that format: our own builder and llama.cpp."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
from gguf import GGMLQuantizationType as Kind
from safetensors import safe_open

from tools.bench import tiny_qwen
from tools.export.gguf_file import LAYER, TOP

NAMES = {theirs: ours for ours, theirs in (*LAYER.items(), *TOP.items())}


def write(folder: Path, path: Path, kind: Kind = Kind.F32, **changes: Any) -> Path:
    """Write the text checkpoint ``folder`` to ``path``; matrices whose rows fit as ``kind``, the rest as float32.

    ``changes`` replace the architecture (``arch``), the tokenizer's kind or its pre-tokenizer (``split``).
    """
    config = json.loads((folder / "config.json").read_text())
    writer = gguf.GGUFWriter(path, changes.get("arch", config["model_type"]))
    _sizes(writer, config)
    _words(writer, config["vocab_size"], changes)
    with safe_open(folder / "model.safetensors", "np") as file:
        for name in file.keys():  # noqa: SIM118 (it is no mapping)
            tensor = file.get_tensor(name)
            fits = tensor.ndim == 2 and tensor.shape[1] % 32 == 0
            wanted = kind if fits else Kind.F32
            writer.add_tensor(_label(name), gguf.quants.quantize(tensor, wanted), raw_dtype=wanted)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _sizes(writer: gguf.GGUFWriter, config: dict[str, Any]) -> None:
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    if "head_dim" in config:
        writer.add_key_length(config["head_dim"])
        writer.add_value_length(config["head_dim"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])


def _words(writer: gguf.GGUFWriter, vocab: int, changes: dict[str, Any]) -> None:
    known = tiny_qwen.tokenizer().get_vocab(with_added_tokens=True)
    words = [*sorted(known, key=known.__getitem__), *(f"[PAD{i}]" for i in range(len(known), vocab))]
    writer.add_tokenizer_model(changes.get("tokenizer", "gpt2"))
    writer.add_tokenizer_pre(changes.get("split", "qwen2"))
    writer.add_token_list(words)
    writer.add_token_types([3 if word in tiny_qwen.SPECIAL else 1 for word in words])
    writer.add_eos_token_id(known["<|im_end|>"])
    for merges in changes.get("merges", ()):
        writer.add_token_merges(merges)


def _label(name: str) -> str:
    if name in NAMES:
        return NAMES[name]
    return f"blk.{name.split('.')[2]}.{NAMES[name.split('.', 3)[-1]]}"
