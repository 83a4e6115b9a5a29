"""The picture half of tiny Qwen-VL checkpoints: an encoder of odd sizes around a decoder of ``tiny_qwen``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.engine import Engine
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.prompt import Prompt, text_prompt
from models.qwen_vl.turns import View
from tools.bench import tiny_qwen

Config = dict[str, Any]
Tensors = dict[str, NDArray[np.float32]]

ARCHITECTURES = {
    "qwen2_vl": "Qwen2VLForConditionalGeneration",
    "qwen2_5_vl": "Qwen2_5_VLForConditionalGeneration",
    "qwen3_vl": "Qwen3VLForConditionalGeneration",
    "qwen3_5_vl": "Qwen3_5ForConditionalGeneration",
}
NEWER = ("qwen3_vl", "qwen3_5_vl")
DECODERS = {"qwen3_vl": "qwen3", "qwen3_5_vl": "qwen3_5"}


def draw(family: str, rng: np.random.Generator) -> tuple[Config, Tensors, Config]:
    """``config.json``, the tensors, and ``preprocessor_config.json``."""
    text = tiny_qwen.text_config(DECODERS.get(family, "qwen2"), rng)
    vision = _vision(family, text["hidden_size"], rng)
    rotary = text.get("rope_parameters", {})
    head = text.get("head_dim") or text["hidden_size"] // text["num_attention_heads"]
    half = int(head * rotary.get("partial_rotary_factor", 1)) // 2
    # Interleaved frequencies are dealt out in threes: the two later axes get no more than a third each.
    nested = family in NEWER
    share = half // 3 if nested else half // 4
    mrope: Config = {"rope_type": "default", "mrope_section": [half - 2 * share, share, share]}
    if nested:
        mrope["mrope_interleaved"] = True
    if rotary:
        rotary |= mrope
    else:
        text |= {"model_type": f"{family}_text", "rope_scaling": mrope}
    ids = {word.strip("<|>"): tiny_qwen.tokenizer().token_to_id(word) for word in tiny_qwen.SPECIAL}
    config = {
        "architectures": [ARCHITECTURES[family]],
        "model_type": "qwen3_5" if family == "qwen3_5_vl" else family,
        "text_config": text,
        "vision_config": vision,
        "tie_word_embeddings": text["tie_word_embeddings"],
        "image_token_id": ids["image_pad"],
        "video_token_id": ids["video_pad"],
        "vision_start_token_id": ids["vision_start"],
        "vision_end_token_id": ids["vision_end"],
        "eos_token_id": text["eos_token_id"],
    }
    side = vision["patch_size"] * 2
    preprocessor: Config = {"size": {"shortest_edge": side * side, "longest_edge": 64 * side * side}}
    if nested:  # the older families' files may leave out what is CLIP's
        preprocessor |= {"image_mean": [0.5, 0.4, 0.6], "image_std": [0.5, 0.6, 0.4]}
    tensors = tiny_qwen.text_tensors(text, rng, "model.language_model." if nested else "model.")
    prefix = "model.visual." if nested else "visual."
    return (
        config,
        tensors | {prefix + name: value for name, value in encoder_tensors(family, vision, rng).items()},
        preprocessor,
    )


def pictures(count: int, side: int, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    """Noise of odd sizes, none of them square but the last, which is one feature of ``side`` pixels."""
    sizes = [
        (int(rng.integers(1, 9)) * side - 1, int(rng.integers(1, 9)) * side + 1) for _ in range(count - 1)
    ]
    sizes = [*sizes, (side, side)][:count]
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]


def among(tokens: list[int], token: int, count: int) -> list[int]:
    """``tokens`` with ``token`` at ``count`` places in them."""
    step = len(tokens) // (count + 1)
    parts = [tokens[i * step : (i + 1) * step if i < count else None] for i in range(count + 1)]
    return [item for i, part in enumerate(parts) for item in ([token] if i else []) + part]


def _vision(family: str, out: int, rng: np.random.Generator) -> Config:
    heads = int(rng.integers(1, 4))
    width = heads * int(rng.choice([16, 24, 40]))
    depth = int(rng.integers(3, 6))
    config = {
        "depth": depth,
        "num_heads": heads,
        "patch_size": int(rng.choice([4, 6])),
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "in_channels": 3,
    }
    if family == "qwen2_vl":
        return config | {"embed_dim": width, "hidden_size": out, "mlp_ratio": int(rng.integers(2, 5))}
    config |= {"hidden_size": width, "intermediate_size": int(rng.integers(50, 90)), "out_hidden_size": out}
    if family == "qwen2_5_vl":
        window = config["patch_size"] * 2 * int(rng.integers(2, 4))
        return config | {"window_size": window, "fullatt_block_indexes": [1, depth - 1], "hidden_act": "silu"}
    deep: Config = {}
    if family == "qwen3_vl":
        deep["deepstack_visual_indexes"] = sorted(int(i) for i in rng.choice(depth, 2, replace=False))
    places = int(rng.integers(4, 9)) ** 2
    return config | {"num_position_embeddings": places, **deep, "hidden_act": "gelu_pytorch_tanh"}


def encoder_tensors(family: str, config: Config, rng: np.random.Generator) -> Tensors:
    """Weights of an encoder of these sizes, by their names without a prefix."""
    width = config["embed_dim" if family == "qwen2_vl" else "hidden_size"]
    patch = (3, config["temporal_patch_size"], config["patch_size"], config["patch_size"])
    tensors: Tensors = {}

    def linear(name: str, outputs: int, inputs: int) -> None:
        tensors[f"{name}.weight"] = tiny_qwen.weight(rng, outputs, inputs)
        tensors[f"{name}.bias"] = tiny_qwen.weight(rng, outputs, gain=0.2)

    def norm(name: str, size: int) -> None:
        tensors[f"{name}.weight"] = tiny_qwen.norm(rng, size)
        if family != "qwen2_5_vl":
            tensors[f"{name}.bias"] = tiny_qwen.weight(rng, size, gain=0.2)

    tensors["patch_embed.proj.weight"] = tiny_qwen.weight(rng, width, int(np.prod(patch))).reshape(
        width, *patch
    )
    if family in NEWER:
        tensors["patch_embed.proj.bias"] = tiny_qwen.weight(rng, width, gain=0.2)
        tensors["pos_embed.weight"] = tiny_qwen.weight(rng, config["num_position_embeddings"], width, 5.0)
    for i in range(config["depth"]):
        at = f"blocks.{i}"
        norm(f"{at}.norm1", width)
        norm(f"{at}.norm2", width)
        linear(f"{at}.attn.qkv", 3 * width, width)
        linear(f"{at}.attn.proj", width, width)
        for name, outputs, inputs in _mlp(family, width, config):
            linear(f"{at}.mlp.{name}", outputs, inputs)
    out = config["hidden_size"] if family == "qwen2_vl" else config["out_hidden_size"]
    deep = len(config.get("deepstack_visual_indexes", ()))
    for name in ("merger", *(f"deepstack_merger_list.{i}" for i in range(deep))):
        first, second = ("linear_fc1", "linear_fc2") if family in NEWER else ("mlp.0", "mlp.2")
        norm(f"{name}.{'norm' if family in NEWER else 'ln_q'}", width if name == "merger" else 4 * width)
        linear(f"{name}.{first}", 4 * width, 4 * width)
        linear(f"{name}.{second}", out, 4 * width)
    return tensors


def _mlp(family: str, width: int, config: Config) -> list[tuple[str, int, int]]:
    if family == "qwen2_vl":
        ffn = width * config["mlp_ratio"]
        return [("fc1", ffn, width), ("fc2", width, ffn)]
    ffn = config["intermediate_size"]
    if family == "qwen2_5_vl":
        return [("gate_proj", ffn, width), ("up_proj", ffn, width), ("down_proj", width, ffn)]
    return [("linear_fc1", ffn, width), ("linear_fc2", width, ffn)]


def question(
    engine: Engine, tokens: list[int], count: int, rng: np.random.Generator
) -> tuple[Prompt, list[NDArray[np.uint8]]]:
    """``tokens`` with ``count`` pictures among them, as a prompt, and the pictures."""
    shape = engine.folder.about.vision
    if not count or shape is None:
        return text_prompt(tokens), []
    drawn = pictures(count, shape.patch * shape.merge, rng)
    return engine.look(among(tokens, shape.token, count), [View(picture) for picture in drawn]), drawn


def plain(engine: Engine, prompt: Prompt) -> list[int]:
    """The prompt's tokens as the reference wants them: a picture's token for each of its features."""
    shape = engine.folder.about.vision
    return [shape.token if shape and item < 0 else item for item in prompt.items]


def logits(engine: Engine, prompt: Prompt) -> NDArray[np.float32]:
    """float32[vocab] after the prompt, fed in one piece."""
    about, machine, count = engine.folder.about, engine.machine, len(prompt.items)
    rows, deep = prompt.rows(machine.table, 0, count), prompt.deep(0, count)
    cache = KvCache(about.text, about.kv)
    made: NDArray[np.float32] = machine.many.feed(
        cache, prompt.items, rows, prompt.positions, deepstack=deep
    )[0]
    return made
