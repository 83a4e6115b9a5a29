"""From a checkpoint to a model folder: weights a block at a time, graphs, tokenizer, self-test, description.

The folder appears whole or not at all: everything is made in a hidden folder beside it, which is renamed at
the end and removed when anything goes wrong.
"""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.manifest import sha256_of
from models.qwen_vl import rows, selftest
from models.qwen_vl.adapter import GRAPH as ADAPTED
from models.qwen_vl.folder import (
    BITS,
    DESCRIPTION,
    FORMAT,
    ByRows,
    Description,
    FileMark,
    ModelFolder,
    Quant,
    map_tensor,
)
from models.qwen_vl.kernels import PROBES, probed
from models.qwen_vl.pixels import decode
from models.qwen_vl.prompt import Prompt, picture_prompt, text_prompt
from models.qwen_vl.shape import TextShape, VisionShape
from models.qwen_vl.vision import Encoder
from tools.export.adapted import adapted_graph
from tools.export.calibrate import PICTURE, Calibration, Sample, cache_scales, prompts
from tools.export.checkpoint import Checkpoint, open_checkpoint
from tools.export.decoder import EMBEDDING, HEAD, KvScales, decoder_graph, probe_graph, store_layer
from tools.export.errors import CheckpointError, ExportError
from tools.export.families import Family, family_of
from tools.export.fold import Rotation, rotation, store_folded, store_rotation
from tools.export.graph import Graph, save
from tools.export.lora import with_adapter
from tools.export.tables import head_logits, look_up, store_tables
from tools.export.vision import store_vision, vision_graph
from tools.export.weights import WeightFile

CALIBRATION_PIXELS = 448 * 448

Progress = Callable[[str, int, int], object]


def ignore(_what: str, _done: int, _total: int) -> None:
    """A progress callback that says nothing."""


def build(
    source: Path,
    target: Path,
    quant: Quant = "int8",
    progress: Progress = ignore,
    adapter: Path | None = None,
    origin: Origin | None = None,
) -> Description:
    """Build ``source``, with a LoRA ``adapter`` merged into it, into the folder ``target``, which must not exist.

    ``progress(what, done, total)`` counts blocks. Raises ExportError, BackendError.
    """
    if target.exists():
        raise ExportError(f"{target} is there already: remove it, or build under another name")
    checkpoint = open_checkpoint(source)
    if origin is not None:
        checkpoint.config |= {"_name": origin.name, "_license": origin.licence}
    if adapter is not None:
        checkpoint = with_adapter(checkpoint, adapter)
    plan = _plan(checkpoint, quant)
    with appearing(target) as folder:
        return _build(plan, folder, target.name, progress)


class Origin(msgspec.Struct, frozen=True):
    """Where a checkpoint came from, as its built model will tell: ``OWNER/MODEL@COMMIT``, and its licence."""

    name: str
    licence: str


class Plan(msgspec.Struct, frozen=True):
    """What is built, and how; everything that can be wrong with its description was checked."""

    checkpoint: Checkpoint
    family: Family
    text: TextShape
    vision: VisionShape | None
    tokenizer: Tokenizer
    quant: Quant


def _plan(checkpoint: Checkpoint, quant: Quant) -> Plan:
    family = family_of(checkpoint.config)
    text = family.text(checkpoint.config)
    preprocessor = _sizes(checkpoint, "image_processor", "preprocessor_config.json")
    vision = family.vision and family.vision(checkpoint.config, preprocessor, text)
    if vision is not None and family.clips is not None:
        sizes = _sizes(checkpoint, "video_processor", "video_preprocessor_config.json")
        clips = family.clips(checkpoint.config, sizes or preprocessor, text)
        vision = msgspec.structs.replace(vision, clips=clips)
    return Plan(checkpoint, family, text, vision, tokenizer_of(checkpoint, text.vocab), quant)


