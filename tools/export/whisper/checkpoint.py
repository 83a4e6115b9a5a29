"""A Whisper checkpoint of either format: what it is made of, and where its tensors are.

Names follow Hugging Face's ``WhisperForConditionalGeneration``; ``WhisperModel`` saves them without ``model.``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.speech.whisper.shape import Shape
from tools.export.checkpoint import Checkpoint
from tools.export.errors import CheckpointError, FamilyError
from tools.export.safetensors_folder import open_folder, read_json
from tools.export.whisper import model_bin

POSITIONS = {"audio_positions": "max_source_positions", "text_positions": "max_target_positions"}
SIZES = {
    "mels": "num_mel_bins",
    "audio_layers": "encoder_layers",
    "text_layers": "decoder_layers",
    "width": "d_model",
    "heads": "encoder_attention_heads",
    "ffn": "encoder_ffn_dim",
    "vocabulary": "vocab_size",
} | POSITIONS
SUPPRESSED = ("suppress_tokens", "begin_suppress_tokens")
SAME = {"decoder_attention_heads": "heads", "decoder_ffn_dim": "ffn"}


def is_whisper(path: Path) -> bool:
    """Whether a folder holds a Whisper checkpoint, whole or not. Raises CheckpointError."""
    if not path.is_dir():
        return False
    if model_bin.is_folder(path):
        return True
    return (path / "config.json").is_file() and read_json(path, "config.json").get("model_type") == "whisper"


def open_whisper_checkpoint(folder: Path) -> Checkpoint:
    """Raises CheckpointError, FamilyError."""
    if model_bin.is_folder(folder):
        return model_bin.open_model_bin(folder)
    checkpoint = open_folder(folder)
    if "generation_config.json" in checkpoint.files:
        generation = read_json(folder, "generation_config.json")
        checkpoint.config |= {name: generation[name] for name in SUPPRESSED if name in generation}
    return checkpoint


def suppressed(config: dict[str, Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The tokens that are never written, and those that are not written first. Raises CheckpointError."""
    try:
        never, first = (msgspec.convert(config.get(name) or (), tuple[int, ...]) for name in SUPPRESSED)
    except msgspec.ValidationError as error:
        raise CheckpointError(f"its suppressed tokens are no list of numbers: {error}") from error
    return tuple(token for token in never if token >= 0), tuple(token for token in first if token >= 0)


def shape_of(config: dict[str, Any]) -> Shape:
    """What ``config.json`` says. Raises FamilyError."""
    if config.get("model_type") != "whisper":
        raise FamilyError(f"{config.get('model_type')} is no Whisper")
    sizes = {ours: config.get(theirs) for ours, theirs in SIZES.items()}
    sizes = {ours: size for ours, size in sizes.items() if size is not None or ours not in POSITIONS}
    try:
        shape = msgspec.convert(sizes, Shape)
    except msgspec.ValidationError as error:
        raise FamilyError(f"config.json: {error}") from error
    for theirs, ours in SAME.items():
        if config.get(theirs, sizes[ours]) != sizes[ours]:
            raise FamilyError(f"config.json: {theirs} is {config[theirs]}, the encoder's is {sizes[ours]}")
    if shape.width % shape.heads:
        raise FamilyError(f"config.json: {shape.width} channels can't be shared by {shape.heads} heads")
    if config.get("activation_function", "gelu") != "gelu" or config.get("scale_embedding"):
        raise FamilyError(
            "config.json: the activation is not gelu, or embeddings are scaled: no Whisper does"
        )
    return shape


class Tensors:
    """The tensors of a checkpoint, whichever prefix it has."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self._prefix = "model." if "model.encoder.conv1.weight" in checkpoint else ""

    def read(self, name: str, *shape: int) -> NDArray[np.float32]:
        """A tensor as float32. Raises CheckpointError."""
        return self.checkpoint.read(self._prefix + name, shape)

    def linear(self, name: str, inputs: int, outputs: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A linear layer's weight float32[N, K] and bias float32[N], of zeros where there is none."""
        bias = f"{name}.bias"
        there = self._prefix + bias in self.checkpoint
        made = self.read(bias, outputs) if there else np.zeros(outputs, np.float32)
        return self.read(f"{name}.weight", outputs, inputs), made
