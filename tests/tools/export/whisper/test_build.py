"""From Whisper checkpoints, good and bad, to built models."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.base import BackendError, ManifestError
from models.speech.whisper import selftest
from models.speech.whisper.folder import SpeechFolder, list_speech
from models.speech.whisper.model import open_whisper
from tests.models.speech.whisper.test_model import error, reference, said
from tests.tools.export.whisper import model_bins
from tools.bench import tiny_whisper
from tools.export.errors import CheckpointError, ExportError, FamilyError
from tools.export.whisper.build import build_whisper
from tools.export.whisper.checkpoint import is_whisper
from tools.export.whisper.model_bin import ModelBin

SHAPE = tiny_whisper.SHAPES[2]


def converted(folder: Path, kind: model_bins.Kind = "float32") -> Path:
    return model_bins.save(SHAPE, tiny_whisper.tensors(2), folder, kind)


def configure(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))


def test_a_build_is_whole_described_and_tested(tmp_path: Path) -> None:
    source = converted(tmp_path / "tiny")
    seen: list[str] = []
    about = build_whisper(source, tmp_path / "m", "int8", lambda what, _done, _all: seen.append(what))
    folder = SpeechFolder(tmp_path / "m")
    folder.verify()
    assert folder.about == about
    assert (about.shape, about.quant, about.source) == (SHAPE, "int8", "tiny")
    assert (about.suppress, about.suppress_first) == ((7, 9), (5,))
    assert {file.name for file in folder.path.iterdir()} == {*about.files, "speech.json"}
    assert not list(tmp_path.glob(".*"))
    assert list_speech(tmp_path) == {"m": tmp_path / "m"}
    assert seen[-1] == "self-test"
    model = open_whisper(tmp_path / "m", threads=1)
    assert 0 < selftest.check(model) < selftest.TOLERANCE["int8"]
    model.close()


@pytest.mark.parametrize(
    ("kind", "allowed"), [("float32", 1e-4), ("float16", 0.02), ("int16", 0.05), ("int8", 0.3)]
)
def test_what_ctranslate2_keeps_is_the_same_model(
    tmp_path: Path, kind: model_bins.Kind, allowed: float
) -> None:
    source = converted(tmp_path / "tiny", kind)
    assert is_whisper(source)
    build_whisper(source, tmp_path / "m", "none")
    model = open_whisper(tmp_path / "m", threads=1)
    assert error(said(model, tiny_whisper.mel(2), 2), reference(2)) < allowed
    model.close()


def test_shards_and_names_of_other_savers_are_read(tmp_path: Path) -> None:
    source = tiny_whisper.draw(2, tmp_path / "tiny")
    assert is_whisper(source)
    tensors = load_file(source / "model.safetensors")
    (source / "model.safetensors").unlink()
    names, table = sorted(tensors), dict[str, str]()
    for part in range(3):
        mine = {name.removeprefix("model."): tensors[name] for name in names[part::3]}
        save_file(mine, source / f"part-{part}.safetensors")
        table |= dict.fromkeys(mine, f"part-{part}.safetensors")
    (source / "model.safetensors.index.json").write_text(json.dumps({"weight_map": table}))
    generation = {"suppress_tokens": [-1, 3], "begin_suppress_tokens": None}
    (source / "generation_config.json").write_text(json.dumps(generation))
    about = build_whisper(source, tmp_path / "m", "none")
    assert (about.suppress, about.suppress_first) == ((3,), ())
    model = open_whisper(tmp_path / "m", threads=1)
    assert error(said(model, tiny_whisper.mel(2), 2), reference(2)) < 1e-4
    model.close()


def test_a_file_that_is_cut_off_anywhere_is_refused_by_name(tmp_path: Path) -> None:
    source = converted(tmp_path / "tiny")
    whole = (source / "model.bin").read_bytes()
    for length in (0, 3, 4, 9, 20, 40, 60, 1000, len(whole) // 2, len(whole) - 60, len(whole) - 1):
        (source / "model.bin").write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"model\.bin is damaged or cut off .*download it again"):
            build_whisper(source, tmp_path / "m")
    assert not (tmp_path / "m").exists()
    assert not list(tmp_path.glob(".*"))


def test_any_broken_byte_is_an_error_or_another_number(tmp_path: Path) -> None:
    """Whatever the table says, no reader crashes, hangs or takes memory for it."""
    path = tmp_path / "model.bin"
    few = {name: np.zeros((2, 2), np.float32) for name in ("encoder/conv1/bias", "decoder/layer_norm/beta")}
    whole = model_bins.written(few | {"encoder/num_heads": np.array(2, np.int16)})
    for at in range(len(whole)):
        for value in (0, 1, 0x7F, 0xFF):
            path.write_bytes(whole[:at] + bytes([value]) + whole[at + 1 :])
            try:
                ModelBin(path).shapes()
            except ExportError as refused:
                assert "model.bin" in str(refused)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (model_bins.written({}, version=3), "its version is 3; 5 and 6 are read"),
        (
            struct.pack("<I", 6) + b"\x0c\0WhisperSpec\0" + struct.pack("<II", 3, 1 << 31),
            "2147483648 entries",
        ),
        (model_bins.written({}, spec="TransformerSpec"), "a TransformerSpec, not a Whisper"),
        (model_bins.written({"a": np.zeros(2, np.float32)})[:-70], "cut off"),
        (model_bins.written({}), "decoder/embeddings/weight, which is not there"),
        (model_bins.written({"decoder/embeddings/weight": np.zeros((2, 2), np.float32)}), "is it a Whisper"),
    ],
)
def test_what_is_no_whisper_says_so(tmp_path: Path, written: bytes, message: str) -> None:
    source = converted(tmp_path / "tiny")
    (source / "model.bin").write_bytes(written)
    with pytest.raises(ExportError, match=message):
        build_whisper(source, tmp_path / "m")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"d_model": 81}, "81 channels can't be shared by 5 heads"),
        ({"decoder_attention_heads": 4}, "decoder_attention_heads is 4, the encoder's is 5"),
        ({"decoder_ffn_dim": 7}, "decoder_ffn_dim is 7"),
        ({"activation_function": "relu"}, "no Whisper does"),
        ({"num_mel_bins": 0}, "mels"),
        ({"encoder_layers": "three"}, "audio_layers"),
    ],
)
def test_an_option_that_no_whisper_has_is_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    source = tiny_whisper.draw(2, tmp_path / "tiny")
    configure(source, **changes)
    with pytest.raises(FamilyError, match=message):
        build_whisper(source, tmp_path / "m")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"d_model": 85}, r"has shape \[80"),
        ({"decoder_layers": 2}, r"decoder.layers.1\S+ is missing"),
        ({"vocab_size": 200}, "the tokenizer knows token 262, the model only 200"),
    ],
)
def test_a_configuration_of_another_checkpoint_is_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    source = tiny_whisper.draw(2, tmp_path / "tiny")
    configure(source, **changes)
    with pytest.raises(CheckpointError, match=message):
        build_whisper(source, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_nan_is_refused(tmp_path: Path) -> None:
    tensors = tiny_whisper.tensors(2)
    tensors["model.decoder.layers.0.fc1.weight"][3, 4] = np.nan
    tiny_whisper.save(SHAPE, tensors, tmp_path / "tiny")
    with pytest.raises(CheckpointError, match=r"fc1\.weight holds NaN"):
        build_whisper(tmp_path / "tiny", tmp_path / "m")
    assert not list(tmp_path.glob(".*"))


def test_what_is_there_is_not_built_over(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    with pytest.raises(ExportError, match="is there already"):
        build_whisper(converted(tmp_path / "tiny"), tmp_path / "m")


def test_a_damaged_build_says_so(tmp_path: Path) -> None:
    build_whisper(converted(tmp_path / "tiny"), tmp_path / "m", "none")
    data = tmp_path / "m" / "decoder.data"
    whole = data.read_bytes()
    data.write_bytes(b"\1" * len(whole))
    with pytest.raises(ManifestError, match=r"decoder\.data has changed"):
        SpeechFolder(tmp_path / "m").verify()
    model = open_whisper(tmp_path / "m", threads=1)
    with pytest.raises(BackendError, match="fails its self-test"):
        selftest.check(model)
    model.close()
    data.write_bytes(whole[:-1])
    with pytest.raises(ManifestError, match=r"decoder\.data is missing or cut off"):
        open_whisper(tmp_path / "m", threads=1)
    (tmp_path / "m" / "speech.json").write_text("{}")
    with pytest.raises(ManifestError, match="build the model again"):
        open_whisper(tmp_path / "m", threads=1)
    with pytest.raises(ManifestError, match="no built speech model"):
        open_whisper(tmp_path / "tiny", threads=1)
