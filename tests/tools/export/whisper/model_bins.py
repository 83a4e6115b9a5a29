"""``model.bin`` files as CTranslate2's converter writes them (version 6), from Hugging Face tensors."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.speech.whisper.shape import Shape
from tools.bench.tiny_qwen import tokenizer
from tools.bench.tiny_whisper import Tensors

Kind = Literal["float32", "float16", "int8", "int16"]
IDS = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}
LINEAR = {
    "self_attention/linear_0": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "self_attention/linear_1": ("self_attn.out_proj",),
    "attention/linear_0": ("encoder_attn.q_proj",),
    "attention/linear_1": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
    "attention/linear_2": ("encoder_attn.out_proj",),
    "ffn/linear_0": ("fc1",),
    "ffn/linear_1": ("fc2",),
}
NORMS = {
    "self_attention": "self_attn_layer_norm",
    "attention": "encoder_attn_layer_norm",
    "ffn": "final_layer_norm",
}


def save(shape: Shape, tensors: Tensors, folder: Path, kind: Kind = "float32") -> Path:
    """Write the folder that CTranslate2 would, and give it back."""
    folder.mkdir(parents=True, exist_ok=True)
    names = _variables(shape, tensors, kind)
    (folder / "model.bin").write_bytes(written(names))
    (folder / "config.json").write_text('{"suppress_ids": [7, 9], "suppress_ids_begin": [5]}')
    (folder / "tokenizer.json").write_text(tokenizer().to_str())
    return folder


def written(variables: dict[str, NDArray[Any]], spec: str = "WhisperSpec", version: int = 6) -> bytes:
    """The bytes of the file."""
    made = struct.pack("<I", version) + _text(spec) + struct.pack("<II", 3, len(variables))
    for name, value in variables.items():
        made += _text(name) + struct.pack(f"<B{value.ndim}I", value.ndim, *value.shape)
        made += struct.pack("<BI", IDS[value.dtype.name], value.nbytes) + value.tobytes()
    alias = _text("decoder/projection/weight") + _text("decoder/embeddings/weight")
    return made + struct.pack("<I", 1) + alias


def _text(text: str) -> bytes:
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"


def _variables(shape: Shape, tensors: Tensors, kind: Kind) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}

    def put(name: str, value: NDArray[np.float32], *, weight: bool = False) -> None:
        if weight and kind in ("int8", "int16"):
            scale = np.abs(value).reshape(len(value), -1).max(axis=1) / (127 if kind == "int8" else 1023)
            rounded = np.rint(value / scale.reshape(-1, *[1] * (value.ndim - 1)))
            found[name], found[f"{name}_scale"] = rounded.astype(kind), (1 / scale).astype(np.float32)
        else:
            found[name] = value.astype("float16" if kind == "float16" else "float32")

    for half, layers in (("encoder", shape.audio_layers), ("decoder", shape.text_layers)):
        found[f"{half}/num_heads"] = np.array(shape.heads, np.int16)
        theirs = f"model.{half}"
        for i in range(layers):
            at = f"{theirs}.layers.{i}"
            for ours, parts in LINEAR.items():
                if f"{at}.{parts[0]}.weight" in tensors:
                    weights = [tensors[f"{at}.{part}.weight"] for part in parts]
                    put(f"{half}/layer_{i}/{ours}/weight", np.concatenate(weights), weight=True)
                    nothing = np.zeros(shape.width, np.float32)  # what the converter puts where K has no bias
                    biases = [tensors.get(f"{at}.{part}.bias", nothing) for part in parts]
                    put(f"{half}/layer_{i}/{ours}/bias", np.concatenate(biases))
            for ours, norm in NORMS.items():
                if f"{at}.{norm}.weight" in tensors:
                    put(f"{half}/layer_{i}/{ours}/layer_norm/gamma", tensors[f"{at}.{norm}.weight"])
                    put(f"{half}/layer_{i}/{ours}/layer_norm/beta", tensors[f"{at}.{norm}.bias"])
        put(f"{half}/layer_norm/gamma", tensors[f"{theirs}.layer_norm.weight"])
        put(f"{half}/layer_norm/beta", tensors[f"{theirs}.layer_norm.bias"])
        put(f"{half}/position_encodings/encodings", tensors[f"{theirs}.embed_positions.weight"])
    put("decoder/embeddings/weight", tensors["model.decoder.embed_tokens.weight"], weight=True)
    for name in ("conv1", "conv2"):
        put(f"encoder/{name}/weight", tensors[f"model.encoder.{name}.weight"])
        put(f"encoder/{name}/bias", tensors[f"model.encoder.{name}.bias"])
    flags = {"activation": 3, "alibi": 0, "pre_norm": 1, "scale_embeddings": 0}
    return found | {f"decoder/{name}": np.array(value, np.int8) for name, value in flags.items()}
