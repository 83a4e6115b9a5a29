"""A CTranslate2 folder with Whisper in it: ``model.bin`` told as a Hugging Face checkpoint.

Layout of the file, version 6: OpenNMT/CTranslate2, ``python/ctranslate2/specs/model_spec.py``, ``_serialize``; names
of the variables: ``whisper_spec.py``, ``transformer_spec.py``. Weights of 8 or 16 bits are ``weight / weight_scale``.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import msgspec
import numpy as np
from numpy.typing import NDArray

from tools.export.checkpoint import Checkpoint
from tools.export.errors import CheckpointError, FamilyError
from tools.export.safetensors_folder import read_json

FILE = "model.bin"
VERSIONS = (5, 6)
MOST = 100_000  # variables; a file that says more lies
DTYPES: tuple[Any, ...] = (np.float32, np.int8, np.int16, np.int32, np.float16, ml_dtypes.bfloat16)
SUPPRESSED = {"suppress_tokens": "suppress_ids", "begin_suppress_tokens": "suppress_ids_begin"}
KINDS = {"gamma": "weight", "beta": "bias"}
WHOLE = {
    "conv1/weight": "conv1.weight",
    "conv1/bias": "conv1.bias",
    "conv2/weight": "conv2.weight",
    "conv2/bias": "conv2.bias",
    "embeddings/weight": "embed_tokens.weight",
    "position_encodings/encodings": "embed_positions.weight",
    "layer_norm/gamma": "layer_norm.weight",
    "layer_norm/beta": "layer_norm.bias",
}
LAYER = {
    "self_attention/layer_norm": ("self_attn_layer_norm",),
    "self_attention/linear_0": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "self_attention/linear_1": ("self_attn.out_proj",),
    "attention/layer_norm": ("encoder_attn_layer_norm",),
    "attention/linear_0": ("encoder_attn.q_proj",),
    "attention/linear_1": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
    "attention/linear_2": ("encoder_attn.out_proj",),
    "ffn/layer_norm": ("final_layer_norm",),
    "ffn/linear_0": ("fc1",),
    "ffn/linear_1": ("fc2",),
}
GELU = 3  # ctranslate2/specs/common_spec.py, Activation: by the error function


class Variable(msgspec.Struct, frozen=True):
    """Where a variable's bytes are."""

    dtype: int
    shape: tuple[int, ...]
    offset: int


class Part(msgspec.Struct, frozen=True):
    """Rows ``start…start + rows`` of a variable: CTranslate2 keeps queries, keys and values in one."""

    variable: str
    start: int
    rows: int


def is_folder(path: Path) -> bool:
    """Whether a folder holds a CTranslate2 model."""
    return (path / FILE).is_file()


def open_model_bin(folder: Path) -> Checkpoint:
    """Raises CheckpointError for a file that is damaged or lies, FamilyError for one of another model."""
    tokenizer = folder / "tokenizer.json"
    if not tokenizer.is_file():
        raise CheckpointError(f"{folder} has no tokenizer.json: put that of the model beside {FILE}")
    reader = ModelBin(folder / FILE)
    config = reader.config()
    if (folder / "config.json").is_file():
        theirs = read_json(folder, "config.json")
        config |= {ours: theirs.get(name) for ours, name in SUPPRESSED.items()}
    return Checkpoint(folder, config, reader, {"tokenizer.json": tokenizer.read_bytes()})


