from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from tools import cli


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in cli.COMMANDS)


def test_an_unknown_command_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["snip"]) == 2
    assert "snip" in capsys.readouterr().err


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_each_command_has_a_parser_and_a_main(name: str) -> None:
    command = import_module(f"tools.commands.{name}")
    assert callable(command.configure)
    assert callable(command.main)
    with pytest.raises(SystemExit) as stop:
        cli.main([name, "--help"])
    assert stop.value.code == 0


def test_a_place_that_can_not_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert cli.main(["run", "--board", "sim", "--once", "--out", str(tmp_path / "file" / "out")]) == 2
    said = capsys.readouterr().err
    assert str(tmp_path / "file") in said
    assert "choose another place" in said
