"""Tiny checkpoints of every family, drawn from a seed: odd sizes, random weights, a tokenizer of single bytes.

They are as published ones are (``config.json``, safetensors, ``tokenizer.json``), so both the builder and the
reference implementation read the same folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
# New ones at the end: what is drawn depends on the place.
FAMILIES = ("qwen2", "qwen3", "qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_5", "qwen3_5_vl")
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for part in m.content %}{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part.type == 'video' %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

Tensors = dict[str, NDArray[np.float32]]


def draw(family: str, seed: int, folder: Path) -> Path:
    """Write the checkpoint number ``seed`` of ``family`` into ``folder``, which is made, and give it back."""
    rng = np.random.default_rng([FAMILIES.index(family), seed])
    folder.mkdir(parents=True, exist_ok=True)
    if family.endswith("vl"):
        from tools.bench import tiny_vision

        config, tensors, preprocessor = tiny_vision.draw(family, rng)
        (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor))
    else:
        config = text_config(family, rng)
        tensors = text_tensors(config, rng)
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    (folder / "tokenizer.json").write_text(tokenizer().to_str())
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|im_end|>"}))
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    return folder


def draw_adapter(base: Path, seed: int, folder: Path, rank: int = 4) -> Path:
    """Write a LoRA adapter of the checkpoint ``base``, as PEFT saves it, into ``folder``.

    Its first layer has a higher rank than the others.
    """
    rng = np.random.default_rng([99, seed])
    targets = {"q_proj", "v_proj", "o_proj", "down_proj"} if seed % 2 else {"k_proj", "gate_proj", "up_proj"}
    tensors: Tensors = {}
    for name, wanted in load_file(base / "model.safetensors").items():
        module = name.removesuffix(".weight")
        if module.rpartition(".")[2] in targets and name.endswith(".weight"):
            own = rank + 3 if "layers.0" in name else rank
            at = f"base_model.model.{module}"
            tensors[f"{at}.lora_A.weight"] = weight(rng, own, wanted.shape[1])
            tensors[f"{at}.lora_B.weight"] = weight(rng, wanted.shape[0], own)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": rank,
        "rank_pattern": {"layers.0.*": rank + 3},
        "alpha_pattern": {"layers.0.*": 3},
        "lora_alpha": 2,
        "use_rslora": bool(seed % 2),
        "target_modules": sorted(targets),
        "base_model_name_or_path": "tiny",
    }
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1))
    return folder


def text_config(family: str, rng: np.random.Generator) -> dict[str, Any]:
    """A decoder whose sizes are no round numbers; ``config.json`` without what the default says."""
    kv_heads, per_kv = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    heads, head = kv_heads * per_kv, int(rng.choice([16, 32, 48, 80]))
    config = {
        "architectures": [f"{family.title()}ForCausalLM"],
        "model_type": family,
        "num_hidden_layers": int(rng.integers(2, 5)),
        "hidden_size": heads * head if family == "qwen2" else 4 * int(rng.integers(11, 40)),
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "intermediate_size": int(rng.integers(60, 200)),
        "vocab_size": tokenizer().get_vocab_size() + int(rng.integers(1, 60)),
        "rms_norm_eps": float(rng.choice([1e-6, 1e-5])),
        "rope_theta": float(rng.choice([10000.0, 1000000.0])),
        "max_position_embeddings": 1024,
        "tie_word_embeddings": bool(rng.integers(2)),
        "hidden_act": "silu",
        "eos_token_id": tokenizer().token_to_id("<|im_end|>"),
    }
    if family == "qwen3_5":
        from tools.bench import tiny_delta

        return tiny_delta.config(rng, config)
    return {**config, "head_dim": head} if family == "qwen3" else config


def text_tensors(config: dict[str, Any], rng: np.random.Generator, prefix: str = "model.") -> Tensors:
    """Weights large enough for logits that differ."""
    width, ffn, vocab = config["hidden_size"], config["intermediate_size"], config["vocab_size"]
    from tools.bench import tiny_delta

    mixed = config["model_type"] == "qwen3_5_text"
    about_one = tiny_delta.centred if mixed else norm
    tensors = {
        f"{prefix}embed_tokens.weight": weight(rng, vocab, width, 1.0),
        f"{prefix}norm.weight": about_one(rng, width),
    }
    if not config["tie_word_embeddings"]:
        tensors["lm_head.weight"] = weight(rng, vocab, width, 1.0)
    for i in range(config["num_hidden_layers"]):
        at = f"{prefix}layers.{i}."
        tensors |= tiny_delta.mixer(config, i, at, rng) if mixed else _attention(config, at, rng)
        tensors |= {f"{at}mlp.{name}_proj.weight": weight(rng, ffn, width) for name in ("gate", "up")}
        tensors[f"{at}mlp.down_proj.weight"] = weight(rng, width, ffn)
        for name in ("input", "post_attention"):
            tensors[f"{at}{name}_layernorm.weight"] = about_one(rng, width)
    return tensors


def _attention(config: dict[str, Any], at: str, rng: np.random.Generator) -> Tensors:
    width, heads, kv_heads = (
        config[name] for name in ("hidden_size", "num_attention_heads", "num_key_value_heads")
    )
    head = config.get("head_dim", width // heads)
    tensors: Tensors = {}
    for name, rows in (("q", heads), ("k", kv_heads), ("v", kv_heads)):
        tensors[f"{at}self_attn.{name}_proj.weight"] = weight(rng, rows * head, width)
        if config["model_type"].startswith("qwen2"):
            tensors[f"{at}self_attn.{name}_proj.bias"] = weight(rng, rows * head)
    if config["model_type"].startswith("qwen3"):
        tensors |= {f"{at}self_attn.{name}_norm.weight": norm(rng, head) for name in "qk"}
    tensors[f"{at}self_attn.o_proj.weight"] = weight(rng, width, heads * head)
    return tensors


def weight(rng: np.random.Generator, rows: int, columns: int = 1, gain: float = 1.5) -> NDArray[np.float32]:
    """A matrix, or a vector; what it makes is about ``gain`` times as large as what it gets."""
    drawn = rng.standard_normal((rows, columns), np.float32) * np.float32(gain / np.sqrt(columns))
    return drawn if columns > 1 else drawn[:, 0]


def norm(rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    """A norm's weights, about one."""
    return (1 + 0.2 * rng.standard_normal(size, np.float32)).astype(np.float32)


def tokenizer() -> Tokenizer:
    """Every byte is a word; the special tokens are Qwen's."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={word: i for i, word in enumerate(alphabet)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(word, normalized=False) for word in SPECIAL])
    return made
