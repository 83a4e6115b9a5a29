"""Model folders that are not what they say: a ModelError, whatever it is, or an answer; nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.base import BackendError, ManifestError, ModelError
from models.qwen_vl.engine import Request, open_engine, run
from tests.models.qwen_vl.conftest import Built


@pytest.fixture(params=["qwen3", "qwen3_vl"])
def model(built: Built, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    shutil.copytree(built(request.param, 2, "int8"), tmp_path / "model")
    return tmp_path / "model"


def ask(model: Path, *, look: bool = False) -> str:
    picture = {"type": "image", "image": np.zeros((40, 40, 3), np.uint8)}
    content = [picture, {"type": "text", "text": "hi"}] if look else "hi"
    engine = open_engine(model, threads=1)
    try:
        return run(engine.answer(Request(messages=[{"role": "user", "content": content}], limit=4))).text
    finally:
        engine.close()


def change(model: Path, *keys: str, value: Any) -> None:
    about = json.loads((model / "model.json").read_text())
    part = about
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = value
    (model / "model.json").write_text(json.dumps(about))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("layers", 3 * 10**8),
        ("layers", 1),
        ("kv_heads", 10**9),
        ("head_size", 10**9),
        ("head_size", 16),
        ("width", 10**18),
        ("width", 7),
        ("vocab", 10**18),
        ("vocab", 300),
    ],
)
def test_a_description_of_another_decoder_is_refused(model: Path, key: str, value: int) -> None:
    change(model, "text", key, value=value)
    with pytest.raises(ModelError):
        ask(model)


@pytest.mark.parametrize(
    ("key", "value"),
    [("width", 960), ("out", 7), ("heads", 4), ("patch", 10**6), ("deep", [0]), ("window", 4), ("merge", 3)],
)
def test_a_description_of_another_encoder_is_refused(
    built: Built, tmp_path: Path, key: str, value: object
) -> None:
    shutil.copytree(built("qwen3_vl", 2, "int8"), tmp_path / "model")
    change(tmp_path / "model", "vision", key, value=value)
    with pytest.raises((ManifestError, BackendError)):
        ask(tmp_path / "model", look=True)


@pytest.mark.parametrize("file", ["decoder.data", "vision.data"])
def test_weights_that_are_no_numbers_give_no_words(built: Built, tmp_path: Path, file: str) -> None:
    model = shutil.copytree(built("qwen3_vl", 2, "int8"), tmp_path / "model")
    size = (model / file).stat().st_size
    np.full(-(-size // 4), np.nan, np.float32).tofile(model / file)
    with (model / file).open("r+b") as opened:
        opened.truncate(size)
    with pytest.raises(BackendError, match="computes no numbers"):
        ask(model, look=True)


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_is_a_model_error_or_an_answer(model: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    path = sorted(model.iterdir())[int(rng.integers(len(list(model.iterdir()))))]
    data = bytearray(path.read_bytes())
    match seed % 4:
        case 0:
            data = data[: int(rng.integers(len(data)))]
        case 1:
            path.unlink()
        case _:
            for at in rng.integers(0, len(data), int(rng.choice([1, 5, 50]))):
                data[at] = int(rng.integers(256))
    if path.exists():
        path.write_bytes(data)
        if path.name != "model.json":  # so that its size does not give it away
            change(model, "files", path.name, "bytes", value=len(data))
    try:
        ask(model, look=(model / "vision.onnx").exists())
    except ModelError as error:
        assert str(error)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + b"x" * 90, b"x" * 500], ids=len)
def test_a_damaged_self_test_is_named(model: Path, content: bytes) -> None:
    (model / "selftest.npz").write_bytes(content)
    change(model, "files", "selftest.npz", "bytes", value=len(content))
    engine = open_engine(model)
    with pytest.raises(ManifestError, match=r"selftest\.npz"):
        engine.self_test()
    np.savez(model / "selftest.npz", tokens=[1, 2], chosen=[10**6], logits=[1.0])
    with pytest.raises(ManifestError, match="another model"):
        engine.self_test()
    engine.close()


def test_a_folder_that_vanishes_under_a_loaded_model_does_not_disturb_it(model: Path) -> None:
    whole = ask(model)
    engine = open_engine(model)
    loop = engine.answer(Request(messages=[{"role": "user", "content": "hi"}], limit=4))
    next(loop)
    shutil.rmtree(model)
    assert run(loop).text == whole
    with pytest.raises(ManifestError, match="selftest"):
        engine.self_test()
    if engine.folder.about.vision is not None:  # the encoder is loaded with the first picture
        picture = {"type": "image", "image": np.zeros((40, 40, 3), np.uint8)}
        with pytest.raises(ModelError, match="build the model again"):
            engine.answer(Request(messages=[{"role": "user", "content": [picture]}]))
    engine.close()
