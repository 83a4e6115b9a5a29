"""The decoder of tiny Qwen3.5 checkpoints: gated delta nets of odd sizes between blocks with gated attention."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.bench import tiny_qwen

Tensors = dict[str, NDArray[np.float32]]

GAIN = (
    0.4  # of what goes into the residual stream: with as much as the others, every error would grow sixfold
)


def config(rng: np.random.Generator, common: dict[str, Any]) -> dict[str, Any]:
    """``common`` as a Qwen3.5 has it; every second one lists its blocks, the others say how often attention comes."""
    head, factor = ((64, 0.25), (80, 0.4), (128, 0.25))[int(rng.integers(3))]
    layers, every, key_heads = int(rng.integers(3, 6)), int(rng.integers(2, 4)), int(rng.integers(1, 4))
    kinds: dict[str, Any] = {"full_attention_interval": every}
    if rng.integers(2):
        listed = ["full_attention", *rng.choice(["linear_attention", "full_attention"], layers - 2)]
        kinds = {"layer_types": [*map(str, listed), "linear_attention"]}
    theta = common.pop("rope_theta")
    return {
        **common,
        **kinds,
        "model_type": "qwen3_5_text",
        "num_hidden_layers": layers,
        "head_dim": head,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": theta,
            "partial_rotary_factor": factor,
        },
        "linear_num_key_heads": key_heads,
        "linear_num_value_heads": key_heads * int(rng.integers(1, 4)),
        "linear_key_head_dim": int(rng.integers(9, 40)),
        "linear_value_head_dim": int(rng.integers(9, 40)),
        "linear_conv_kernel_dim": int(rng.integers(2, 6)),
    }


def mixer(config: dict[str, Any], i: int, at: str, rng: np.random.Generator) -> Tensors:
    """What stands where other families have plain attention."""
    kinds = config.get("layer_types")
    every = config.get("full_attention_interval", 4)
    if kinds[i] == "full_attention" if kinds else (i + 1) % every == 0:
        return _attention(config, f"{at}self_attn.", rng)
    return _net(config, f"{at}linear_attn.", rng)


def centred(rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    """A norm's weights less one."""
    return tiny_qwen.norm(rng, size) - np.float32(1)


def _attention(config: dict[str, Any], at: str, rng: np.random.Generator) -> Tensors:
    width, head = config["hidden_size"], config["head_dim"]
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    rows = {"q": 2 * heads, "k": kv_heads, "v": kv_heads}
    tensors = {
        f"{at}{name}_proj.weight": tiny_qwen.weight(rng, count * head, width) for name, count in rows.items()
    }
    tensors |= {f"{at}{name}_norm.weight": centred(rng, head) for name in "qk"}
    return tensors | {f"{at}o_proj.weight": tiny_qwen.weight(rng, width, heads * head, GAIN)}


def _net(config: dict[str, Any], at: str, rng: np.random.Generator) -> Tensors:
    width, taps, heads = (
        config[name] for name in ("hidden_size", "linear_conv_kernel_dim", "linear_num_value_heads")
    )
    keys = config["linear_num_key_heads"] * config["linear_key_head_dim"]
    values = heads * config["linear_value_head_dim"]
    rows = {"qkv": 2 * keys + values, "z": values, "b": heads, "a": heads}
    tensors = {
        f"{at}in_proj_{name}.weight": tiny_qwen.weight(rng, count, width) for name, count in rows.items()
    }
    return tensors | {
        f"{at}conv1d.weight": tiny_qwen.weight(rng, 2 * keys + values, taps)[:, None],
        f"{at}A_log": np.log(rng.uniform(0.01, 4, heads)).astype(np.float32),
        f"{at}dt_bias": rng.uniform(-3, 1, heads).astype(np.float32),
        f"{at}norm.weight": tiny_qwen.norm(rng, config["linear_value_head_dim"]),
        f"{at}out_proj.weight": tiny_qwen.weight(rng, width, values, GAIN),
    }
