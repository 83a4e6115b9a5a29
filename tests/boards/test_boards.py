"""The boards that come with Browline: each loads, each part has a driver, each README tells the same wiring."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from boards.load import FOLDER, load, names
from boards.spec import Board
from drivers.factory import DRIVERS

REAL = [name for name in names() if name != "sim"]
PARTS = ("imu", "camera", "display", "microphone", "keys", "capture_light", "battery")


def test_the_boards_there_are() -> None:
    assert names() == ["jetson_orin_nano", "orangepi5", "rock5b", "sim"]


@pytest.mark.parametrize("name", names())
def test_each_part_names_a_driver_that_can_be_imported(name: str) -> None:
    board = load(name)
    assert board.name == name
    for part in PARTS:
        module, _, kind = DRIVERS[getattr(board, part).compatible].partition(":")
        assert hasattr(import_module(module), kind)


@pytest.mark.parametrize("name", REAL)
def test_the_readme_tells_the_wiring_of_the_board_file(name: str) -> None:
    board, readme = load(name), (FOLDER / name / "README.md").read_text(encoding="utf-8")
    for word in wiring(board):
        assert f"`{word}`" in readme, f"{word} is in board.toml and not in README.md"
    for line in re.findall(r"`(gpiochip\d+:\d+)`", readme):
        assert line in wiring(board), f"{line} is in README.md and not in board.toml"
    assert "Never run on silicon" in readme


@pytest.mark.parametrize("name", REAL)
def test_no_line_has_two_uses(name: str) -> None:
    lines = [word for word in wiring(load(name)) if word.startswith("gpiochip")]
    assert len(lines) == len(set(lines)) == 4


@pytest.mark.parametrize("name", REAL)
def test_every_figure_that_is_not_a_choice_of_ours_has_a_source(name: str) -> None:
    board = load(name)
    for bus in board.buses:
        assert f"buses.{bus}" in board.sources
    assert "keys" in board.sources


@pytest.mark.parametrize("name", REAL)
def test_the_overlay_turns_on_what_the_board_needs(name: str) -> None:
    overlay = (FOLDER / name / "overlay.dts").read_text(encoding="utf-8")
    assert "/plugin/;" in overlay
    assert overlay.count("{") == overlay.count("}")
    assert load(name).compatible[-1] in overlay or load(name).compatible[0] in overlay


def wiring(board: Board) -> list[str]:
    """Every node and line a person has to connect."""
    assert board.display is not None
    assert board.keys is not None
    assert board.capture_light is not None
    lines = [
        board.display.data_line,
        board.capture_light.line,
        *(key.line for key in board.keys.keys.values()),
    ]
    assert all(re.fullmatch(r"gpiochip\d+:\d+", line) for line in lines)
    return [*(bus.path for bus in board.buses.values()), board.console.port, *lines]
