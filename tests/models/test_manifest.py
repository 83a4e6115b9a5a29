from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.base import ManifestError
from models.manifest import list_checkpoints, list_manifests, load_manifest

GOOD = """
name = "toy"
task = "ocr"
licence = "MIT"
memory_mb = 3
[[files]]
name = "toy.onnx"
role = "detector"
sha256 = "%s"
bytes = 10
[[files.sources]]
url = "https://example.org/toy.onnx"
""" % ("a" * 64)  # fmt: skip


def write(folder: Path, text: str, name: str = "toy.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_manifests_are_sound() -> None:
    manifests = list_manifests()
    assert set(manifests) >= {"ppocrv6-tiny", "silero-vad"}
    for manifest in manifests.values():
        assert manifest.licence
        assert not manifest.checkpoint
        for file in manifest.files:
            assert file.sources, f"{file.name} can't be had from anywhere"
            assert file.inputs, f"{file.name} says nothing of its tensors"
            assert file.outputs


def test_checkpoints_are_not_among_the_models(tmp_path: Path) -> None:
    checkpoints = list_checkpoints()
    assert not set(checkpoints) & set(list_manifests())
    base = checkpoints["whisper-base"]
    assert {file.name for file in base.files} == {"model.bin", "tokenizer.json", "config.json"}
    assert len(base.file("weights").sources[0].parts) == 2


def test_parts_are_of_wheels(tmp_path: Path) -> None:
    text = GOOD.replace('url = "https://example.org/toy.onnx"', 'parts = [{ url = "https://example.org/a" }]')
    with pytest.raises(ManifestError, match="parts are of wheels"):
        load_manifest(write(tmp_path, text))


def test_a_file_is_found_by_its_role() -> None:
    manifest = list_manifests()["ppocrv6-tiny"]
    assert manifest.file("detector").bytes == 1_829_618
    assert manifest.bytes == 1_829_618 + 1_269_595
    with pytest.raises(ManifestError, match="no file is the translator; there are: detector, recogniser"):
        manifest.file("translator")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("memory_mb = 3", "memory_mb = 0", r"toy.toml: Expected `int` >= 1.*memory_mb"),
        ('licence = "MIT"', "", "missing required field `licence`"),
        ('task = "ocr"', 'task = "ocr"\ncolour = 1', "unknown field `colour`"),
        ("a" * 64, "a" * 63, r"sha256"),
        ('name = "toy.onnx"', 'name = "../toy.onnx"', r"files\[0\].name"),
        ('url = "https://example.org/toy.onnx"', "", "either url or wheel"),
        ("https://example.org", "file:///etc", "must begin with https://"),
        ('url = "https://example.org/toy.onnx"', 'wheel = "toy"', "name==version"),
        ("[[files]]", "[[files]", "toy.toml"),
    ],
)
def test_a_wrong_manifest_names_the_file_and_the_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(ManifestError, match=words):
        load_manifest(write(tmp_path, GOOD.replace(old, new)))


def test_a_manifest_that_is_not_there_or_not_text_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"gone.toml"):
        load_manifest(tmp_path / "gone.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ManifestError, match=r"bytes.toml"):
        load_manifest(tmp_path / "bytes.toml")


def test_a_file_bears_its_models_name(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "other.toml")
    with pytest.raises(ManifestError, match=r"other.toml: name is toy; call the file toy.toml"):
        list_manifests(tmp_path)


@given(st.text(max_size=60), st.integers(0, len(GOOD)))
@settings(max_examples=200, deadline=None)
def test_whatever_stands_in_a_manifest_gives_a_manifest_or_our_error(text: str, at: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), GOOD[:at] + text + GOOD[at:])
        with contextlib.suppress(ManifestError):
            load_manifest(path)