class ModelBin:
    """The variables of a file by Hugging Face names; nothing but the wanted rows is in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._variables = _Table(self._data).variables()
        except (struct.error, ValueError, OSError) as error:
            raise CheckpointError(f"{path} is damaged or cut off ({error}): download it again") from error
        self._heads = self._scalar("encoder/num_heads")
        self._check_options()
        self._parts = dict(_names(self._variables))

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor's name and shape."""
        return {
            name: (part.rows, *self._variables[part.variable].shape[1:]) for name, part in self._parts.items()
        }

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """Rows of the first axis as float32. Raises CheckpointError."""
        part = self._parts[name]
        variable = self._variables[part.variable]
        start, stop = part.start + start, part.start + stop
        values = self._slice(variable, start, stop).astype(np.float32)
        if variable.dtype in (1, 2):
            scale = self._variables.get(f"{part.variable}_scale")
            if scale is None or scale.shape not in ((), (1,), variable.shape[:1]):
                raise CheckpointError(f"{self._path}: {part.variable} has no scales: convert the model again")
            steps = self._slice(scale, *((start, stop) if scale.shape == variable.shape[:1] else (0, 1)))
            values /= steps.astype(np.float32).reshape(-1, *[1] * (values.ndim - 1))
        return values

    def config(self) -> dict[str, Any]:
        """As ``config.json`` of Hugging Face would say it. Raises CheckpointError."""
        conv, table = self._shape("encoder/conv1/weight", 3), self._shape("decoder/embeddings/weight", 2)
        heard = self._shape("encoder/position_encodings/encodings", 2)[0]
        written = self._shape("decoder/position_encodings/encodings", 2)[0]
        return {
            "model_type": "whisper",
            "num_mel_bins": conv[1],
            "d_model": conv[0],
            "encoder_layers": self._layers("encoder"),
            "decoder_layers": self._layers("decoder"),
            "encoder_attention_heads": self._heads,
            "decoder_attention_heads": self._scalar("decoder/num_heads"),
            "encoder_ffn_dim": self._shape("encoder/layer_0/ffn/linear_0/weight", 2)[0],
            "decoder_ffn_dim": self._shape("decoder/layer_0/ffn/linear_0/weight", 2)[0],
            "vocab_size": table[0],
            "max_source_positions": heard,
            "max_target_positions": written,
        }

    def _layers(self, half: str) -> int:
        count = 0
        while f"{half}/layer_{count}/ffn/linear_0/weight" in self._variables:
            count += 1
        return count

    def _check_options(self) -> None:
        wanted = {"activation": GELU, "scale_embeddings": 0, "alibi": 0, "pre_norm": 1}
        for name, value in wanted.items():
            found = self._scalar(f"decoder/{name}") if f"decoder/{name}" in self._variables else value
            if found != value:
                raise FamilyError(f"{self._path}: {name} is {found}, a Whisper's is {value}")

    def _shape(self, name: str, axes: int) -> tuple[int, ...]:
        found = self._variables.get(name)
        if found is None or len(found.shape) != axes:
            raise CheckpointError(f"{self._path}: {name} is missing or of another form: is it a Whisper?")
        return found.shape

    def _scalar(self, name: str) -> int:
        self._shape(name, 0)
        return int(self._slice(self._variables[name], 0, 1)[()])

    def _slice(self, variable: Variable, start: int, stop: int) -> NDArray[Any]:
        dtype = np.dtype(DTYPES[variable.dtype])
        row = int(np.prod(variable.shape[1:])) if variable.shape else 1
        shape = (stop - start, *variable.shape[1:]) if variable.shape else ()
        at = variable.offset + start * row * dtype.itemsize
        return np.frombuffer(self._data, dtype, (stop - start) * row, at).reshape(shape)


class _Table:
    """A walk through the file; struct.error and ValueError tell what is wrong with it."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def variables(self) -> dict[str, Variable]:
        if (version := self._number("<I")) not in VERSIONS:
            raise ValueError(f"its version is {version}; {' and '.join(map(str, VERSIONS))} are read")
        if (spec := self._text()) != "WhisperSpec":
            raise FamilyError(f"this model.bin is a {spec[:40]}, not a Whisper")
        self._number("<I")  # revision of the spec
        found = {}
        for _ in range(self._count()):
            name = self._text()
            found[name] = self._variable(name)
        for _ in range(self._count()):
            alias, name = self._text(), self._text()
            if name not in found:
                raise ValueError(f"{alias[:80]} stands for {name[:80]}, which is not there")
            found[alias] = found[name]
        return found

    def _variable(self, name: str) -> Variable:
        shape = tuple(self._number("<I") for _ in range(self._number("<B")))
        kind, size = self._number("<B"), self._number("<I")
        if kind >= len(DTYPES):
            raise ValueError(f"{name[:80]} is of type {kind}")
        wanted = np.dtype(DTYPES[kind]).itemsize
        for length in shape:
            wanted *= length
        if size != wanted % (1 << 32) or self._at + wanted > len(self._data):
            raise ValueError(f"{name[:80]} has {size} bytes, its shape {list(shape)} wants {wanted}")
        variable = Variable(kind, shape, self._at)
        self._at += wanted
        return variable

    def _count(self) -> int:
        if (count := self._number("<I")) > MOST:
            raise ValueError(f"it says it holds {count} entries")
        return count

    def _text(self) -> str:
        size = self._number("<H")
        text = self._data[self._at : self._at + size]
        if len(text) != size:
            raise ValueError("it ends in a name")
        self._at += size
        return text.rstrip(b"\0").decode()

    def _number(self, form: str) -> int:
        (found,) = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return int(found)


def _names(variables: Mapping[str, Variable]) -> Iterator[tuple[str, Part]]:
    """Each tensor by its Hugging Face name."""
    for raw, variable in variables.items():
        half, _, rest = raw.partition("/")
        if half not in ("encoder", "decoder") or not variable.shape or raw.endswith("_scale"):
            continue
        if rest in WHOLE:
            yield f"model.{half}.{WHOLE[rest]}", Part(raw, 0, variable.shape[0])
            continue
        layer, _, rest = rest.partition("/")
        place, _, kind = rest.rpartition("/")
        if not layer.startswith("layer_") or place not in LAYER:
            continue
        at, parts = f"model.{half}.layers.{layer[6:]}.", LAYER[place]
        rows = variable.shape[0] // len(parts)
        for number, part in enumerate(parts):
            if not (kind == "bias" and part.endswith("k_proj")):  # there is none: theirs is of zeros
                yield f"{at}{part}.{KINDS.get(kind, kind)}", Part(raw, number * rows, rows)
