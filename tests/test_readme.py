"""What the README tells a newcomer to type and to look at is there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from PIL import Image

from boards.load import names
from tests.runtime.console.talk import Talk, talk
from tools import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLE = README[README.index("## The console") : README.index("## Add your own")]


def test_every_path_it_names_is_there() -> None:
    for path in re.findall(r"`((?:boards|drivers|models|runtime|tools|tests)/[\w./-]*)`", README):
        if "NAME" not in path:
            assert (ROOT / path).exists(), path


def test_every_board_is_in_its_table() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", README[README.index("## What ran where") :], re.MULTILINE)
    assert sorted(rows[: len(names())]) == names()


def test_every_command_of_browline_it_names_exists() -> None:
    named = set(re.findall(r"browline (\w+)", README)) - {"is"}
    assert named <= set(cli.COMMANDS), named - set(cli.COMMANDS)


def test_its_picture_is_the_one_its_command_makes(tmp_path: Path) -> None:
    (command,) = re.findall(r"Made by `.venv/bin/browline (snap [^`]*)`", README)
    words = command.replace("tools/hud.png", str(tmp_path / "hud.png")).split()
    assert cli.main([*words, "--data", str(tmp_path)]) == 0
    with Image.open(tmp_path / "hud.png") as made, Image.open(ROOT / "tools" / "hud.png") as shown:
        assert made.tobytes() == shown.tobytes(), "make it again"


def test_every_line_of_its_cheatsheet_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [
        line
        for row in re.findall(r"^\| (`.*`) \|", CONSOLE, re.MULTILINE)
        for line in re.findall("`([^`]+)`", row)
    ]
    assert len(lines) > 20

    async def story(t: Talk) -> None:
        for line in lines:
            answer = await t.ask(line)
            assert answer["ok"] or line == "snap save", (line, answer["text"])
            if line.startswith("record start"):
                await asyncio.sleep(1)

    talk(story)
