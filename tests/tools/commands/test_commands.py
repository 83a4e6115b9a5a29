from __future__ import annotations

import json
from pathlib import Path

import pytest

from boards.load import load
from drivers.sim.scenario import FOLDER
from tools import cli
from tools.commands import doctor

SHELF = FOLDER / "shelf.toml"


def test_doctor_finds_the_simulator_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BROWLINE_BOARD", raising=False)
    assert cli.main(["doctor", "--board", "sim"]) == 0
    assert "everything is well" in capsys.readouterr().out


def test_doctor_names_each_part_of_a_board_that_is_not_here_and_what_to_try() -> None:
    findings = {finding.what: finding for finding in doctor.examine(load("rock5b"))}
    ill = {what for what, finding in findings.items() if not finding.well}
    assert ill >= {"imu", "battery", "keys", "capture_light", "camera"}
    assert "adapter" in findings["imu"].text
    assert "light" in findings["camera"].text, "without its light the camera stays closed"


def test_doctor_does_not_know_the_board(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--board", "rock5"]) == 2
    assert "Did you mean rock5b?" in capsys.readouterr().err


def test_doctor_says_where_it_can_not_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BROWLINE_DATA", str(tmp_path / "file" / "data"))
    finding = next(f for f in doctor.examine(load("sim")) if f.what == "data")
    assert not finding.well
    assert "BROWLINE_DATA" in finding.text


def test_models_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "list"]) == 0
    assert "ppocrv6-tiny" in capsys.readouterr().out
    assert cli.main(["models", "pull", "gpt-9"]) == 1
    assert "there are: ppocrv6-tiny" in capsys.readouterr().err


def test_a_catalogue_is_filled_from_a_dump_and_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dump = tmp_path / "dump.jsonl"
    rows = [{"code": "5901234123457", "product_name": "Rye bread", "brands": "Acme"}, {"code": "x"}]
    dump.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    data = ["--data", str(tmp_path)]
    assert cli.main(["catalogue", *data, "import", str(dump)]) == 0
    capsys.readouterr()
    assert cli.main(["catalogue", *data, "show", "5901234123457"]) == 0
    assert "Rye bread" in capsys.readouterr().out
    assert cli.main(["catalogue", *data, "show", "4006381333931"]) == 1
    assert cli.main(["catalogue", *data, "import", str(tmp_path / "gone.csv")]) == 2


def test_run_without_a_terminal_plays_once_and_writes_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "--board", "sim", "--out", str(tmp_path), "--seconds", "9", "--once"]
    assert cli.main(words) == 0
    said = capsys.readouterr().out
    assert "HUD pictures in" in said
    assert len(list((tmp_path / "hud").glob("hud-*.png"))) >= 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--board", "nothing"], "there is no board"),
        (["--board", "sim", "--set", "camera.fps=fast"], "camera.fps"),
        (["--board", "sim", "--photos", "{tmp}"], "no photo there"),
        (["--board", "sim", "--scenario", "{tmp}/gone.toml"], "gone.toml"),
        (["--board", "sim", "--override", "{tmp}/gone.toml"], "gone.toml"),
    ],
)
def test_run_says_what_is_wrong(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = [word.replace("{tmp}", str(tmp_path)) for word in words]
    assert cli.main(["run", "--out", str(tmp_path), *filled]) == 2
    assert said in capsys.readouterr().err


def test_photos_of_ones_own_stand_before_the_glasses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.jpg").write_bytes((FOLDER.parent / "scenes" / "tea.jpg").read_bytes())
    words = [
        "run",
        "--board",
        "sim",
        "--photos",
        str(tmp_path / "photos"),
        "--out",
        str(tmp_path),
        "--seconds",
        "2",
    ]
    assert cli.main([*words, "--once"]) == 0
    assert "HUD pictures" in capsys.readouterr().out
