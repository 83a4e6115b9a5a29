"""From checkpoints, good and bad, to model folders."""

from __future__ import annotations

import json
import resource
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.backends import ort_bound
from models.backends.ort_packed import packed
from models.qwen_vl.engine import Request, open_engine, run
from models.qwen_vl.folder import ModelFolder
from tools.bench import tiny_qwen
from tools.export.build import build
from tools.export.errors import CheckpointError, ExportError, FamilyError

LAYERS = 4  # of the Qwen3.5 number 2


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return tiny_qwen.draw("qwen3", 2, tmp_path / "checkpoint")


def configure(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))


def answer(folder: Path) -> tuple[int, ...]:
    engine = open_engine(folder)
    said = run(engine.answer(Request(messages=({"role": "user", "content": "hello"},), limit=16)))
    engine.close()
    return said.tokens


def test_a_build_is_whole_described_and_verified(checkpoint: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    about = build(checkpoint, tmp_path / "m", "int8", lambda *step: seen.append(step))
    folder = ModelFolder(tmp_path / "m")
    folder.verify()
    assert folder.about == about
    assert (about.family, about.quant, about.kv) == ("qwen3", "int8", "int8")
    assert seen[0][0] == "embedding and head"
    assert seen[-1][1:] == (about.text.layers, about.text.layers)
    assert not list(tmp_path.glob(".*"))
    assert 0 < open_engine(tmp_path / "m").self_test() < 0.1


def test_the_same_checkpoint_gives_the_same_bytes(checkpoint: Path, tmp_path: Path) -> None:
    first, second = build(checkpoint, tmp_path / "a"), build(checkpoint, tmp_path / "b")
    assert {n: m for n, m in first.files.items() if n != "selftest.npz"} == {
        n: m for n, m in second.files.items() if n != "selftest.npz"
    }


def test_shards_and_prefixes_of_other_savers_are_read(checkpoint: Path, tmp_path: Path) -> None:
    build(checkpoint, tmp_path / "whole", "none")
    tensors = load_file(checkpoint / "model.safetensors")
    (checkpoint / "model.safetensors").unlink()
    names = sorted(tensors)
    table: dict[str, str] = {}
    for part in range(3):
        mine = {n.replace("model.", "model.language_model.", 1): tensors[n] for n in names[part::3]}
        save_file(mine, checkpoint / f"part-{part}.safetensors")
        table |= dict.fromkeys(mine, f"part-{part}.safetensors")
    (checkpoint / "model.safetensors.index.json").write_text(json.dumps({"weight_map": table}))
    build(checkpoint, tmp_path / "parts", "none")
    assert answer(tmp_path / "parts") == answer(tmp_path / "whole")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architectures": ["LlamaForCausalLM"]}, "LlamaForCausalLM.*Qwen3ForCausalLM"),
        ({"architectures": ["Qwen3MoeForCausalLM"]}, "mixture of experts"),
        ({"architectures": None}, "unnamed"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}, "rope scaling 'yarn'"),
        ({"rope_scaling": [1]}, "rope_scaling"),
        ({"hidden_act": "gelu"}, "hidden_act 'gelu'"),
        ({"use_sliding_window": True}, "sliding_window"),
        ({"quantization_config": {"bits": 4}}, "quantised already"),
        ({"hidden_size": "64"}, "hidden_size is '64'"),
        ({"num_hidden_layers": 10**12}, "num_hidden_layers"),
        ({"rms_norm_eps": float("nan")}, "rms_norm_eps"),
        ({"head_dim": 20}, "head_dim 20"),
        ({"num_hidden_layers": 9}, "layers.\\d.* is missing"),
        ({"intermediate_size": 61}, "has shape"),
        ({"vocab_size": 100}, "the tokenizer knows token"),
        ({"num_key_value_heads": 7}, "multiple of num_key_value_heads"),
        ({"rms_norm_eps": 10**400}, "rms_norm_eps"),
    ],
)
def test_a_configuration_that_can_not_be_built_is_named(
    checkpoint: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    configure(checkpoint, **changes)
    with pytest.raises((FamilyError, CheckpointError), match=message):
        build(checkpoint, tmp_path / "m")
    assert not list(tmp_path.glob("*m*"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer_types": ["linear_attention", "sliding_attention"] * 9}, "layer_types must name each"),
        ({"layer_types": ["sliding_attention"] * LAYERS}, "layer_types 'sliding_attention' is not built"),
        ({"layer_types": [["x"]] * LAYERS}, "layer_types \\['x'\\] is not built"),
        ({"layer_types": None, "full_attention_interval": 0}, "full_attention_interval"),
        ({"layer_types": ["full_attention"] * LAYERS}, "self_attn.q_proj.weight is missing"),
        ({"attention_bias": True}, "attention_bias"),
        ({"attn_output_gate": False}, "attn_output_gate"),
        ({"linear_num_value_heads": 1, "linear_num_key_heads": 2}, "multiple of linear_num_key_heads"),
        ({"linear_conv_kernel_dim": 1}, "linear_conv_kernel_dim"),
        ({"linear_key_head_dim": "wide"}, "linear_key_head_dim"),
        ({"linear_value_head_dim": 99}, "has shape"),
        ({"rope_parameters": {"rope_theta": 1e4, "partial_rotary_factor": 0.1}}, "partial_rotary_factor"),
        ({"rope_parameters": {"rope_theta": 1e4, "partial_rotary_factor": 2}}, "partial_rotary_factor"),
        ({"rope_parameters": {"rope_type": "yarn", "factor": 4.0}}, "yarn"),
    ],
)
def test_a_configuration_of_delta_nets_that_can_not_be_built_is_named(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    folder = tiny_qwen.draw("qwen3_5", 2, tmp_path / "checkpoint")
    configure(folder, **changes)
    with pytest.raises((FamilyError, CheckpointError), match=message):
        build(folder, tmp_path / "m")
    assert not list(tmp_path.glob("*m*"))


def test_biases_that_no_published_qwen3_has_are_refused_rather_than_left_out(tmp_path: Path) -> None:
    folder = tiny_qwen.draw("qwen3", 2, tmp_path / "checkpoint")
    configure(folder, attention_bias=True)
    with pytest.raises(FamilyError, match="attention_bias"):
        build(folder, tmp_path / "m")


def test_an_encoder_with_deep_features_is_no_part_of_qwen3_5(tmp_path: Path) -> None:
    folder = tiny_qwen.draw("qwen3_5_vl", 2, tmp_path / "checkpoint")
    config = json.loads((folder / "config.json").read_text())
    config["vision_config"]["deepstack_visual_indexes"] = [1]
    configure(folder, **config)
    with pytest.raises(FamilyError, match="deepstack_visual_indexes"):
        build(folder, tmp_path / "m")


def test_heads_that_guess_several_words_at_once_are_left_out(tmp_path: Path) -> None:
    folder = tiny_qwen.draw("qwen3_5", 2, tmp_path / "checkpoint")
    build(folder, tmp_path / "without")
    tensors = load_file(folder / "model.safetensors")
    save_file({**tensors, "mtp.fc.weight": np.full((4, 4), np.nan, np.float32)}, folder / "model.safetensors")
    build(folder, tmp_path / "with")
    assert answer(tmp_path / "with") == answer(tmp_path / "without")


def test_weights_that_are_no_numbers_are_named(checkpoint: Path, tmp_path: Path) -> None:
    tensors = load_file(checkpoint / "model.safetensors")
    for bad in (np.nan, np.inf):
        broken = {
            **tensors,
            "model.layers.1.mlp.up_proj.weight": tensors["model.layers.1.mlp.up_proj.weight"].copy(),
        }
        broken["model.layers.1.mlp.up_proj.weight"][3, 5] = bad
        save_file(broken, checkpoint / "model.safetensors")
        with pytest.raises(CheckpointError, match=r"layers\.1\.mlp\.up_proj\.weight holds NaN"):
            build(checkpoint, tmp_path / "m")
    assert not list(tmp_path.glob("*m*"))


def damages(whole: bytes) -> dict[str, bytes]:
    size = struct.unpack("<Q", whole[:8])[0]
    header, data = whole[8 : 8 + size], whole[8 + size :]

    def with_header(text: bytes) -> bytes:
        return struct.pack("<Q", len(text)) + text + data

    return {
        "nothing": b"",
        "three bytes": b"abc",
        "cut in the data": whole[:-100],
        "cut in the header": whole[: size // 2],
        "a header of terabytes": struct.pack("<Q", 1 << 42) + whole[8:],
        "no JSON": with_header(b"{" * 50),
        "an offset beyond the end": with_header(
            header.replace(b'"data_offsets":[0,', b'"data_offsets":[9000000000,')
        ),
        "a negative shape": with_header(header.replace(b'"shape":[', b'"shape":[-1,', 1)),
        "a shape of other bytes": with_header(header.replace(b'"shape":[', b'"shape":[3,', 1)),
        "a dtype that is none": with_header(header.replace(b'"F32"', b'"F99"', 1)),
        "quantised already": with_header(header.replace(b'"F32"', b'"I32"')),
        "HTML": b"<!DOCTYPE html><html>not found</html>" * 10,
    }


@pytest.mark.parametrize("damage", damages(struct.pack("<Q", 2) + b"{}"))
def test_a_damaged_safetensors_file_is_an_error(checkpoint: Path, tmp_path: Path, damage: str) -> None:
    path = checkpoint / "model.safetensors"
    path.write_bytes(damages(path.read_bytes())[damage])
    with pytest.raises(CheckpointError):
        build(checkpoint, tmp_path / "m")
    assert not list(tmp_path.glob("*m*"))


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_is_named(checkpoint: Path, tmp_path: Path, missing: str) -> None:
    (checkpoint / missing).unlink()
    with pytest.raises(CheckpointError, match=missing.removeprefix("model")):
        build(checkpoint, tmp_path / "m")


def test_an_index_that_points_outside_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    (checkpoint / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../../etc/passwd"}}')
    with pytest.raises(CheckpointError, match="outside"):
        build(checkpoint, tmp_path / "m")


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json", "generation_config.json"])
def test_text_that_is_no_json_is_named(checkpoint: Path, tmp_path: Path, name: str) -> None:
    for text in ("{ no", "[" * 200_000):
        (checkpoint / name).write_text(text)
        with pytest.raises(CheckpointError, match=name):
            build(checkpoint, tmp_path / "m")
    assert not list(tmp_path.glob("*m*"))


def test_ends_of_an_answer_that_are_none_are_left_out(checkpoint: Path, tmp_path: Path) -> None:
    configure(checkpoint, eos_token_id=[258, [1], {}, -1, 10**30, True, "x"], text_config=[1])
    (checkpoint / "tokenizer_config.json").write_text('{"eos_token": 10000}')
    (checkpoint / "generation_config.json").write_text('{"eos_token_id": {"a": 1}}')
    named = {tiny_qwen.tokenizer().token_to_id(word) or 0 for word in ("<|im_end|>", "<|endoftext|>")}
    assert build(checkpoint, tmp_path / "m").stops == tuple(sorted({258, *named}))


def test_a_target_that_is_there_is_left_alone(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "mine").write_text("mine")
    with pytest.raises(ExportError, match="is there already"):
        build(checkpoint, tmp_path / "m")
    assert (tmp_path / "m" / "mine").read_text() == "mine"


def test_a_full_disk_leaves_nothing_behind(checkpoint: Path, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # the kernel refuses what is beyond
        with pytest.raises(ExportError, match="the disk is full"):
            build(checkpoint, tmp_path / "m")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.glob("*m*"))


def test_a_build_that_was_killed_is_begun_anew(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / ".m.building").mkdir()
    (tmp_path / ".m.building" / "decoder.data").write_bytes(b"half")
    build(checkpoint, tmp_path / "m")
    assert answer(tmp_path / "m")


@pytest.mark.parametrize(
    ("family", "change", "message"),
    [
        ("qwen2_vl", {"vision_config": None}, "vision_config"),
        ("qwen2_vl", {"image_token_id": 99999}, "image_token_id"),
        ("qwen2_5_vl", {"rope_scaling": {"type": "mrope", "mrope_section": [1, 2]}}, "mrope_section"),
        ("qwen3_vl", {"rope_scaling": {"type": "yarn", "factor": 4.0}}, "yarn"),
        ("qwen3_vl", {"architectures": ["Qwen3VLMoeForConditionalGeneration"]}, "mixture of experts"),
        ("qwen3_vl", {"num_position_embeddings": 50}, "square"),
        ("qwen3_vl", {"deepstack_visual_indexes": [99]}, "deepstack"),
        ("qwen3_vl", {"hidden_act": "relu"}, "relu"),
        ("qwen2_5_vl", {"window_size": 1}, "window_size"),
        ("qwen3_vl", {"depth": 9}, "is missing"),
        ("qwen2_vl", {"mlp_ratio": 9}, "has shape"),
        ("qwen3_vl", {"hidden_act": ["gelu"]}, "hidden_act"),
        ("qwen3_5_vl", {"architectures": ["Qwen3_5MoeForConditionalGeneration"]}, "mixture of experts"),
        ("qwen3_5_vl", {"linear_conv_kernel_dim": 9}, "has shape"),
    ],
)
def test_a_picture_encoder_that_cannot_be_built_is_named(
    tmp_path: Path, family: str, change: dict[str, Any], message: str
) -> None:
    folder = tiny_qwen.draw(family, 2, tmp_path / "checkpoint")
    config = json.loads((folder / "config.json").read_text())
    for key, value in change.items():
        for part in (config, config["text_config"], config["vision_config"]):
            if key in part:
                part[key] = value
                break
    configure(folder, **config)
    with pytest.raises((FamilyError, CheckpointError), match=message):
        build(folder, tmp_path / "m")
    assert not list(tmp_path.glob("*m*"))


@pytest.mark.parametrize("mean", [[0.5, 0.5, 10**400], [0.5, 0.5, float("nan")], [0.5, 0.5, True], "x"])
def test_a_preprocessor_that_makes_no_sense_is_named(tmp_path: Path, mean: object) -> None:
    folder = tiny_qwen.draw("qwen3_vl", 2, tmp_path / "checkpoint")
    (folder / "preprocessor_config.json").write_text(json.dumps({"image_mean": mean}))
    with pytest.raises(FamilyError, match="image_mean"):
        build(folder, tmp_path / "m")


def test_nothing_is_packed_while_it_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def small(graph: Path, weights: Path, threads: int) -> Path:
        return packed(graph, weights, threads, least=0)

    monkeypatch.setattr(ort_bound, "packed", small)
    build(tiny_qwen.draw("qwen3_vl", 2, tmp_path / "checkpoint"), tmp_path / "m")
    assert all(path.is_file() for path in (tmp_path / "m").iterdir())
