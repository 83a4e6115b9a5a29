"""LoRA adapters kept apart: PEFT's own answers, adapters that do not fit, and what is left on the disk."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from models.qwen_vl.adapter import FOLDER as ADAPTERS
from models.qwen_vl.adapter import GRAPH
from models.qwen_vl.engine import Engine, Request, open_engine, run
from models.qwen_vl.folder import DESCRIPTION, Quant
from models.qwen_vl.kv_cache import KvCache
from tests.models.qwen_vl.make_reference import FOLDER, TUNED, TUNED_EYES, question
from tools.bench import tiny_qwen
from tools.export.adapter import keep_adapter
from tools.export.build import build
from tools.export.errors import CheckpointError, ExportError


def adapted(place: Path, family: str, seed: int, quant: Quant) -> tuple[Path, Path]:
    """A tiny model, and the folder of an adapter that was made for it."""
    base = tiny_qwen.draw(family, seed, place / "base")
    build(base, place / "model", quant)
    return place / "model", tiny_qwen.draw_adapter(base, seed, place / "tuned")


def logits(engine: Engine, family: str, seed: int, adapter: str = "") -> NDArray[np.float32]:
    """After the reference's prompt, in one piece."""
    about, prompt = engine.folder.about, question(engine, family, seed)[0]
    found = engine._adapters.get(adapter)
    decoder = engine.machine.many if found is None else found.decoder
    count = len(prompt.items)
    rows, deep = prompt.rows(engine.machine.table, 0, count), prompt.deep(0, count)
    cache = KvCache(about.text, about.kv, count + 1)
    made: NDArray[np.float32] = decoder.feed(cache, prompt.items, rows, prompt.positions, deepstack=deep)
    last: NDArray[np.float32] = made[0]
    return last


@pytest.mark.parametrize(("family", "seed"), [*TUNED, *TUNED_EYES])
def test_an_adapter_that_is_switched_on_answers_as_peft_does(tmp_path: Path, family: str, seed: int) -> None:
    model, lora = adapted(tmp_path, family, seed, "none")
    about = keep_adapter(model, lora, "mine")
    assert (about.source, about.rank) == ("tuned", 7)
    wanted = np.load(FOLDER / f"{family}-{seed}-lora.npz")
    plain = np.load(FOLDER / f"{family}-{seed}.npz")
    engine = open_engine(model)
    found = logits(engine, family, seed, "mine")
    assert np.abs(found - wanted["logits"]).max() < 1e-4 * np.abs(wanted["logits"]).max()
    engine.machine = msgspec.structs.replace(engine.machine, stops=frozenset())
    prompt = question(engine, family, seed)[0]
    said = {
        name: list(run(engine.complete(prompt, Request(messages=(), limit=64, adapter=name))).tokens)
        for name in ("mine", "")
    }
    assert said == {"mine": wanted["greedy"].tolist(), "": plain["greedy"].tolist()}
    assert said["mine"] != said[""]
    engine.close()


@pytest.mark.parametrize(("quant", "bound"), [("int8", 0.06), ("int4", 0.5)])
@pytest.mark.parametrize(("family", "seed"), [*TUNED, *TUNED_EYES])
def test_quantisation_costs_no_more_than_where_it_is_merged(
    tmp_path: Path, family: str, seed: int, quant: Quant, bound: float
) -> None:
    model, lora = adapted(tmp_path, family, seed, quant)
    keep_adapter(model, lora, "mine")
    engine = open_engine(model)
    wanted = np.load(FOLDER / f"{family}-{seed}-lora.npz")["logits"]
    error = np.sqrt(np.square(logits(engine, family, seed, "mine") - wanted).mean()) / wanted.std()
    assert error < bound  # the model's own: see test_exact
    engine.close()


def test_values_that_an_adapter_makes_large_fit_into_the_cache(tmp_path: Path) -> None:
    base = tiny_qwen.draw("qwen3", 3, tmp_path / "base")
    lora = tiny_qwen.draw_adapter(base, 3, tmp_path / "tuned")  # of V among others
    config = json.loads((lora / "adapter_config.json").read_text())
    (lora / "adapter_config.json").write_text(json.dumps({**config, "lora_alpha": 60, "alpha_pattern": {}}))
    build(base, tmp_path / "model", "int8")
    keep_adapter(tmp_path / "model", lora, "loud")
    build(base, tmp_path / "merged", "none", adapter=lora)
    engine, merged = open_engine(tmp_path / "model"), open_engine(tmp_path / "merged")
    wanted = logits(merged, "qwen3", 3)
    error = np.sqrt(np.square(logits(engine, "qwen3", 3, "loud") - wanted).mean()) / wanted.std()
    assert error < 0.15
    engine.close()
    merged.close()


Break = Callable[[Path], object]


def configured(**change: Any) -> Break:
    def broken(lora: Path) -> None:
        config = json.loads((lora / "adapter_config.json").read_text())
        (lora / "adapter_config.json").write_text(json.dumps({**config, **change}))

    return broken