def _sizes(checkpoint: Checkpoint, part: str, file: str) -> dict[str, Any]:
    """How pictures are made ready: a part of ``processor_config.json`` (transformers 5), else a file of its own."""
    nested = _json(checkpoint, "processor_config.json").get(part)
    return nested if isinstance(nested, dict) else _json(checkpoint, file)


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A hidden folder beside ``target`` that takes its name when the block ends well. Raises ExportError."""
    folder = target.with_name(f".{target.name}.building")
    try:
        shutil.rmtree(folder, ignore_errors=True)  # what a killed build left
        folder.mkdir(parents=True)
        yield folder
        folder.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise ExportError(
                f"the disk is full: {target.parent} has no room for {target.name}; free some and build again"
            ) from error
        raise ExportError(f"{target} can't be written: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _build(plan: Plan, folder: Path, name: str, progress: Progress) -> Description:
    checkpoint, shape, tokenizer, bits = plan.checkpoint, plan.text, plan.tokenizer, BITS[plan.quant]
    for file, content in checkpoint.files.items():
        (folder / file).write_bytes(content)
    turn = rotation(shape) if bits else None
    pictures = _pictures(plan, folder, turn, progress)
    with WeightFile(folder / "decoder.data") as weights:
        progress("embedding and head", 0, shape.layers)
        store_tables(weights, checkpoint, shape, bits, turn)
        if turn is not None:
            store_rotation(weights, turn)
        about = Description(
            format=FORMAT,
            name=name,
            family=plan.family.name,
            quant=plan.quant,
            kv=_cache_kind(shape, bits),
            text=shape,
            vision=plan.vision,
            stops=_stops(checkpoint, tokenizer, shape.vocab),
            source=str(checkpoint.config.get("_name") or checkpoint.where.resolve().name),
            licence=str(checkpoint.config.get("_license") or "as its checkpoint"),
            tensors=weights.tensors,
            files={},
        )
        tensors = weights.tensors | (pictures.tensors if pictures else {})
        calibration = _start(plan, folder, msgspec.structs.replace(about, tensors=tensors), turn)
        outliers: dict[str, tuple[int, ...]] = {}
        for i in range(shape.layers):
            progress(f"block {i + 1} of {shape.layers}", i, shape.layers)
            outliers[f"{i}.down"] = _block(weights, checkpoint, shape, i, bits, calibration, folder, turn)
    progress("graph and self-test", shape.layers, shape.layers)
    scales = cache_scales(calibration.seen) if about.kv == "int8" else None
    about = msgspec.structs.replace(about, tensors=weights.tensors)
    about = _graphs(folder, about, bits, scales, outliers)
    chosen = selftest.chosen(shape)
    selftest.write(
        folder,
        _tokens(tokenizer, prompts()[0]),
        chosen,
        head_logits(checkpoint, shape, chosen, calibration.samples[0].hidden[-1]),
    )
    marks = {
        file.path.name: FileMark(file.sha256, file.size) for file in (weights, pictures) if file is not None
    }
    tensors = weights.tensors | (pictures.tensors if pictures else {})
    return _describe(folder, msgspec.structs.replace(about, tensors=tensors), marks)


def _pictures(plan: Plan, folder: Path, turn: Rotation | None, progress: Progress) -> WeightFile | None:
    """Write the picture encoder, if there is one. Never coarser than 8 bits: small print is at stake."""
    if plan.vision is None:
        return None
    progress("picture encoder", 0, plan.text.layers)
    bits = BITS[plan.quant] and 8
    with WeightFile(folder / "vision.data") as weights:
        store_vision(weights, plan.checkpoint, plan.vision, bits, turn)
    save(vision_graph(weights.tensors, plan.vision, bits), folder / "vision.onnx")
    return weights


def _block(
    weights: WeightFile,
    checkpoint: Checkpoint,
    shape: TextShape,
    i: int,
    bits: int,
    calibration: Calibration,
    folder: Path,
    turn: Rotation | None,
) -> tuple[int, ...]:
    """Write block ``i`` and calibrate on it, in float32; which inputs of its down projection stand out."""
    if turn is None:
        store_layer(weights, checkpoint, shape, i)
        weights.flush()
        calibration.step(weights.tensors, folder)
        return ()
    whole = folder / "block.data"
    with WeightFile(whole) as block:
        store_layer(block, checkpoint, shape, i)
    seen = calibration.step(block.tensors, folder)
    outliers = store_folded(
        weights, shape, i, bits, turn, seen.down, lambda name: map_tensor(folder, block.tensors[name])
    )
    whole.unlink()
    return outliers


def _graphs(
    folder: Path,
    about: Description,
    bits: int,
    scales: KvScales | None,
    outliers: Mapping[str, tuple[int, ...]],
) -> Description:
    """Write the decoder's graphs; what can be packed by rows is told in the description."""
    shape = about.text
    graph = Graph(about.tensors)
    save(decoder_graph(graph, shape, bits, scales), folder / "decoder.onnx")
    if shape.delta is None:  # adapters of delta nets are merged when the model is built
        eight = about.kv == "int8"
        save(adapted_graph(Graph(about.tensors), shape, bits, eight_bit_cache=eight), folder / ADAPTED)
    if not bits:
        return about
    layers = {name: size for name, size in graph.in_blocks.items() if name not in (EMBEDDING, HEAD)}
    by_rows = {name: ByRows(size, outliers.get(name, ())) for name, size in layers.items()}
    about = msgspec.structs.replace(about, by_rows=by_rows)
    count = probed(shape)
    save(probe_graph(Graph(about.tensors), shape, bits, count), folder / PROBES["blocks"])
    for packing, file in rows.GRAPHS.items():
        tensors = about.tensors | rows.layout(about, packing)
        save(decoder_graph(Graph(tensors, outliers), shape, bits, scales), folder / file)
        save(probe_graph(Graph(tensors, outliers), shape, bits, count), folder / PROBES[packing])
    return about


