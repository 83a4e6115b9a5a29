from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.core import database
from runtime.core.clock import VirtualClock
from runtime.core.errors import (
    DamagedError,
    DiskFullError,
    NewerDatabaseError,
    ReadOnlyError,
    StoreError,
)
from runtime.core.log import Log, LogRing
from runtime.core.store import MIGRATIONS, Store

Make = Callable[[], Store]
JPEG = b"\xff\xd8" + b"PICTURE BYTES " * 3000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "browline.db"


@pytest.fixture
def make(path: Path, clock: VirtualClock, log: Log) -> Iterator[Make]:
    made: list[Store] = []

    def open_store() -> Store:
        made.append(Store(path, clock, log))
        return made[-1]

    yield open_store
    for store in made:
        store.close()


@pytest.fixture
def store(make: Make) -> Store:
    return make()


def on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_settings_come_back_as_their_type(make: Make) -> None:
    with make() as store:
        store.set("gyro bias", (0.01, -0.02, 0.0))
        store.set("gyro bias", (0.03, -0.02, 0.0))
    kept = make()
    assert kept.get("gyro bias", tuple[float, float, float], (0.0, 0.0, 0.0)) == (0.03, -0.02, 0.0)
    assert kept.get("nothing", int, 7) == 7


def test_a_setting_of_another_type_gives_the_default_and_is_logged(store: Store, ring: LogRing) -> None:
    store.set("size", "large")
    assert store.get("size", float, 1.0) == 1.0
    assert ring.entries("warning")[-1].fields["key"] == "size"


def test_snaps_are_listed_newest_first(store: Store, clock: VirtualClock) -> None:
    first = store.save_snap("Tea", '{"price": 1}')
    clock.advance(60)
    second = store.save_snap("Milk", '{"price": 2}', JPEG)
    found = store.snaps()
    assert [(snap.id, snap.title, snap.json, snap.picture) for snap in found] == [
        (second, "Milk", '{"price": 2}', True),
        (first, "Tea", '{"price": 1}', False),
    ]
    assert found[0].t_wall_ns - found[1].t_wall_ns == 60_000_000_000
    assert store.snaps(limit=1) == found[:1]
    assert store.picture(second) == JPEG
    assert store.picture(first) is None


def test_no_picture_is_kept_unasked(store: Store) -> None:
    store.save_snap("Tea", "{}")
    with sqlite3.connect(store.path) as look:
        assert look.execute("SELECT count(*) FROM pictures").fetchone() == (0,)
    look.close()


def test_other_users_of_the_machine_can_not_look_in(store: Store, path: Path) -> None:
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_forget_leaves_no_byte_behind(store: Store, path: Path) -> None:
    kept = store.save_snap("Milk", '{"note": "kept words"}')
    gone = store.save_snap("SECRET TITLE", '{"note": "secret words"}', JPEG)
    assert b"PICTURE BYTES" in on_disk(path)
    assert store.forget_snap(gone)
    assert not store.forget_snap(gone)
    bytes_left = on_disk(path)
    for secret in (b"SECRET TITLE", b"secret words", b"PICTURE BYTES"):
        assert secret not in bytes_left
    assert b"kept words" in bytes_left
    assert [snap.id for snap in store.snaps()] == [kept]


def crashed(path: Path, aside: Path) -> Path:
    """The database as a loss of power would leave it now, elsewhere."""
    aside.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        if not file.name.endswith("-shm"):
            shutil.copy(file, aside)
    return aside / path.name


def test_a_forget_that_was_cut_off_is_finished_at_the_next_start(
    store: Store, path: Path, tmp_path: Path, clock: VirtualClock, log: Log
) -> None:
    snap = store.save_snap("x", "{}", JPEG)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM snaps").fetchall()  # holds the log: it can't be cut now
    assert store.forget_snap(snap)
    left = crashed(path, tmp_path / "left")
    reader.close()
    assert b"PICTURE BYTES" in on_disk(left)
    with Store(left, clock, log):
        assert b"PICTURE BYTES" not in on_disk(left)


