"""The boards that come with Browline: each loads, each part has a driver, each README tells the same wiring."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from boards.load import FOLDER, load, names
from boards.spec import Board
from drivers.factory import DRIVERS

REAL = [name for name in names() if name != "sim"]
ROCKCHIP = ["orangepi5", "rock5b"]
PARTS = ("imu", "camera", "display", "microphone", "keys", "capture_light", "battery")


def test_the_boards_there_are() -> None:
    assert names() == ["jetson_orin_nano", "orangepi5", "rock5b", "sim"]


@pytest.mark.parametrize("name", names())
def test_each_part_names_a_driver_that_can_be_imported(name: str) -> None:
    board = load(name)
    assert board.name == name
    for part in (*PARTS, *(["gnss"] if board.gnss else [])):
        module, _, kind = DRIVERS[getattr(board, part).compatible].partition(":")
        assert hasattr(import_module(module), kind)


@pytest.mark.parametrize("name", REAL)
def test_the_readme_tells_the_wiring_of_the_board_file(name: str) -> None:
    board, readme = load(name), readme_of(name)
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
def test_the_overlay_is_for_every_name_that_the_board_goes_by(name: str) -> None:
    for compatible in load(name).compatible:
        assert f'"{compatible}"' in overlay_of(name)


@pytest.mark.parametrize("name", REAL)
def test_the_overlay_compiles(name: str, tmp_path: Path) -> None:
    if shutil.which("dtc") is None:
        pytest.skip("no dtc here: apt install device-tree-compiler")
    command = [
        "dtc",
        "-@",
        "-I",
        "dts",
        "-O",
        "dtb",
        "-o",
        str(tmp_path / "o"),
        str(FOLDER / name / "overlay.dts"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ROCKCHIP)
def test_on_rockchip_the_overlay_turns_on_the_buses_of_the_board_file(name: str) -> None:
    board, overlay = load(name), overlay_of(name)
    i2c, spi = board.buses.values()
    bus, select = spi.path.removeprefix("/dev/spidev").split(".")
    for node in (f"&i2c{i2c.path[-1]}", f"&spi{bus}", f"&uart{board.console.port[-1]}"):
        assert re.search(rf'^{node} {{\n\tstatus = "okay";', overlay, re.MULTILINE), node
    assert f"panel@{select} {{" in overlay
    assert f"reg = <{select}>;" in overlay
    assert f"spi-max-frequency = <{spi.hz}>;" in overlay
    assert f"clock-frequency = <{i2c.hz}>;" in overlay


@pytest.mark.parametrize("name", ROCKCHIP)
def test_on_rockchip_a_pin_name_tells_its_line(name: str) -> None:
    """GPIO3_C1 is gpiochip3, line 8 × 2 + 1 (Radxa's GPIO table)."""
    rows = re.findall(r"\| GPIO(\d)_([A-D])([0-7]) \| `(gpiochip\d:\d+)`", readme_of(name))
    assert len(rows) == 4
    for bank, port, number, line in rows:
        assert line == f"gpiochip{bank}:{8 * 'ABCD'.index(port) + int(number)}"


def test_on_jetson_every_line_has_its_pad_set_up_and_no_special_function() -> None:
    """Else the kernel says "on" while the pin is dead, the capture light's too (see overlay.dts)."""
    board = load("jetson_orin_nano")
    assert board.display is not None
    assert board.capture_light is not None
    ports = dict(re.findall(r"\| (P[A-Z]+\.\d\d) \| `(gpiochip0:\d+)`", readme_of(board.name)))
    assert len(ports) == 4
    groups = dict(re.findall(r"(\w+) \{\s*(nvidia,pins[^}]*)\}", overlay_of(board.name)))
    for port, line in ports.items():
        pad = f'_{port[:2].lower()}{int(port[3:])}"'
        (group,) = (name for name, text in groups.items() if pad in text)
        drives = line in (board.display.data_line, board.capture_light.line)
        assert group == ("outputs" if drives else "inputs")
    for group, tristate in (("outputs", 0), ("inputs", 1)):
        assert f"nvidia,tristate = <{tristate}>;" in groups[group]
        assert "nvidia,function" not in groups[group]


def overlay_of(name: str) -> str:
    """The board's overlay without its comments."""
    return re.sub(
        r"/\*.*?\*/", "", (FOLDER / name / "overlay.dts").read_text(encoding="utf-8"), flags=re.DOTALL
    )


def readme_of(name: str) -> str:
    return (FOLDER / name / "README.md").read_text(encoding="utf-8")


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
