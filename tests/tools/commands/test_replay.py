"""`browline replay`: a recorded walk is told as it was, from a track or from a recording of the glasses'."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from drivers.base import Fix
from runtime.core.bus import Bus
from runtime.core.clock import NS, VirtualClock, run_virtual
from runtime.core.log import LogRing, make_logger
from runtime.core.messages import Request
from runtime.core.record import Recorder
from runtime.core.replay import Recorded
from runtime.core.topics import FIX, REQUEST
from runtime.features.navigate.asks import ACTION
from tests.runtime.features.navigate.routes.samples import EAST, NORTH, START, corner
from tests.tools.tracks import gpx, trkpt, walked
from tools import cli
from tools.replaying import GAP_S, without_gaps


@pytest.fixture
def route(tmp_path: Path) -> str:
    path = tmp_path / "route.json"
    path.write_bytes(corner())
    return str(path)


def track(folder: Path, *points: str) -> str:
    path = folder / "track.gpx"
    path.write_text(gpx(points or walked(range(265))), encoding="utf-8")
    return str(path)


def told(text: str) -> list[tuple[str, int]]:
    return [(line["event"], line["maneuver"]) for line in map(json.loads, text.splitlines())]


def test_a_track_is_told_and_drawn(tmp_path: Path, route: str, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = ["--hud", str(tmp_path / "a.gif"), "--map", str(tmp_path / "a.svg")]
    assert cli.main(["replay", track(tmp_path), "--route", route, *pictures]) == 0
    said, noted = capsys.readouterr()
    assert re.search(r"13\d\.\d s .* cue +Turn right onto", said)
    assert "arrow" not in said, "there was no IMU"
    assert "arrived after 25" in said
    assert not noted
    assert "<svg" in (tmp_path / "a.svg").read_text(encoding="utf-8")
    with Image.open(tmp_path / "a.gif") as picture:
        assert picture.n_frames > 5  # type: ignore[attr-defined]


def test_json_and_chinese(tmp_path: Path, route: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["replay", track(tmp_path), "--route", route, "--json", "--language", "zh"]) == 0
    said = capsys.readouterr().out
    assert [one for one in told(said) if one[1] == 1] == [("prepare", 1), ("cue", 1)]
    assert told(said)[-1][0] == "arrived"
    assert "右转" in said


def test_a_day_without_a_point_takes_no_day(
    tmp_path: Path, route: str, capsys: pytest.CaptureFixture[str]
) -> None:
    later = [point.replace("2026-05-01", "2027-05-01") for point in walked(range(100, 265))]
    assert cli.main(["replay", track(tmp_path, *walked(range(100)), *later), "--route", route, "--json"]) == 0
    events = [event for event, _ in told(capsys.readouterr().out)]
    assert events.count("withdrawn") == 1
    assert events[-1] == "arrived"


def test_half_a_walk_does_not_arrive_and_says_what_was_left_out(
    tmp_path: Path, route: str, capsys: pytest.CaptureFixture[str]
) -> None:
    points = [*walked(range(60)), *walked(range(50, 53)), trkpt((99.0, 0.0), 70)]
    path = Path(track(tmp_path, *points))
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    assert cli.main(["replay", str(path), "--route", route]) == 1
    said, noted = capsys.readouterr()
    assert "did not arrive after 6" in said
    assert "1 points are nowhere on Earth: left out" in noted
    assert "3 points go back in time: left out" in noted
    assert "broken off" in noted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nothing at all", "not a recording"),
        ("", "not a recording"),
        ("<gpx></gpx>", "nothing of a walk"),
        (gpx([trkpt((0.0, 0.0), None)] * 3), "no point has a time"),
        ("<kml/>", "no GPX"),
    ],
)
def test_what_can_not_be_played_is_said(
    tmp_path: Path, route: str, capsys: pytest.CaptureFixture[str], text: str, why: str
) -> None:
    (tmp_path / "a").write_text(text, encoding="utf-8")
    assert cli.main(["replay", str(tmp_path / "a"), "--route", route]) == 2
    assert why in capsys.readouterr().err


def test_a_route_that_is_none_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["replay", track(tmp_path), "--route", str(tmp_path / "none.json")]) == 2
    (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
    assert cli.main(["replay", track(tmp_path), "--route", str(tmp_path / "bad.json")]) == 2
    assert "no route" in capsys.readouterr().err


def recorded(folder: Path, *, start_s: float | None) -> str:
    """A recording of fixes alone, and of ``nav start`` after so long."""
    path, clock = folder / "walk.mcap", VirtualClock()
    bus = Bus(clock)

    async def walk() -> None:
        recorder = Recorder(bus, clock, make_logger(clock, LogRing()))
        await clock.sleep(1000.0)
        await recorder.start(path)
        for second in range(265):
            along = min(350.0, 1.4 * second)
            north, east = (along, 0.0) if along < 200 else (200.0, along - 200)
            bus.publish(FIX, Fix(clock.now_ns(), START[0] + north * NORTH, START[1] + east * EAST, 4.0))
            if second == start_s:
                bus.publish(REQUEST, Request(clock.now_ns(), ACTION, "start"))
            bus.publish(REQUEST, Request(clock.now_ns(), "snap"))
            await clock.sleep(1.0)
        await recorder.stop()

    run_virtual(clock, asyncio.wait_for(walk(), 2000))
    return str(path)


def test_a_recording_of_the_glasses(tmp_path: Path, route: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["replay", recorded(tmp_path, start_s=None), "--route", route, "--json"]) == 0
    said = capsys.readouterr().out
    assert told(said)[0] == ("cue", 0)
    assert told(said)[-1][0] == "arrived"


def test_navigation_starts_where_it_was_started(
    tmp_path: Path, route: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["replay", recorded(tmp_path, start_s=60), "--route", route, "--json"]) == 0
    said = capsys.readouterr().out
    assert told(said)[0] == ("prepare", 1)
    assert json.loads(said.splitlines()[0])["t"] >= 60


def test_gaps_are_cut_and_time_never_goes_back() -> None:
    times = [0, 1, 10_000, 10_001, 5, 6]
    fixes = (recorded_fix(second) for second in times)
    steady = [one.t_ns / NS for one in without_gaps(fixes)]
    assert steady == [0, 1, 1 + GAP_S, 2 + GAP_S, 2 + GAP_S, 3 + GAP_S]


def recorded_fix(second: int) -> Recorded:
    return Recorded(second * NS, FIX, Fix(second * NS, 0.0, 0.0, 4.0))
