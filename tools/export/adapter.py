"""A LoRA adapter on its way into a built model's folder, to be switched on and off at run time.

A quantised build turns, scales and smooths what goes through its layers (see ``fold``); the factors are folded in
the same way. An 8-bit cache gets steps of the adapter's own: what it makes of K and V may be larger than the
model's. One whole folder appears, or none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.backends.ort_bound import BoundSession
from models.qwen_vl.adapter import DATA, DESCRIPTION, FOLDER, FORMAT, GRAPH, AdapterDescription
from models.qwen_vl.decoder import Decoder
from models.qwen_vl.folder import BITS, FileMark, ModelFolder
from models.qwen_vl.generate import CHUNK
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.pixels import decode
from models.qwen_vl.prompt import Prompt, picture_prompt, text_prompt
from models.qwen_vl.shape import TextShape
from models.qwen_vl.tables import embedding
from models.qwen_vl.vision import Encoder
from tools.export.adapted import PIECE, adapted_graph
from tools.export.build import CALIBRATION_PIXELS, appearing
from tools.export.calibrate import PICTURE, Seen, cache_scales, largest, prompts, radius
from tools.export.errors import CheckpointError, ExportError
from tools.export.fold import Basis, Rotation, fold_factors, rotation
from tools.export.graph import Graph, save
from tools.export.lora import Lora
from tools.export.weights import WeightFile

Factors = tuple[NDArray[np.float32], NDArray[np.float32]]
Arrays = dict[str, NDArray[np.float32]]

MODULES = {
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "out": "self_attn.o_proj",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
}
LAYERS = {"qkv": ("q", "k", "v"), "out": ("out",), "gate": ("gate",), "up": ("up",), "down": ("down",)}


def keep_adapter(model: Path, source: Path, name: str) -> AdapterDescription:
    """Fold the adapter in ``source`` for the built ``model`` and put it into its folder as ``name``.

    Raises ExportError, ManifestError, BackendError.
    """
    folder = ModelFolder(model)
    target = _place(folder, name)
    lora = Lora(source)
    _check(lora, folder)
    arrays, turn = Arrays(), _rotation(folder)
    for i in range(folder.about.text.layers):
        arrays |= _block(lora, folder, turn, i)
    rank = max(len(lora.factors(module)[0]) for module in lora.changed)
    with appearing(target) as place:
        if folder.about.kv == "int8":
            arrays |= _steps(folder, arrays)
        with WeightFile(place / DATA) as file:
            for key, array in arrays.items():
                file.put(key, np.float32, array.shape, [array])
        about = AdapterDescription(
            format=FORMAT,
            name=name,
            base=folder.about.files["decoder.data"].sha256,
            source=source.resolve().name,
            rank=rank,
            tensors=file.tensors,
            data=FileMark(file.sha256, file.size),
        )
        (place / DESCRIPTION).write_bytes(msgspec.json.format(msgspec.json.encode(about), indent=1))
    return about


def _place(folder: ModelFolder, name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) or name == "none":
        raise ExportError(f"{name!r} is no name for an adapter: use letters, digits, '.', '_' and '-'")
    if GRAPH not in folder.about.files:
        raise ExportError(
            f"{folder.about.name} takes no adapters at run time: build it again with this version of Browline, or "
            "merge the adapter with `browline models build BASE --adapter FOLDER`"
        )
    target = folder.path / FOLDER / name
    if target.exists():
        raise ExportError(
            f"{folder.about.name} has an adapter {name} already: give this one another --name, or run "
            f"`browline models remove {folder.about.name}:{name}`"
        )
    return target


def _check(lora: Lora, folder: ModelFolder) -> None:
    """Raise CheckpointError unless the adapter changes layers of the text decoder, and of this one."""
    shape = folder.about.text
    layers = {
        f"model.layers.{i}.{module}.weight": _size(shape, part)
        for i in range(shape.layers)
        for part, module in MODULES.items()
    }
    for name in lora.changed:
        if name.startswith("visual.") or name == "lm_head.weight":
            what = "the head" if name == "lm_head.weight" else "the picture encoder"
            raise CheckpointError(
                f"the adapter changes {what} ({name}); at run time only the decoder's layers can be changed: "
                "merge it with `browline models build BASE --adapter FOLDER`"
            )
    lora.check(layers, folder.about.name)


def _size(shape: TextShape, part: str) -> tuple[int, int]:
    """Outputs and inputs."""
    inner, values = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    return {
        "q": (inner, shape.width),
        "k": (values, shape.width),
        "v": (values, shape.width),
        "out": (shape.width, inner),
        "down": (shape.width, shape.ffn),
    }.get(part, (shape.ffn, shape.width))


def _block(lora: Lora, folder: ModelFolder, turn: Rotation | None, i: int) -> Arrays:
    shape, arrays = folder.about.text, Arrays()
    basis = None if turn is None else _basis(folder, turn, i)
    for layer, parts in LAYERS.items():
        found: list[Factors | None] = []
        for part in parts:
            name = f"model.layers.{i}.{MODULES[part]}.weight"
            factors = lora.factors(name) if name in lora.changed else None
            if factors is not None and basis is not None:
                factors = fold_factors(shape, basis, part, *factors)
            found.append(factors)
        a, b = _joined([_size(shape, part) for part in parts], found)
        arrays |= {f"{i}.{layer}.lora_a": a, f"{i}.{layer}.lora_b": b}
    return arrays


def _joined(sizes: Sequence[tuple[int, int]], found: Sequence[Factors | None]) -> Factors:
    """The factors of layers that are stored as one, as the graph takes them: B in blocks, A in pieces."""
    ranks = [0 if factors is None else len(factors[0]) for factors in found]
    count, inputs = -(-sum(ranks) // PIECE), sizes[0][1]
    a = np.zeros((count * PIECE, inputs), np.float32)
    b = np.zeros((count * PIECE, sum(outputs for outputs, _ in sizes)), np.float32)
    row = column = 0
    for (outputs, _), rank, factors in zip(sizes, ranks, found, strict=True):
        if factors is not None:
            a[row : row + rank] = factors[0]
            b[row : row + rank, column : column + outputs] = factors[1].T
        row, column = row + rank, column + outputs
    return np.ascontiguousarray(np.swapaxes(a.reshape(count, PIECE, inputs), 1, 2)), b


def _rotation(folder: ModelFolder) -> Rotation | None:
    """As the model was turned when it was built; None for one that was not. Raises ExportError."""
    if folder.about.quant == "none":
        return None
    turn = rotation(folder.about.text)
    for name, row in (("stream", turn.stream[0]), ("head", turn.head[0])):
        if not np.allclose(row, folder.tensor(f"folded.{name}"), atol=1e-4):
            raise ExportError(
                f"{folder.about.name} was turned otherwise than this version does it: build it again"
            )
    return turn


def _basis(folder: ModelFolder, turn: Rotation, i: int) -> Basis:
    return Basis(
        turn, *(np.array(folder.tensor(f"folded.{i}.{name}")) for name in ("norm1", "norm2", "smooth"))
    )


def _steps(folder: ModelFolder, arrays: Arrays) -> Arrays:
    """The steps of the 8-bit cache: the committed prompts go through the adapted model with a float32 one."""
    about = folder.about
    path = folder.path / "calibrate.onnx"
    try:
        graph = Graph(about.tensors)
        save(adapted_graph(graph, about.text, BITS[about.quant], eight_bit_cache=False), path)
        session = BoundSession(path)
    finally:
        path.unlink(missing_ok=True)
    try:
        decoder = Decoder(session, about.text, held=arrays)
        seen = [_seen(decoder, prompt, folder) for prompt in _prompts(folder)]
    finally:
        session.close()
    scales = cache_scales([largest(block) for block in zip(*seen, strict=True)])
    return {
        f"{i}.{letter}.step": steps
        for letter, blocks in (("k", scales.k), ("v", scales.v))
        for i, steps in enumerate(blocks)
    }


def _seen(decoder: Decoder, prompt: Prompt, folder: ModelFolder) -> list[Seen]:
    """How large K and V get in each block."""
    table, count = embedding(folder), len(prompt.items)
    cache = KvCache(folder.about.text, "float32", count + 1)
    for at in range(0, count, CHUNK):
        to = min(count, at + CHUNK)
        rows, deep = prompt.rows(table, at, to), prompt.deep(at, to)
        decoder.feed(cache, prompt.items[at:to], rows, prompt.positions[:, at:to], deepstack=deep)
    none, turning = np.zeros(0, np.float32), folder.about.text.turning
    seen = []
    for pair in zip(cache.k, cache.v, strict=True):
        key, value = (np.swapaxes(part[0, :, :count], 0, 1) for part in pair)
        seen.append(Seen(radius(key, turning).max(axis=0).ravel(), np.abs(value).max(axis=0).ravel(), none))
    return seen


def _prompts(folder: ModelFolder) -> Iterator[Prompt]:
    tokenizer = Tokenizer.from_file(str(folder.path / "tokenizer.json"))
    texts = [list(tokenizer.encode(text, add_special_tokens=False).ids) for text in prompts()]
    yield from map(text_prompt, texts)
    if (vision := folder.about.vision) is not None:
        encoder = Encoder(folder, vision, pack=False)
        seen = encoder.encode(decode(PICTURE.read_bytes()), CALIBRATION_PIXELS)
        encoder.close()
        yield picture_prompt([vision.token, *texts[0]], vision.token, [seen])
