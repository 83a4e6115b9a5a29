"""From a picture to the first word at Qwen3-VL-2B's sizes, random weights; and questions after it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ml_dtypes
import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from models.qwen_vl.engine import Engine, Request, open_engine
from models.qwen_vl.folder import ModelFolder
from models.qwen_vl.generate import Reading
from models.qwen_vl.prompt import Prompt, text_prompt
from models.qwen_vl.turns import View
from models.qwen_vl.vision import Encoder
from tools.bench import qwen_weights, tiny_qwen, tiny_vision
from tools.bench.figures import Figure, median, processor
from tools.export.checkpoint import open_checkpoint
from tools.export.families import family_of
from tools.export.graph import save
from tools.export.vision import store_vision, vision_graph
from tools.export.weights import WeightFile

ROUNDS = 3
SIDE = 448
WORDS = 64
# huggingface.co/Qwen/Qwen3-VL-2B-Instruct config.json
TEXT: dict[str, Any] = qwen_weights.QWEN3_06B | {
    "architectures": ["Qwen3VLForConditionalGeneration"],
    "model_type": "qwen3_vl_text",
    "hidden_size": 2048,
    "intermediate_size": 6144,
    "rope_theta": 5000000.0,
    "rope_scaling": {"rope_type": "default", "mrope_section": [24, 20, 20], "mrope_interleaved": True},
    "max_position_embeddings": 262144,
}
VISION: dict[str, Any] = {
    "depth": 24,
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_heads": 16,
    "patch_size": 16,
    "spatial_merge_size": 2,
    "temporal_patch_size": 2,
    "in_channels": 3,
    "out_hidden_size": 2048,
    "num_position_embeddings": 2304,
    "deepstack_visual_indexes": [5, 11, 17],
    "hidden_act": "gelu_pytorch_tanh",
}


def measure() -> Iterator[Figure]:
    """The encoder, the prompt, the first word; then a second question, and a prompt of which much is known."""
    checkpoint = _checkpoint()
    engine = open_engine(qwen_weights.built(checkpoint, "int8"))
    rng = np.random.default_rng(0)
    eight, exact = engine._encoder, _exact(checkpoint)
    assert eight is not None
    sights: dict[str, list[float]] = {"int8": [], "float32": []}
    for _ in range(ROUNDS + 1):
        for name, encoder in (("int8", eight), ("float32", exact)):
            sights[name].append(_seconds(lambda e=encoder: e.encode(_noise(rng))))
    ours, theirs = (median(times[1:]) for times in sights.values())
    yield Figure(f"encoding {SIDE}², 8 bits", ours, "s")
    yield Figure("against float32", theirs / ours, "×", peer=f"float32 {theirs:.2f} s")
    firsts, seconds = zip(*(_asked(engine, rng) for _ in range(ROUNDS)), strict=True)
    amx = "amx_int8" in processor()
    yield Figure(f"picture and {WORDS} words → first word", median(firsts), "s", 1.9 if amx else None)
    ratio = median(a / b for a, b in zip(firsts, seconds, strict=True))
    yield Figure("a second question, sooner", ratio, "×", 5, "more")
    yield Figure(
        "400 of 700 tokens known: saved",
        100 * median(_saved(engine, rng) for _ in range(ROUNDS)),
        "%",
        45,
        "more",
    )
    engine.close()


def _checkpoint() -> Path:
    place = qwen_weights.folder() / "qwen3-vl-2b-random"
    if not (place / "config.json").exists():
        place.mkdir(exist_ok=True)
        rng = np.random.default_rng(0)
        tensors = tiny_qwen.text_tensors(TEXT, rng, "model.language_model.")
        tensors |= {
            f"model.visual.{name}": t
            for name, t in tiny_vision.encoder_tensors("qwen3_vl", VISION, rng).items()
        }
        halves = {}
        while tensors:  # half the memory
            name, tensor = tensors.popitem()
            halves[name] = tensor.astype(ml_dtypes.bfloat16)
        save_file(halves, place / "model.safetensors")
        (place / "tokenizer.json").write_text(tiny_qwen.tokenizer().to_str())
        token = tiny_qwen.tokenizer().token_to_id("<|image_pad|>")
        config = {
            "architectures": TEXT["architectures"],
            "text_config": TEXT,
            "vision_config": VISION,
            "image_token_id": token,
            "tie_word_embeddings": True,
        }
        (place / "config.json").write_text(json.dumps(config))
    return place


def _exact(checkpoint: Path) -> Encoder:
    """The encoder in float32."""
    source = open_checkpoint(checkpoint)
    family = family_of(source.config)
    assert family.vision is not None
    shape = family.vision(source.config, {}, family.text(source.config))
    place = qwen_weights.folder() / "vision-2b-float32"
    place.mkdir(exist_ok=True)
    with WeightFile(place / "vision.data") as weights:
        store_vision(weights, source, shape, 0, None)
    save(vision_graph(weights.tensors, shape, 0), place / "vision.onnx")
    about = ModelFolder(qwen_weights.built(checkpoint, "int8")).about
    return Encoder(
        ModelFolder.of(place, msgspec.structs.replace(about, tensors=weights.tensors)), shape, pack=False
    )


def _noise(rng: np.random.Generator) -> NDArray[np.uint8]:
    return rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


def _asked(engine: Engine, rng: np.random.Generator) -> tuple[float, float]:
    """Seconds from a new picture to the first word, and from another question about it."""
    shape = engine.folder.about.vision
    assert shape is not None
    picture = _noise(rng)
    engine.forget()

    def ask() -> float:
        words = [int(token) for token in rng.integers(0, 255, WORDS)]
        return _seconds(lambda: _first(engine, engine.look([shape.token, *words], [View(picture)])))

    return ask(), ask()


def _saved(engine: Engine, rng: np.random.Generator) -> float:
    """What a prompt of 700 tokens costs less when 400 of them are known."""
    tokens = [int(token) for token in rng.integers(0, 255, 700)]
    engine.forget()
    whole = _seconds(lambda: _first(engine, text_prompt(tokens)))
    engine.forget()
    _first(engine, text_prompt(tokens[:400]))
    return 1 - _seconds(lambda: _first(engine, text_prompt(tokens))) / whole


def _first(engine: Engine, prompt: Prompt) -> None:
    loop = engine.complete(prompt, Request(messages=(), limit=2))
    while isinstance(next(loop), Reading):
        pass
    loop.close()


def _seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
