"""Transcripts: kept when asked, found in any script, gone for good when deleted, whatever happens meanwhile."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.core.clock import VirtualClock
from runtime.core.errors import DiskFullError, NewerDatabaseError, ReadOnlyError, StoreError
from runtime.core.log import LogRing, make_logger
from runtime.features.captions.transcripts import Segment, Transcripts, UnknownTranscriptError

ROOT = Path(__file__).parents[4]
SAID = (
    Segment(
        10, 0.0, 2.5, "我们在北京西站见面，下午三点。", "zh", "We meet at Beijing West station at three."
    ),
    Segment(11, 3.0, 4.25, "Is platform 12 <far> away?", "en"),
    Segment(12, 3661.5, 3663.0, "هل القطار سريع؟", "ar", "Is the train fast?"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "transcripts.db"


@pytest.fixture
def ring() -> LogRing:
    return LogRing()


@pytest.fixture
def transcripts(path: Path, ring: LogRing) -> Iterator[Transcripts]:
    clock = VirtualClock()
    kept = Transcripts(path, clock, make_logger(clock, ring))
    yield kept
    kept.close()


def keep(transcripts: Transcripts, *segments: Segment) -> int:
    kept = transcripts.begin()
    for segment in segments:
        transcripts.add(kept, segment)
    transcripts.end(kept)
    return kept


def on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_no_file_is_made_before_it_is_asked_for(transcripts: Transcripts, path: Path) -> None:
    assert (transcripts.newest(), transcripts.search("train"), transcripts.delete(1)) == ([], [], False)
    with pytest.raises(UnknownTranscriptError, match="captions list"):
        transcripts.segments(1)
    assert not path.parent.exists()
    keep(transcripts, *SAID)
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_was_said_comes_back_newest_conversation_first(transcripts: Transcripts) -> None:
    first = keep(transcripts, *SAID)
    second = transcripts.begin()
    transcripts.add(second, SAID[1])
    one, two = transcripts.newest()
    assert (one.id, one.segments, one.title, one.ended_wall_ns) == (second, 1, SAID[1].source, None)
    assert (two.id, two.segments, two.seconds, two.title) == (first, 3, 3663.0, SAID[0].translation)
    assert two.ended_wall_ns is not None
    assert transcripts.segments(first) == list(SAID)
    assert [found.id for found in transcripts.newest(limit=1)] == [second]


def test_a_conversation_in_which_nothing_was_said_is_not_kept(transcripts: Transcripts) -> None:
    keep(transcripts)
    assert transcripts.newest() == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("北京西站", [0]), ("西站", [0]), ("站", [0]), ("下午三点", [0]), ("STATION", [0]), ("stat", [0]),
        ("platform 12", [1]), ("12 platform", [1]), ("القطار", [2]), ("هل", [2]), ("train", [2]), ("i", [2, 1, 0]),
        ("<far>", [1]), ("%", []), ("_", []),
        ('"', []), ("nowhere", []), ("platform station", []), ("  ", []), ("AND", []), ("我们 three", [0]),
        ("is fast", [2]), ("\\", []), ("source:train", []), ("*", []),
    ],
)  # fmt: skip
def test_it_is_found_in_any_script_by_parts_of_words(
    transcripts: Transcripts, query: str, found: list[int]
) -> None:
    kept = keep(transcripts, *SAID)
    hits = transcripts.search(query)
    assert [hit.segment for hit in hits] == [SAID[n] for n in found]
    assert {hit.transcript_id for hit in hits} <= {kept}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.text("ab 北京站\"'%_é\u0301ا", min_size=1, max_size=8), min_size=1, max_size=6),
    query=st.text("ab 北京站\"'%_é\u0301ا", min_size=1, max_size=5),
)
def test_search_finds_what_reading_everything_would(
    transcripts: Transcripts, texts: list[str], query: str
) -> None:
    kept = transcripts.begin()
    for text in texts:
        transcripts.add(kept, Segment(0, 0.0, 1.0, text))
    words = nfc(query).split()
    wanted = [
        text for text in reversed([nfc(t).strip() for t in texts]) if words and all(w in text for w in words)
    ]
    assert [hit.segment.source for hit in transcripts.search(query) if hit.transcript_id == kept] == wanted
    transcripts.delete(kept)


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def test_the_newest_are_found_first_and_not_without_end(transcripts: Transcripts) -> None:
    kept = transcripts.begin()
    for n in range(5):
        transcripts.add(kept, Segment(n, n, n + 1, f"train {n}"))
    assert [hit.segment.source for hit in transcripts.search("train", limit=2)] == ["train 4", "train 3"]


def test_exports(transcripts: Transcripts) -> None:
    kept = keep(transcripts, *SAID)
    assert transcripts.export(kept) == (
        "0:00:00  We meet at Beijing West station at three. | 我们在北京西站见面，下午三点。\n"
        "0:00:03  Is platform 12 <far> away?\n"
        "1:01:01  Is the train fast? | هل القطار سريع؟\n"
    )
    srt, vtt = transcripts.export(kept, "srt"), transcripts.export(kept, "vtt")
    assert (
        "1\n00:00:00,000 --> 00:00:02,500\nWe meet at Beijing West station at three.\n我们在北京西站见面"
        in srt
    )
    assert vtt.startswith("WEBVTT\n") and "01:01:01.500 --> 01:01:03.000\nIs the train fast?\n" in vtt
    with pytest.raises(UnknownTranscriptError):
        transcripts.export(kept + 1)


def test_delete_leaves_no_byte_behind(transcripts: Transcripts, path: Path) -> None:
    secret = [
        Segment(n, n, n + 1, f"秘密的话{n} HIDDENWORD{n}", "zh", f"a confidential remark {n}")
        for n in range(300)
    ]
    kept, gone = keep(transcripts, *SAID), keep(transcripts, *secret)
    traces = ["秘密的话".encode(), b"HIDDENWORD", b"confidential", "秘密的".encode(), b"dde", b"fid"]
    before = on_disk(path)
    assert all(trace in before for trace in traces), "text and index hold it"
    assert transcripts.delete(gone)
    assert not transcripts.delete(gone)
    after = on_disk(path)
    assert not [trace for trace in traces if trace in after]
    assert len(after) < len(before) / 2, "and its room is given back"
    assert transcripts.segments(kept) == list(SAID)
    assert transcripts.search("Beijing") and transcripts.search("北京西")
    assert keep(transcripts, SAID[0]) > gone, "ids are never given twice"


def test_a_transcript_deleted_while_it_is_written_takes_no_more(transcripts: Transcripts) -> None:
    kept = transcripts.begin()
    transcripts.add(kept, SAID[0])
    transcripts.delete(kept)
    with pytest.raises(UnknownTranscriptError):
        transcripts.add(kept, SAID[1])
    transcripts.end(kept)
    assert transcripts.newest() == []


@pytest.mark.parametrize(("moments", "seed"), [(4, 0), pytest.param(60, 1, marks=pytest.mark.slow)])
def test_nothing_confirmed_is_lost_to_a_kill(path: Path, moments: int, seed: int) -> None:
    dice = random.Random(seed)
    added: dict[int, set[int]] = {}
    for _ in range(moments):
        for line in killed_after(dice.uniform(0.05, 0.4), path):
            word, *numbers = line.split()
            if word == "added":
                added.setdefault(int(numbers[0]), set()).add(int(numbers[1]))
            elif word == "deleting":
                added.pop(int(numbers[0]), None)
        with contextlib.closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            db.execute("INSERT INTO words (words) VALUES ('integrity-check')")
            there = {row[0] for row in db.execute("SELECT id FROM segments")}
        assert set().union(*added.values()) <= there
    assert len(added) > moments / 4


def killed_after(seconds: float, path: Path) -> list[str]:
    """What was confirmed until the process was killed, so many seconds after the first word."""
    command = [sys.executable, "-m", "tests.runtime.features.captions.keeper", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        timer = threading.Timer(seconds, child.kill)
        timer.start()
        rest = child.stdout.read()
        timer.join()
    whole = rest if rest.endswith("\n") or not rest else rest[: rest.rindex("\n") + 1] if "\n" in rest else ""
    return [first, *whole.splitlines()]


@pytest.mark.parametrize("kind", ["full", "readonly"])
def test_a_limited_disk_refuses_keeps_what_was_there_and_goes_on_later(
    transcripts: Transcripts, kind: str
) -> None:
    kept = transcripts.begin()
    transcripts.add(kept, SAID[0])
    transcripts.limit_disk("full" if kind == "full" else "readonly")
    for _ in range(2):
        with pytest.raises(DiskFullError if kind == "full" else ReadOnlyError, match="Nothing was saved"):
            transcripts.add(kept, SAID[1])
    assert transcripts.segments(kept) == [SAID[0]]
    assert [hit.segment for hit in transcripts.search("Beijing")] == [SAID[0]]
    if kind == "full":
        transcripts.end(kept)
    transcripts.limit_disk(None)
    transcripts.add(kept, SAID[2])
    assert transcripts.segments(kept) == [SAID[0], SAID[2]]


def test_a_full_disk_still_deletes(transcripts: Transcripts, path: Path) -> None:
    gone = keep(transcripts, *SAID)
    transcripts.limit_disk("full")
    assert transcripts.delete(gone)
    assert b"Beijing" not in on_disk(path)


ON_A_TINY_DISK = """
import sys
from pathlib import Path
from runtime.core.clock import VirtualClock
from runtime.core.errors import StoreError
from runtime.core.log import LogRing, make_logger
from runtime.features.captions.transcripts import Segment, Transcripts
clock = VirtualClock()
other = Path(sys.argv[1]).with_name("other")
other.write_bytes(bytes(1_000_000))
kept = Transcripts(Path(sys.argv[1]), clock, make_logger(clock, LogRing(), sys.stderr))
one, count = kept.begin(), 0
try:
    while True:
        kept.add(one, Segment(0, 0, 1, f"{count} and many words that fill the disk " * 20))
        count += 1