def renamed(old: str, new: str) -> Break:
    def broken(lora: Path) -> None:
        tensors = load_file(lora / "adapter_model.safetensors")
        save_file(
            {name.replace(old, new): tensor for name, tensor in tensors.items()},
            lora / "adapter_model.safetensors",
        )

    return broken


def spoiled(value: float) -> Break:
    def broken(lora: Path) -> None:
        tensors = load_file(lora / "adapter_model.safetensors")
        next(iter(tensors.values()))[0, 0] = value
        save_file(tensors, lora / "adapter_model.safetensors")

    return broken


def cut(lora: Path) -> None:
    whole = (lora / "adapter_model.safetensors").read_bytes()
    (lora / "adapter_model.safetensors").write_bytes(whole[: len(whole) // 2])


def emptied(lora: Path) -> None:
    save_file({}, lora / "adapter_model.safetensors")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (configured(peft_type="IA3"), "'IA3'"),
        (configured(use_dora=True), "use_dora"),
        (configured(modules_to_save=["lm_head"]), "modules_to_save"),
        (configured(lora_alpha="2", alpha_pattern={}), "lora_alpha"),
        (renamed("k_proj", "r_proj"), "another base"),
        (renamed("layers.0", "layers.99"), "another base"),
        (renamed("model.model.layers.0.mlp", "model.visual.blocks.0.mlp"), "picture encoder.*--adapter"),
        (renamed("model.layers.0.mlp.gate_proj", "lm_head"), "the head.*--adapter"),
        (renamed("lora_A", "lora_embedding_A"), "no LoRA factor"),
        (spoiled(float("nan")), "NaN"),
        (spoiled(float("inf")), "infinity"),
        (cut, "damaged|cut off"),
        (emptied, "is empty"),
        (lambda lora: (lora / "adapter_model.safetensors").unlink(), "has no adapter_model"),
        (lambda lora: (lora / "adapter_config.json").write_text("{"), "can't be read"),
        (lambda lora: (lora / "adapter_config.json").unlink(), "has no adapter_config"),
    ],
)  # fmt: skip
def test_an_adapter_that_is_broken_or_does_not_fit_is_named(
    tmp_path: Path, spoil: Break, message: str
) -> None:
    model, lora = adapted(tmp_path, "qwen3", 2, "none")
    spoil(lora)
    with pytest.raises(CheckpointError, match=message):
        keep_adapter(model, lora, "mine")
    assert not list(model.glob(f"{ADAPTERS}/*"))


def test_an_adapter_of_another_base_is_refused(tmp_path: Path) -> None:
    model, _ = adapted(tmp_path, "qwen3", 2, "none")
    _, other = adapted(tmp_path / "other", "qwen3", 3, "none")
    with pytest.raises(CheckpointError, match=r"another base \(tiny\)"):
        keep_adapter(model, other, "mine")


@pytest.mark.parametrize("name", ["", "none", "../up", "a:b", ".hidden"])
def test_a_name_is_one(tmp_path: Path, name: str) -> None:
    model, lora = adapted(tmp_path, "qwen3", 2, "none")
    with pytest.raises(ExportError, match="no name"):
        keep_adapter(model, lora, name)


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    model, lora = adapted(tmp_path, "qwen3", 2, "none")
    keep_adapter(model, lora, "mine")
    with pytest.raises(ExportError, match="models remove model:mine"):
        keep_adapter(model, lora, "mine")


def test_an_older_build_says_what_to_do(tmp_path: Path) -> None:
    model, lora = adapted(tmp_path, "qwen3", 2, "none")
    about = json.loads((model / DESCRIPTION).read_text())
    del about["files"][GRAPH]
    (model / DESCRIPTION).write_text(json.dumps(about))
    with pytest.raises(ExportError, match="build it again"):
        keep_adapter(model, lora, "mine")


def test_a_model_that_was_turned_otherwise_is_refused(tmp_path: Path) -> None:
    model, lora = adapted(tmp_path, "qwen3", 2, "int8")
    about = json.loads((model / DESCRIPTION).read_text())
    about["tensors"]["folded.stream"] = about["tensors"]["folded.0.norm1"]
    (model / DESCRIPTION).write_text(json.dumps(about))
    with pytest.raises(ExportError, match="build it again"):
        keep_adapter(model, lora, "mine")


@pytest.mark.parametrize(
    "room", [0, 100_000]
)  # for the graph that calibrates; for that, but not for the factors
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, room: int) -> None:
    model, lora = adapted(tmp_path, "qwen3", 2, "int8")
    before = sorted(path.name for path in model.iterdir())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))  # the kernel refuses what is beyond
        with pytest.raises(ExportError, match="the disk is full"):
            keep_adapter(model, lora, "mine")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list((model / ADAPTERS).iterdir())
    (model / ADAPTERS).rmdir()
    assert sorted(path.name for path in model.iterdir()) == before
