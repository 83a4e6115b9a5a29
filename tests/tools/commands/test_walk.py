"""``browline walk``: what it prints, writes and returns."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image

from tests.glasses.strolls import LEGS_M
from tests.runtime.features.navigate.routes.samples import Point, at, gpx, osrm, step
from tools.cli import main

KEYS = {"t", "event", "maneuver", "text", "lat", "lon", "arrow_deg", "sd_deg"}
EVENTS = {"prepare", "cue", "off_route", "wrong_way", "rejoined", "reroute", "withdrawn", "arrived"}
Out = pytest.CaptureFixture[str]


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """60 m north, right, 40 m east."""
    points = (at(0, 0), at(LEGS_M[0], 0), at(*LEGS_M))
    steps = [
        step("depart", points[0], LEGS_M[0]), step("turn", points[1], LEGS_M[1], modifier="right"),
        step("arrive", points[2], 0.0),
    ]  # fmt: skip
    return written(tmp_path / "short.json", osrm(points, [steps], sum(LEGS_M)))


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def walk(route: Path, out: Out, *words: str) -> tuple[int, str, str]:
    code = main(["walk", str(route), *words])
    printed = out.readouterr()
    return code, printed.out, printed.err


def test_json_lines_have_the_documented_keys_and_the_same_seed_the_same_bytes(
    short: Path, capsys: Out
) -> None:
    words = ("--json", "--detour", "-40", "--speed", "3")
    code, told, _ = walk(short, capsys, *words, "--seed", "3")
    lines = [json.loads(line) for line in told.splitlines()]
    assert code == 0
    assert all(set(line) == KEYS and line["event"] in EVENTS for line in lines)
    assert {"prepare", "cue", "off_route", "rejoined", "arrived"} <= {line["event"] for line in lines}
    assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)
    assert walk(short, capsys, *words, "--seed", "3")[1] == told


@pytest.mark.slow
def test_another_seed_is_another_walk(short: Path, capsys: Out) -> None:
    one, other = (walk(short, capsys, "--json", "--speed", "3", "--seed", seed)[1] for seed in ("3", "4"))
    assert one != other


def test_a_map_and_what_the_wearer_saw(short: Path, tmp_path: Path, capsys: Out) -> None:
    code, told, _ = walk(
        short, capsys, "--map", f"{tmp_path}/map.svg", "--hud", f"{tmp_path}/hud", "--speed", "3"
    )
    assert code == 0 and "arrived after" in told
    assert ET.parse(tmp_path / "map.svg").getroot().tag.endswith("svg")
    pictures = sorted((tmp_path / "hud").glob("*.png"))
    assert len(pictures) > 5
    assert walk(short, capsys, "--hud", f"{tmp_path}/hud.gif", "--speed", "3")[0] == 0
    with Image.open(tmp_path / "hud.gif") as film:
        assert getattr(film, "n_frames", 0) > 5


def test_a_short_way_without_any_fix_is_walked_by_counted_steps(short: Path, capsys: Out) -> None:
    code, told, _ = walk(short, capsys, "--outage", "3600", "--speed", "1.4", "--json")
    assert code == 0
    assert "arrived" in {json.loads(line)["event"] for line in told.splitlines()}


def test_fixes_that_tell_nothing_do_not_arrive(short: Path, capsys: Out) -> None:
    code, told, _ = walk(short, capsys, "--noise", "50", "--speed", "3")
    assert code == 1 and "did not arrive" in told


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("empty.json", b"", "empty"),
        ("bad.json", b"{", "bad.json"),
        ("other.json", b"{}", "no route"),
        ("same.gpx", gpx([at(0, 0), at(0, 0)]), "same.gpx"),
        ("one.gpx", gpx([at(0, 0)]), "one.gpx"),
        ("picture.png", b"\x89PNG\r\n", "picture.png"),
    ],
)
def test_a_file_that_is_no_route_is_named(
    tmp_path: Path, capsys: Out, name: str, data: bytes, says: str
) -> None:
    code, told, err = walk(written(tmp_path / name, data), capsys)
    assert (code, told) == (2, "")
    assert name in err and says in err and err.count("\n") == 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: Out) -> None:
    code, _, err = walk(tmp_path / "gone.gpx", capsys)
    assert code == 2 and "gone.gpx" in err


@pytest.mark.parametrize(
    "words", [("--speed", "0"), ("--detour", "nan"), ("--outage", "-1"), ("--noise", "inf")]
)
def test_numbers_that_make_no_walk_are_refused(short: Path, words: tuple[str, str], capsys: Out) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["walk", str(short), *words])
    assert ended.value.code == 2
    assert words[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    "points",
    [((0.0, 179.9996), (0.0, -179.9996)), (at(0, 0), at(60, 0)), ((-0.0003, 0.0), (0.0003, 0.0))],
    ids=["antimeridian", "two points", "equator"],
)
def test_two_points_anywhere_are_a_walk(tmp_path: Path, points: tuple[Point, ...], capsys: Out) -> None:
    code, told, _ = walk(written(tmp_path / "two.gpx", gpx(points)), capsys, "--speed", "3", "--json")
    assert code == 0
    assert "arrived" in told and "off_route" not in told