def test_ids_are_never_given_twice(store: Store) -> None:
    first = store.save_snap("a", "{}")
    store.forget_snap(first)
    assert store.save_snap("b", "{}") > first


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [("full", DiskFullError, "Storage is full"), ("readonly", ReadOnlyError, "can't be written")],
)
def test_a_limited_disk_refuses_and_keeps_what_was_there(
    store: Store, kind: str, error: type[StoreError], words: str
) -> None:
    kept = store.save_snap("Tea", "{}", JPEG)
    store.forget_snap(store.save_snap("free pages", "{}", JPEG))
    store.set("a", 1)
    store.limit_disk("full" if kind == "full" else "readonly")
    for act in (lambda: store.save_snap("x", "{}"), lambda: store.set("a", 2), lambda: store.set("b", 2)):
        with pytest.raises(error, match=words):
            act()
    assert [snap.id for snap in store.snaps()] == [kept]
    assert store.get("a", int, 0) == 1
    store.limit_disk(None)
    store.set("a", 3)
    assert store.save_snap("y", "{}") > kept
    assert store.get("a", int, 0) == 3


def test_a_full_disk_still_forgets(store: Store) -> None:
    snap = store.save_snap("Tea", "{}", JPEG)
    store.limit_disk("full")
    assert store.forget_snap(snap)


def test_a_newer_database_is_left_alone(store: Store, path: Path, make: Make) -> None:
    store.set("a", 1)
    store.close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = path.read_bytes()
    with pytest.raises(NewerDatabaseError, match="version 99, this Browline knows 1: install"):
        make()
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*damaged*"))


def test_migrations_run_in_order_each_whole_or_not_at_all(path: Path) -> None:
    path.parent.mkdir()
    steps = ["CREATE TABLE a (x)", "CREATE TABLE b (x); INSERT INTO b VALUES (1)"]
    database.connect(path, steps[:1]).close()
    with pytest.raises(sqlite3.OperationalError):
        database.connect(path, [*steps, "CREATE TABLE c (x); INSERT INTO nowhere VALUES (1)"])
    db = database.connect(path, steps)
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
    assert (tables, db.execute("PRAGMA user_version").fetchone()) == ({"a", "b"}, (2,))
    db.close()


def break_header(path: Path) -> None:
    path.write_bytes(b"not a database " * 1000)


