"""Tiny Whisper checkpoints, drawn from a seed: odd sizes, random weights, a tokenizer of single bytes.

They are as ``WhisperForConditionalGeneration`` saves them, so the builder and the reference implementation read the
same folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from models.speech.whisper.shape import Shape
from tools.bench.tiny_qwen import tokenizer

SHAPES = {
    1: Shape(
        mels=80,
        audio_layers=2,
        text_layers=3,
        width=24,
        heads=3,
        ffn=52,
        vocabulary=301,
        audio_positions=90,
        text_positions=40,
    ),
    2: Shape(
        mels=128,
        audio_layers=3,
        text_layers=1,
        width=80,
        heads=5,
        ffn=96,
        vocabulary=277,
        audio_positions=61,
        text_positions=33,
    ),
    3: Shape(
        mels=80,
        audio_layers=1,
        text_layers=2,
        width=64,
        heads=1,
        ffn=256,
        vocabulary=263,
        audio_positions=150,
        text_positions=21,
    ),
}

Tensors = dict[str, NDArray[np.float32]]


def draw(number: int, folder: Path) -> Path:
    """Write the checkpoint ``number`` into ``folder``, which is made, and give it back."""
    save(SHAPES[number], tensors(number), folder)
    return folder


def save(shape: Shape, tensors: Tensors, folder: Path) -> None:
    """Write a checkpoint of these tensors into ``folder``, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config(shape), indent=1))
    (folder / "tokenizer.json").write_text(tokenizer().to_str())


def config(shape: Shape) -> dict[str, Any]:
    """As ``config.json`` says it."""
    return {
        "architectures": ["WhisperForConditionalGeneration"],
        "model_type": "whisper",
        "activation_function": "gelu",
        "num_mel_bins": shape.mels,
        "encoder_layers": shape.audio_layers,
        "decoder_layers": shape.text_layers,
        "d_model": shape.width,
        "encoder_attention_heads": shape.heads,
        "decoder_attention_heads": shape.heads,
        "encoder_ffn_dim": shape.ffn,
        "decoder_ffn_dim": shape.ffn,
        "vocab_size": shape.vocabulary,
        "max_source_positions": shape.audio_positions,
        "max_target_positions": shape.text_positions,
        "scale_embedding": False,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "pad_token_id": 0,
        "decoder_start_token_id": 1,
    }


def mel(number: int) -> NDArray[np.float32]:
    """A spectrogram float32[mels, 2 · positions] that fills the window of checkpoint ``number``."""
    shape = SHAPES[number]
    rng = np.random.default_rng([91, number])
    return rng.uniform(-1, 1, (shape.mels, 2 * shape.audio_positions)).astype(np.float32)


def tokens(number: int) -> list[int]:
    """Tokens that fill most of the text of checkpoint ``number``."""
    shape = SHAPES[number]
    rng = np.random.default_rng([92, number])
    return [int(token) for token in rng.integers(0, shape.vocabulary, shape.text_positions - 3)]


def tensors(number: int) -> Tensors:
    """The weights of checkpoint ``number``."""
    shape, rng = SHAPES[number], np.random.default_rng([90, number])
    made: Tensors = {}

    def put(name: str, *size: int, mean: float = 0, spread: float | None = None) -> None:
        wide = float(np.prod(size[1:])) ** -0.5 if spread is None else spread
        made[f"model.{name}"] = (mean + wide * rng.standard_normal(size)).astype(np.float32)

    def linear(name: str, inputs: int, outputs: int, *, bias: bool = True) -> None:
        put(f"{name}.weight", outputs, inputs)
        if bias:
            put(f"{name}.bias", outputs, spread=0.2)

    def norm(name: str) -> None:
        put(f"{name}.weight", shape.width, mean=1, spread=0.2)
        put(f"{name}.bias", shape.width, spread=0.2)

    def attention(name: str) -> None:
        for letter in "qkv":
            linear(f"{name}.{letter}_proj", shape.width, shape.width, bias=letter != "k")
        linear(f"{name}.out_proj", shape.width, shape.width)

    for half, layers in (("encoder", shape.audio_layers), ("decoder", shape.text_layers)):
        for i in range(layers):
            at = f"{half}.layers.{i}"
            attention(f"{at}.self_attn")
            norm(f"{at}.self_attn_layer_norm")
            if half == "decoder":
                attention(f"{at}.encoder_attn")
                norm(f"{at}.encoder_attn_layer_norm")
            linear(f"{at}.fc1", shape.width, shape.ffn)
            linear(f"{at}.fc2", shape.ffn, shape.width)
            norm(f"{at}.final_layer_norm")
        norm(f"{half}.layer_norm")
    for name, inputs in (("conv1", shape.mels), ("conv2", shape.width)):
        put(f"encoder.{name}.weight", shape.width, inputs, 3)
        put(f"encoder.{name}.bias", shape.width, spread=0.2)
    put("encoder.embed_positions.weight", shape.audio_positions, shape.width, spread=0.5)
    put("decoder.embed_tokens.weight", shape.vocabulary, shape.width, spread=0.5)
    put("decoder.embed_positions.weight", shape.text_positions, shape.width, spread=0.5)
    return made