except StoreError as error:
    print(type(error).__name__)
print(len(kept.segments(one)) == count > 0)
other.unlink()  # the wearer frees some space
print(kept.delete(one), kept.newest())
kept.add(kept.begin(), Segment(0, 0, 1, "room again"))
"""


def test_on_a_disk_that_is_really_full(tmp_path: Path) -> None:
    if not shutil.which("unshare") or subprocess.run(["unshare", "-Urm", "true"]).returncode:
        pytest.skip("this machine does not let a test mount a file system")
    script = 'mount -t tmpfs -o size=2m none "$2"; exec "$1" -c "$3" "$2/transcripts.db"'
    command = ["unshare", "-Urm", "sh", "-ec", script, "sh", sys.executable, str(tmp_path), ON_A_TINY_DISK]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("DiskFullError\nTrue\nTrue []\n", "")


def test_a_damaged_file_is_kept_aside_and_what_can_be_read_carried_over(
    transcripts: Transcripts, path: Path, ring: LogRing
) -> None:
    kept = transcripts.begin()
    for n in range(400):
        transcripts.add(kept, Segment(n, n, n + 1, f"sentence number {n} of a long talk"))
    transcripts.close()
    whole = bytearray(path.read_bytes())
    place = whole.index(b"sentence number 200 ") // 4096 * 4096
    whole[place : place + 4096] = b"\xa5" * 4096
    path.write_bytes(whole)
    with pytest.raises(StoreError, match="set aside"):
        transcripts.segments(kept)
    there = {segment.source for segment in transcripts.segments(kept)}
    assert {"sentence number 0 of a long talk", "sentence number 399 of a long talk"} <= there
    assert 300 < len(there) < 400
    assert [hit.segment.source for hit in transcripts.search("number 399")] == [
        "sentence number 399 of a long talk"
    ]
    assert ring.entries("error")[-1].fields["rows"] > 300


def test_a_file_that_is_none_is_kept_aside(transcripts: Transcripts, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database " * 1000)
    assert keep(transcripts, SAID[0]) == 1
    assert len(list(path.parent.glob("*damaged*"))) >= 1


def test_a_newer_file_is_left_alone(transcripts: Transcripts, path: Path) -> None:
    keep(transcripts, *SAID)
    transcripts.close()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerDatabaseError):
        transcripts.newest()
    assert not list(path.parent.glob("*damaged*"))


def test_threads_do_not_mix(transcripts: Transcripts) -> None:
    kept = transcripts.begin()

    def speak(who: int) -> None:
        for n in range(20):
            transcripts.add(kept, Segment(n, n, n + 1, f"speaker {who}"))
            transcripts.search("speaker")

    threads = [threading.Thread(target=speak, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(transcripts.segments(kept)) == 80
