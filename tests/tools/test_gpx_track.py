"""Recorded tracks become fixes with times that rise, whatever the recorder wrote."""

from __future__ import annotations

import math
import time
from itertools import pairwise
from pathlib import Path

import pytest

from drivers.base import Fix
from runtime.core.clock import NS
from runtime.core.errors import RecordingError
from tests.runtime.features.navigate.routes.samples import at
from tests.tools.tracks import BEGAN, gpx, trkpt, walked
from tools.gpx_track import ACCURACY_M, Track, is_gpx, read_track


def read(folder: Path, text: str | bytes) -> tuple[list[Fix], Track]:
    path, track = folder / "a.gpx", Track()
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(read_track(path, track)), track


def seconds(fixes: list[Fix]) -> list[float]:
    return [round(fix.t_ns / NS - BEGAN.timestamp(), 3) for fix in fixes]


def test_points_become_fixes_at_their_times(tmp_path: Path) -> None:
    points = [trkpt(at(1.4 * s, 0), s * 1.5, "<speed>1.4</speed><course>2</course>") for s in range(4)]
    fixes, track = read(tmp_path, gpx(points))
    assert seconds(fixes) == [0.0, 1.5, 3.0, 4.5]
    assert track == Track(fixes=4, complete=True)
    assert {(fix.source, fix.accuracy_m, fix.speed_mps, fix.course_deg) for fix in fixes} == {
        ("gnss", ACCURACY_M, 1.4, 2.0)
    }


@pytest.mark.parametrize(
    ("told", "metres"),
    [("1", 4.91), ("2.5", 12.3), ("0", ACCURACY_M), ("nan", ACCURACY_M), ("99", ACCURACY_M)],
)
def test_dilution_tells_the_accuracy(tmp_path: Path, told: str, metres: float) -> None:
    (fix,), _ = read(tmp_path, gpx([trkpt(at(0, 0), 0, f"<hdop>{told}</hdop>")]))
    assert fix.accuracy_m == pytest.approx(metres, rel=0.01)


def test_numbers_that_can_not_be_are_not_told(tmp_path: Path) -> None:
    (fix,), _ = read(tmp_path, gpx([trkpt(at(0, 0), 0, "<speed>-1</speed><course>900</course>")]))
    assert fix.speed_mps is None
    assert fix.course_deg is None


def test_what_has_no_place_or_no_time_is_left_out(tmp_path: Path) -> None:
    bad = ["<trkpt/>", trkpt((99.0, 0.0), 3), trkpt((math.nan, 0.0), 3), trkpt(at(0, 0), None)]
    bad.append(trkpt(at(0, 0), None, "<time>yesterday</time>"))
    fixes, track = read(tmp_path, gpx([*walked(range(3)), *bad, *walked(range(4, 6))]))
    assert seconds(fixes) == [0, 1, 2, 4, 5]
    assert (track.nowhere, track.timeless) == (3, 2)


def test_zones_are_those_of_the_recorder(tmp_path: Path) -> None:
    zoned = trkpt(at(0, 0), None, "<time>2026-05-01T18:00:07+08:00</time>")
    plain = trkpt(at(0, 0), None, "<time>2026-05-01T10:00:09</time>")
    assert seconds(read(tmp_path, gpx([zoned, plain]))[0]) == [7, 9]


def test_a_step_back_is_left_out(tmp_path: Path) -> None:
    fixes, track = read(tmp_path, gpx([*walked(range(10)), *walked(range(6, 9)), *walked(range(10, 20))]))
    assert seconds(fixes) == list(range(20))
    assert track.backwards == 3


def test_a_clock_that_was_set_back_goes_on_from_there(tmp_path: Path) -> None:
    before = trkpt(at(0, 0), 86_400.0 * 365)
    fixes, track = read(tmp_path, gpx([before, *walked(range(60))]))
    assert track.backwards == 4
    assert len(fixes) == 57
    assert all(one.t_ns < other.t_ns for one, other in pairwise(fixes))
    assert {round(other.t_ns - one.t_ns, -6) for one, other in pairwise(fixes)} == {NS}


def test_a_file_that_is_broken_off_is_read_as_far_as_it_is_whole(tmp_path: Path) -> None:
    text = gpx(walked(range(30)))
    fixes, track = read(tmp_path, text[: len(text) // 2])
    assert 10 < len(fixes) < 20
    assert not track.complete


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<gpx", "no XML"),
        ("<html><trkpt/></html>", "is no GPX"),
        ("", "no XML"),
        (b"\xff\xfe\x00", "no XML"),
        ('<!DOCTYPE gpx [<!ENTITY a "b">]><gpx>&a;</gpx>', "no entities"),
        ('<!DOCTYPE gpx SYSTEM "file:///etc/passwd"><gpx/>', "no entities"),
    ],
)
def test_what_is_no_gpx_is_said(tmp_path: Path, text: str | bytes, why: str) -> None:
    with pytest.raises(RecordingError, match=why):
        read(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="can't read"):
        is_gpx(tmp_path / "a")
    with pytest.raises(RecordingError, match="can't read"):
        next(read_track(tmp_path / "a", Track()))


def test_a_long_track_is_read_as_a_stream(tmp_path: Path) -> None:
    count, path, track = 50_000, tmp_path / "long.gpx", Track()
    many = (trkpt(at(0, 0), second) for second in range(count))
    path.write_text(gpx(many))
    began = time.process_time()
    assert sum(1 for _ in read_track(path, track)) == count
    assert time.process_time() - began < 10, "a million in minutes at most"
