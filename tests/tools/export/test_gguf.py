"""GGUF files, written with the ``gguf`` package from tiny checkpoints, whole and damaged."""

from __future__ import annotations

import struct
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
from tools.bench.gguf_twin import write
from tools.export.build import build
from tools.export.checkpoint import open_checkpoint
from tools.export.errors import CheckpointError, ExportError, FamilyError


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


@pytest.mark.parametrize("count", [800_000_000, 1 << 40, (1 << 64) - 1])
def test_a_list_that_runs_through_the_weights_is_refused_before_it_is_read(
    checkpoint: Path, tmp_path: Path, count: int
) -> None:
    path = write(checkpoint, tmp_path / "tiny.gguf")
    data, key = bytearray(path.read_bytes()), b"tokenizer.ggml.token_type"
    at = data.index(key) + len(key) + 4  # behind the name and "a list": what of, and how many
    data[at : at + 12] = struct.pack("<IQ", 0, count)
    with path.open("wb") as file:  # sparse: as large as the list says
        file.write(data)
        file.truncate(min(count, 1 << 30) + len(data))
    with pytest.raises(CheckpointError, match=f"a list has {count} elements"):
        open_checkpoint(path)
