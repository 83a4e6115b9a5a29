"""GGUF files, written with the ``gguf`` package from tiny checkpoints, whole and damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Kind
from safetensors.numpy import load_file

from models.base import BackendError
from models.qwen_vl.engine import Request, open_engine, run
from models.qwen_vl.words import Words
from tools.bench import tiny_qwen
from tools.export.build import build
from tools.export.checkpoint import open_checkpoint
from tools.export.errors import CheckpointError, ExportError, FamilyError
from tools.export.gguf_file import _LAYER, _TOP

NAMES = {theirs: ours for ours, theirs in (*_LAYER.items(), *_TOP.items())}


def write(folder: Path, path: Path, kind: Kind = Kind.F32, **changes: Any) -> Path:
    config = json.loads((folder / "config.json").read_text())
    arch = config["model_type"]
    writer = gguf.GGUFWriter(path, changes.get("arch", arch))
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    if "head_dim" in config:
        writer.add_key_length(config["head_dim"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    known = tiny_qwen.tokenizer().get_vocab(with_added_tokens=True)
    words = [
        *sorted(known, key=known.__getitem__),
        *(f"[PAD{i}]" for i in range(len(known), config["vocab_size"])),
    ]
    writer.add_tokenizer_model(changes.get("tokenizer", "gpt2"))
    writer.add_tokenizer_pre(changes.get("split", "qwen2"))
    writer.add_token_list(words)
    writer.add_token_types([3 if word in tiny_qwen.SPECIAL else 1 for word in words])
    writer.add_eos_token_id(known["<|im_end|>"])
    for name, tensor in load_file(folder / "model.safetensors").items():
        ours = name if name in NAMES else name.split(".", 3)[-1]
        label = NAMES[ours] if name in NAMES else f"blk.{name.split('.')[2]}.{NAMES[ours]}"
        fits = tensor.ndim == 2 and tensor.shape[1] % 32 == 0
        wanted = kind if fits else Kind.F32
        writer.add_tensor(label, gguf.quants.quantize(tensor, wanted), raw_dtype=wanted)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return tiny_qwen.draw("qwen2", 3, tmp_path / "checkpoint")


def tokens(folder: Path) -> tuple[int, ...]:
    engine = open_engine(folder)
    said = run(engine.answer(Request(messages=({"role": "user", "content": "hello"},), limit=16)))
    engine.close()
    return said.tokens


@pytest.mark.parametrize("family", ["qwen2", "qwen3"])
def test_a_gguf_gives_what_the_safetensors_give(tmp_path: Path, family: str) -> None:
    folder = tiny_qwen.draw(family, 3, tmp_path / "checkpoint")
    (folder / "chat_template.jinja").unlink()
    build(folder, tmp_path / "plain", "none")
    about = build(write(folder, tmp_path / "tiny.gguf"), tmp_path / "gguf", "none")
    assert about.family == family
    assert tokens(tmp_path / "gguf") == tokens(tmp_path / "plain")


@pytest.mark.parametrize("kind", [Kind.Q8_0, Kind.Q4_0, Kind.Q5_1, Kind.F16, Kind.BF16])
def test_quantised_rows_are_what_the_library_decodes(checkpoint: Path, tmp_path: Path, kind: Kind) -> None:
    name, path = "model.embed_tokens.weight", write(checkpoint, tmp_path / "tiny.gguf", kind)
    whole = load_file(checkpoint / "model.safetensors")[name]
    read = open_checkpoint(path)
    wanted = (
        gguf.quants.dequantize(gguf.quants.quantize(whole, kind), kind) if whole.shape[1] % 32 == 0 else whole
    )
    assert np.array_equal(read.rows(name, whole.shape, 5, 9), wanted[5:9])


def test_the_tokenizer_is_rebuilt(checkpoint: Path, tmp_path: Path) -> None:
    files = open_checkpoint(write(checkpoint, tmp_path / "tiny.gguf")).files
    (tmp_path / "tokenizer.json").write_bytes(files["tokenizer.json"])
    rebuilt, text = Words(tmp_path / "tokenizer.json"), "Ünder 3 kg, 牛奶!\n\n<|im_end|> it's"
    (tmp_path / "wanted.json").write_text(tiny_qwen.tokenizer().to_str())
    assert rebuilt.encode(text) == Words(tmp_path / "wanted.json").encode(text)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"arch": "llama"}, "'llama'"), ({"tokenizer": "spm"}, "'spm'"), ({"split": "tekken"}, "'tekken'")],
)
def test_what_can_not_be_read_is_named(
    checkpoint: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(FamilyError, match=message):
        open_checkpoint(write(checkpoint, tmp_path / "tiny.gguf", **changes))


@pytest.mark.parametrize("size", [0, 3, 23, 24, 100, 2000, 9000, -5000, -10])
def test_a_cut_gguf_is_an_error(checkpoint: Path, tmp_path: Path, size: int) -> None:
    path = write(checkpoint, tmp_path / "tiny.gguf")
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises((CheckpointError, FamilyError)):
        build(path, tmp_path / "m")
    assert not list(tmp_path.glob("*m"))


@pytest.mark.parametrize("seed", range(40))
def test_a_gguf_with_a_wrong_byte_is_an_error_or_a_model(tmp_path: Path, seed: int) -> None:
    """Sizes, counts and names in the header are lies now and then; none may crash or hang the builder."""
    folder = tiny_qwen.draw("qwen3", 1, tmp_path / "checkpoint")
    path = write(folder, tmp_path / "tiny.gguf")
    data, rng = bytearray(path.read_bytes()), np.random.default_rng(seed)
    for _ in range(4):
        data[int(rng.integers(0, 900 if seed % 2 else 9000))] = int(rng.integers(256))
    path.write_bytes(data)
    try:
        build(path, tmp_path / "m")
    except (ExportError, BackendError):
        assert not list(tmp_path.glob("*m"))