def break_pages(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize("damage", [break_header, break_pages, truncate])
def test_a_damaged_database_is_kept_aside_and_the_glasses_go_on(
    make: Make, path: Path, ring: LogRing, damage: Callable[[Path], None]
) -> None:
    with make() as store:
        store.save_snap("Tea", "{}", JPEG)
        store.set("a", 1)
    damage(path)
    broken = path.read_bytes()
    store = make()
    try:
        store.set("a", 2)
    except DamagedError as error:  # some damage shows only when the page is touched
        assert "do it again" in str(error)
        store.set("a", 2)
    assert store.get("a", int, 0) == 2
    assert store.save_snap("Milk", "{}") > 0
    (aside,) = [file for file in path.parent.glob("*damaged*") if not file.name.endswith(("-wal", "-shm"))]
    assert aside.read_bytes() == broken
    (entry,) = ring.entries("error")
    assert entry.fields["kept"] == str(aside)


def test_what_can_be_read_of_a_damaged_database_is_carried_over(
    make: Make, path: Path, ring: LogRing
) -> None:
    with make() as store:
        store.set("gyro bias", 0.25)
        ids = [store.save_snap(f"snap {n}", "{}" * 500, JPEG if n % 10 == 0 else None) for n in range(100)]
    whole = bytearray(path.read_bytes())
    middle = whole.index(b"snap 50")
    start = middle // 4096 * 4096
    whole[start : start + 4096] = b"\xa5" * 4096
    path.write_bytes(whole)
    store = make()
    with pytest.raises(DamagedError):
        store.snaps(1000)
    kept = {snap.id: snap for snap in store.snaps(1000)}
    assert store.get("gyro bias", float, 0.0) == 0.25
    assert 90 <= len(kept) < 100
    assert {ids[0], ids[-1]} <= set(kept)
    assert store.picture(ids[0]) == JPEG
    assert store.kept_aside is not None
    assert store.kept_aside.read_bytes() == whole
    assert ring.entries("error")[-1].fields["rows"] >= 100
    assert store.save_snap("next", "{}") == ids[-1] + 1


def test_after_an_unclean_end_the_whole_file_is_checked(store: Store, path: Path, tmp_path: Path) -> None:
    for n in range(50):
        store.save_snap(f"snap {n}", "{}", JPEG)
    store.forget_snap(1)  # carries the log into the file
    left = crashed(path, tmp_path / "left")
    whole = bytearray(left.read_bytes())
    whole[-4096 * 20 : -4096 * 10] = b"\xa5" * 4096 * 10
    left.write_bytes(whole)
    with pytest.raises(DamagedError):
        database.connect(left, MIGRATIONS)


def test_a_place_that_cannot_be_written_still_gives_a_store(
    tmp_path: Path, clock: VirtualClock, log: Log, ring: LogRing
) -> None:
    (tmp_path / "file").touch()
    with Store(tmp_path / "file" / "browline.db", clock, log) as store:
        assert isinstance(store.trouble, StoreError)
        assert (store.get("a", int, 7), store.snaps()) == (7, [])
        for _ in range(2):
            with pytest.raises(StoreError, match="Nothing was saved"):
                store.set("a", 1)
        store.limit_disk(None)
        with pytest.raises(StoreError):
            store.save_snap("a memory is not a disk", "{}")
    assert len(ring.entries("error")) == 1


ON_A_TINY_DISK = """
import sys
from pathlib import Path
from runtime.core.clock import VirtualClock
from runtime.core.errors import StoreError
from runtime.core.log import LogRing, make_logger
from runtime.core.store import Store
clock = VirtualClock()
store = Store(Path(sys.argv[1]), clock, make_logger(clock, LogRing(), sys.stderr))
try:
    for n in range(1000):
        store.save_snap("x", "{}", bytes(50_000))
except StoreError as error:
    print(type(error).__name__)
print(store.snaps(9999) != [], store.trouble)
"""


def in_a_namespace(script: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script where it may mount: as root of a namespace of its own."""
    if not shutil.which("unshare") or subprocess.run(["unshare", "-Urm", "true"]).returncode:
        pytest.skip("this machine does not let a test mount a file system")
    command = ["unshare", "-Urm", "sh", "-ec", script, "sh", sys.executable, *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_on_a_disk_that_is_really_full(tmp_path: Path) -> None:
    script = 'mount -t tmpfs -o size=1m none "$2"; exec "$1" -c "$3" "$2/browline.db"'
    done = in_a_namespace(script, str(tmp_path), ON_A_TINY_DISK)
    assert (done.stdout, done.stderr) == ("DiskFullError\nTrue None\n", "")


def test_on_a_disk_that_is_really_read_only(tmp_path: Path, clock: VirtualClock, log: Log) -> None:
    with Store(tmp_path / "browline.db", clock, log) as store:
        store.save_snap("Tea", "{}")
    script = 'mount --bind "$2" "$2"; mount -o remount,bind,ro "$2"; exec "$1" -c "$3" "$2/browline.db"'
    done = in_a_namespace(script, str(tmp_path), ON_A_TINY_DISK)
    words = "Storage can't be written. Nothing was saved: check the card."
    assert done.stdout == f"ReadOnlyError\nTrue {words}\n", done.stderr


def test_threads_do_not_mix_their_transactions(store: Store) -> None:
    def save() -> None:
        for _ in range(20):
            store.save_snap("x", "{}", b"jpeg")

    threads = [threading.Thread(target=save) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.snaps(1000)) == 80
    assert all(snap.picture for snap in store.snaps(1000))


@pytest.mark.parametrize("moments", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_nothing_confirmed_is_lost_to_a_kill(path: Path, clock: VirtualClock, log: Log, moments: int) -> None:
    dice = random.Random(20260101)
    snaps: set[int] = set()
    count = 0
    for _ in range(moments):
        for line in killed_after(dice.uniform(0, 0.06), path):
            word, number = line.split()
            if word == "snap":
                snaps.add(int(number))
            elif word == "set":
                count = int(number)
            else:
                snaps.discard(int(number))
        with Store(path, clock, log) as store:
            there = {snap.id for snap in store.snaps(10**6)}
            forgetting = {n - 1 for n in snaps if n % 3 == 0}  # done perhaps, and not yet confirmed
            assert snaps - there <= forgetting, "a confirmed snap is missing"
            assert store.get("count", int, 0) >= count
        snaps &= there
        with sqlite3.connect(path) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert db.execute(
                "SELECT count(*) FROM snaps WHERE id NOT IN (SELECT snap_id FROM pictures)"
            ).fetchone() == (0,)
        db.close()
    assert len(snaps) > moments


def killed_after(seconds: float, path: Path) -> list[str]:
    """What the saver confirmed until it was killed, ``seconds`` after its first word."""
    saver = Path(__file__).with_name("saver.py")
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, saver, path],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        timer = threading.Timer(seconds, child.kill)
        timer.start()
        rest = child.stdout.read()
        timer.join()
    return (first + rest).splitlines()
