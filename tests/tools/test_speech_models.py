"""``browline models`` with what listens: built, listed, refused, removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.speech.whisper.folder import SpeechFolder
from tools.bench import tiny_qwen, tiny_whisper
from tools.cli import main


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BROWLINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache"


def test_a_checkpoint_is_recognised_built_listed_and_removed(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_whisper.draw(1, Path("ears"))
    assert main(["models", "build", "ears"]) == 0
    assert main(["models", "build", "ears", "--quant", "weights8"]) == 0
    assert SpeechFolder(cache / "built" / "ears").about.quant == "int8"
    assert SpeechFolder(cache / "built" / "ears-weights8").about.quant == "weights8"
    capsys.readouterr()
    assert main(["models", "list"]) == 0
    said = capsys.readouterr().out
    assert "ears-weights8" in said
    assert "whisper-base" in said
    assert main(["models", "list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [model["name"] for model in told["speech"]] == ["ears", "ears-weights8"]
    assert [model["name"] for model in told["checkpoints"]] == ["whisper-base"]
    assert main(["models", "remove", "ears"]) == 0
    assert not (cache / "built" / "ears").exists()


def test_what_does_not_go_together_is_refused(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny_whisper.draw(1, Path("ears"))
    tiny_qwen.draw("qwen3", 1, Path("mind"))
    refused = {
        (
            "build",
            "ears",
            "--quant",
            "int4",
        ): "--quant int4 is for language models: take int8, weights8, none",
        ("build", "ears", "--adapter", "lora"): "--adapter is for language models",
        ("build", "mind", "--quant", "weights8"): "--quant weights8 is for speech models: take one of none",
        ("pull", "whisper-base"): "`browline models build whisper-base` fetches and builds it",
    }
    for words, message in refused.items():
        assert main(["models", *words]) == 1
        assert message in capsys.readouterr().err
    assert not (cache / "built").exists()