def _cache_kind(shape: TextShape, bits: int) -> Literal["float32", "int8"]:
    # Biases on K (Qwen2) are so large that an 8-bit step loses what is added to them.
    return "int8" if bits and not shape.qkv_bias else "float32"


def _start(plan: Plan, folder: Path, about: Description, turn: Rotation | None) -> Calibration:
    prompted = [text_prompt(_tokens(plan.tokenizer, text)) for text in prompts()]
    if plan.vision is not None:
        prompted.append(_with_picture(plan, folder, about, turn))
    used = sorted({item for prompt in prompted for item in prompt.items if item >= 0})
    rows = look_up(plan.checkpoint, plan.text, used)
    return Calibration(plan.text, [_sample(prompt, rows) for prompt in prompted], turn)


def _sample(prompt: Prompt, rows: Mapping[int, NDArray[np.float32]]) -> Sample:
    nothing = np.zeros_like(next(iter(rows.values())))
    hidden = prompt.fill(np.stack([rows.get(item, nothing) for item in prompt.items]), 0, len(prompt.items))
    return Sample(hidden, prompt.positions, prompt.deep(0, len(prompt.items)))


def _with_picture(plan: Plan, folder: Path, about: Description, turn: Rotation | None) -> Prompt:
    """The first prompt after a picture that the encoder, as it was built, looked at."""
    assert plan.vision is not None
    encoder = Encoder(ModelFolder.of(folder, about), plan.vision, pack=False)
    seen = encoder.encode(decode(PICTURE.read_bytes()), CALIBRATION_PIXELS)
    encoder.close()
    if turn is not None:  # calibration runs before the decoder is turned
        back = turn.stream.T
        deep = None if seen.deep is None else seen.deep @ back
        seen = msgspec.structs.replace(seen, rows=seen.rows @ back, deep=deep)
    tokens = [plan.vision.token, *_tokens(plan.tokenizer, prompts()[0])]
    return picture_prompt(tokens, plan.vision.token, [seen])


def _tokens(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


def _describe(folder: Path, about: Description, known: dict[str, FileMark]) -> Description:
    files = {
        path.name: known.get(path.name) or FileMark(sha256_of(path), path.stat().st_size)
        for path in sorted(folder.iterdir())
    }
    whole = msgspec.structs.replace(about, files=files)
    (folder / DESCRIPTION).write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=1))
    return whole


def tokenizer_of(checkpoint: Checkpoint, vocabulary: int) -> Tokenizer:
    """The tokenizer, which may know no token that the model does not. Raises CheckpointError."""
    try:
        tokenizer = Tokenizer.from_str(checkpoint.files["tokenizer.json"].decode())
    except Exception as error:  # the library raises plain Exception
        raise CheckpointError(f"{checkpoint.where.name}: tokenizer.json can't be read: {error}") from error
    highest = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)
    if highest >= vocabulary:
        raise CheckpointError(
            f"{checkpoint.where.name}: the tokenizer knows token {highest}, the model only {vocabulary}: "
            "they do not belong together"
        )
    return tokenizer


def _stops(checkpoint: Checkpoint, tokenizer: Tokenizer, vocab: int) -> tuple[int, ...]:
    """Every token that ends an answer: as the configurations say, and the end of a chat turn."""
    ids: list[Any] = []
    generation = _json(checkpoint, "generation_config.json")
    for source in (generation, checkpoint.config, checkpoint.config.get("text_config")):
        found = source.get("eos_token_id") if isinstance(source, dict) else None
        ids += found if isinstance(found, list) else [found]
    named = _json(checkpoint, "tokenizer_config.json").get("eos_token")
    text = named.get("content") if isinstance(named, dict) else named
    words = (text, "<|im_end|>", "<|endoftext|>")
    ids += [tokenizer.token_to_id(word) for word in words if isinstance(word, str)]
    return tuple(sorted({i for i in ids if type(i) is int and 0 <= i < vocab}))


def _json(checkpoint: Checkpoint, name: str) -> dict[str, Any]:
    try:
        read = json.loads(checkpoint.files.get(name, b"{}"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{checkpoint.where.name}: {name} is no JSON: {error}") from error
    return read if isinstance(read, dict) else {}
