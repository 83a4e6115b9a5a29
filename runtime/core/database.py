"""SQLite as the store uses it: safe connections, numbered migrations, and its errors in plain words."""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from runtime.core.errors import (
    DamagedError,
    DiskFullError,
    NewerDatabaseError,
    ReadOnlyError,
    StoreError,
    describe,
)

BUSY_S = 2.0
# More than the free pages hold: on a database that may not grow, a write that begins so fails as on a full disk.
BALLAST = (
    "CREATE TABLE ballast AS SELECT zeroblob((freelist_count + 9) * page_size) AS air"
    " FROM pragma_freelist_count, pragma_page_size"
)


def connect(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    """Open and upgrade the database at ``path``. What was written is on the disk when a commit returns.

    After an unclean end (a write-ahead log lies there) the whole file is checked, for a loss of power is
    what breaks files. Raises sqlite3.Error, DamagedError, NewerDatabaseError.
    """
    unclean = path.with_name(path.name + "-wal").exists()
    db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA secure_delete = ON")
        if unclean and (verdict := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise DamagedError(str(verdict))
        migrate(db, migrations)
        wipe_log(db)  # a forget may have been cut off before it got here
    except BaseException:
        db.close()
        raise
    return db


def connect_sealed(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    """Open what can be read of ``path`` without writing: the file with its log, the file alone, or nothing
    but empty tables. Every write on it fails.
    """
    for options in ("mode=ro", "mode=ro&immutable=1"):
        with contextlib.suppress(sqlite3.Error), contextlib.ExitStack() as undo:
            uri = f"{path.absolute().as_uri()}?{options}"
            db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
            undo.callback(db.close)
            if db.execute("PRAGMA user_version").fetchone()[0] == len(migrations):
                undo.pop_all()
                return db
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrate(db, migrations)
    db.execute("PRAGMA query_only = ON")
    return db


def migrate(db: sqlite3.Connection, migrations: Sequence[str]) -> None:
    """Apply the migrations that ``db`` lacks, each whole or not at all; user_version counts them."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(migrations):
        raise NewerDatabaseError(
            f"the database has version {version}, this Browline knows {len(migrations)}:"
            " install the newer Browline again, or move the file away"
        )
    for number, sql in enumerate(migrations[version:], version + 1):
        try:
            db.executescript(f"BEGIN IMMEDIATE;\n{sql};\nPRAGMA user_version = {number};\nCOMMIT;")
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing; committed on the way out."""
    db.execute("BEGIN IMMEDIATE")
    with db:
        yield


def wipe_log(db: sqlite3.Connection) -> bool:
    """Carry the write-ahead log into the file and cut it to nothing, so that no old bytes stay in it.

    False when another program is reading and it has to wait for the next time.
    """
    busy: int = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy


def limit(db: sqlite3.Connection, *, full: bool, sealed: bool) -> None:
    """Let the real engine behave as on a full disk, or a read-only one (the console's ``fault disk``)."""
    pages = db.execute("PRAGMA page_count").fetchone()[0] if full else 2**31
    db.execute(f"PRAGMA max_page_count = {pages}")
    db.execute(f"PRAGMA query_only = {int(sealed)}")


def move_aside(path: Path, suffix: str) -> Path:
    """Rename a database and its companions; returns the new path. Raises OSError."""
    aside = path.with_name(f"{path.name}.{suffix}")
    for tail in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + tail).rename(aside.with_name(aside.name + tail))
    return aside


def salvage(aside: Path, db: sqlite3.Connection, tables: Sequence[str]) -> int:
    """Copy every row of a broken database that can still be read into ``db``, which has the same tables;
    returns how many. Each table is read from both ends, for a broken page in it stops a reader.
    """
    saved, uri = 0, f"{aside.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as old, transaction(db):
        if list(_readable(old, "PRAGMA user_version")) != list(_readable(db, "PRAGMA user_version")):
            return 0  # its tables may be others
        for table in tables:
            for order in ("ASC", "DESC"):
                rows = _readable(old, f"SELECT * FROM {table} ORDER BY rowid {order}")
                saved += sum(_put(db, table, row) for row in rows)
    return saved


def _readable(db: sqlite3.Connection, query: str) -> Iterator[tuple[object, ...]]:
    with contextlib.suppress(sqlite3.DatabaseError):
        yield from db.execute(query)


def _put(db: sqlite3.Connection, table: str, row: tuple[object, ...]) -> int:
    marks = ", ".join("?" * len(row))
    try:
        return db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row).rowcount
    except sqlite3.IntegrityError:  # its parent is lost, or a value is of the wrong type
        return 0


def plain_error(error: BaseException) -> StoreError:
    """SQLite's or the system's error as one of ours, with what to do next."""
    if isinstance(error, StoreError):
        return error
    code = getattr(error, "sqlite_errorcode", None) or 0
    number = error.errno if isinstance(error, OSError) else None
    if code in _FULL or code & 0xFF in _FULL or number in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError("Storage is full. Nothing was saved: free some space.")
    if code & 0xFF in _READ_ONLY or number in (errno.EROFS, errno.EACCES, errno.EPERM):
        return ReadOnlyError("Storage can't be written. Nothing was saved: check the card.")
    if code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return DamagedError("Storage was damaged. It was set aside and begun anew: do it again.")
    if code & 0xFF == sqlite3.SQLITE_BUSY:
        return StoreError("Storage is busy. Nothing was saved: close the program that uses it.")
    return StoreError(f"Storage failed. Nothing was saved: try again. ({describe(error)})")


_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
_READ_ONLY = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
