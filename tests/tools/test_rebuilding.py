"""``models build`` of a speech model under a name that is taken."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from boards.load import load
from models.speech.whisper.folder import DESCRIPTION, FORMAT, SpeechFolder
from tests.tools.export.whisper import model_bins
from tools.bench import tiny_whisper
from tools.cli import main
from tools.commands import doctor

SHAPE = tiny_whisper.SHAPES[2]


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BROWLINE_CACHE", str(tmp_path / "cache"))
    return model_bins.save(SHAPE, tiny_whisper.tensors(2), tmp_path / "tiny", "float32")


def outdate(folder: Path) -> None:
    about = msgspec.json.decode((folder / DESCRIPTION).read_bytes())
    (folder / DESCRIPTION).write_bytes(msgspec.json.encode(about | {"format": FORMAT - 1}))


def test_one_of_an_earlier_format_is_replaced(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built = tmp_path / "cache" / "built"
    assert main(["models", "build", str(checkpoint), "--board", "rock5b"]) == 0
    outdate(built / "tiny")
    (found,) = [finding for finding in doctor.examine(load("sim")) if finding.what == "speech"]
    assert not found.well
    assert "browline models build tiny" in found.text
    assert main(["models", "build", str(checkpoint)]) == 0
    assert "tiny is built again in the place of one that can't be opened any more" in capsys.readouterr().err
    assert SpeechFolder(built / "tiny").about.format == FORMAT
    assert [path.name for path in built.iterdir()] == ["tiny"]


def test_one_that_opens_is_left_alone(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "build", str(checkpoint)]) == 0
    before = (tmp_path / "cache" / "built" / "tiny" / DESCRIPTION).stat().st_mtime_ns
    assert main(["models", "build", str(checkpoint)]) == 1
    assert "is built already: `browline models remove tiny`" in capsys.readouterr().err
    assert (tmp_path / "cache" / "built" / "tiny" / DESCRIPTION).stat().st_mtime_ns == before


def test_a_build_that_fails_leaves_what_was_there(checkpoint: Path, tmp_path: Path) -> None:
    built = tmp_path / "cache" / "built"
    assert main(["models", "build", str(checkpoint)]) == 0
    outdate(built / "tiny")
    (checkpoint / "tokenizer.json").write_text("{}")
    assert main(["models", "build", str(checkpoint)]) == 1
    assert [path.name for path in built.iterdir()] == ["tiny"]


def test_a_folder_of_something_else_is_never_taken(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("dear Anna")
    assert main(["models", "build", str(checkpoint), "--out", str(tmp_path / "mine")]) == 1
    assert "is there already: remove it" in capsys.readouterr().err
    assert (tmp_path / "mine" / "letter").exists()


def test_what_a_board_can_not_hold_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    large = tiny_whisper.draw(2, tmp_path / "large")
    config = json.loads((large / "config.json").read_text())
    (large / "config.json").write_text(
        json.dumps(config | {"decoder_ffn_dim": 1 << 20, "encoder_ffn_dim": 1 << 20, "decoder_layers": 99})
    )
    assert main(["models", "build", str(large), "--board", "rock5b", "--out", str(tmp_path / "m")]) == 1
    assert "take a smaller Whisper" in capsys.readouterr().err
    assert not (tmp_path / "m").exists()
