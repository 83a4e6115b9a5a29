"""What the wearer made, in SQLite: settings and snaps, on the disk before anybody says so.

Every write is one transaction in WAL mode with ``synchronous=FULL``: when a method returns, its work
survives a kill or a loss of power (https://sqlite.org/pragma.html#pragma_synchronous). Methods block;
callers use ``clock.call("store", …)``.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from runtime.core import database
from runtime.core.clock import Clock
from runtime.core.errors import DamagedError, NewerDatabaseError, StoreError, describe
from runtime.core.log import Log

T = TypeVar("T")

# Applied in order; PRAGMA user_version counts those a database has had. Never change one: add another.
MIGRATIONS = (
    """
    CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE snaps (
        id INTEGER PRIMARY KEY AUTOINCREMENT, t_wall_ns INTEGER NOT NULL,
        title TEXT NOT NULL, json TEXT NOT NULL
    ) STRICT;
    CREATE TABLE pictures (
        snap_id INTEGER PRIMARY KEY REFERENCES snaps (id) ON DELETE CASCADE, jpeg BLOB NOT NULL
    ) STRICT;
    """,
)
TABLES = ("settings", "snaps", "pictures")  # parents first


class Snap(msgspec.Struct, frozen=True):
    """A saved snap; ``json`` is what was read, ``picture`` whether the wearer had the picture kept too."""

    id: int
    t_wall_ns: int
    title: str
    json: str
    picture: bool


class Store:
    """The database at ``path``; the file and its folder are made when missing.

    A broken file is moved aside, never deleted. When the disk can't be written, the store still opens:
    it reads what is there, and each write raises. Raises NewerDatabaseError.
    """

    def __init__(self, path: Path, clock: Clock, log: Log) -> None:
        self.path, self._clock, self._log = path, clock, log
        self._lock = threading.RLock()
        self._full = False
        self.trouble: StoreError | None = None  # why nothing can be written since the start
        self.failing: StoreError | None = None  # why the last write failed; None once one succeeds
        self.kept_aside: Path | None = None  # where a damaged database was moved
        self._db = self._open()

    def close(self) -> None:
        """Close the database; may be called twice."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def get(self, key: str, kind: type[T], default: T) -> T:
        """The setting ``key`` as a ``kind``; ``default`` when it is missing or something else (logged)."""
        rows = self._read("SELECT value FROM settings WHERE key = ?", key)
        if not rows:
            return default
        try:
            return msgspec.json.decode(rows[0][0], type=kind)
        except msgspec.MsgspecError as error:
            self._log.warning("setting ignored", part="store", key=key, error=describe(error))
            return default

    def set(self, key: str, value: object) -> None:
        """Keep a setting: anything msgspec encodes. Raises StoreError."""
        text = msgspec.json.encode(value).decode()
        with self._write() as db:
            db.execute(
                "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (key, text),
            )

    def save_snap(self, title: str, json: str, picture: bytes | None = None) -> int:
        """Keep a snap and return its id, once it is on the disk. ``picture`` is a JPEG, given only when the
        wearer asked for the picture to be kept. Raises StoreError.
        """
        with self._write() as db:
            columns = (self._clock.wall_ns(), title, json)
            row = db.execute("INSERT INTO snaps (t_wall_ns, title, json) VALUES (?, ?, ?)", columns)
            if row.lastrowid is None:
                raise StoreError("the snap was not saved: try again")
            if picture is not None:
                db.execute("INSERT INTO pictures VALUES (?, ?)", (row.lastrowid, picture))
            return row.lastrowid

    def snaps(self, limit: int = 50) -> list[Snap]:
        """The saved snaps, newest first."""
        rows = self._read(
            "SELECT snaps.*, snap_id IS NOT NULL FROM snaps LEFT JOIN pictures ON snap_id = id"
            " ORDER BY id DESC LIMIT ?",
            limit,
        )
        return [Snap(id_, t_ns, title, json, bool(kept)) for id_, t_ns, title, json, kept in rows]

    def picture(self, snap_id: int) -> bytes | None:
        """The JPEG kept with a snap, or None."""
        rows = self._read("SELECT jpeg FROM pictures WHERE snap_id = ?", snap_id)
        return rows[0][0] if rows else None

    def forget_snap(self, snap_id: int) -> bool:
        """Delete a snap and its picture for good: their bytes are overwritten, also in the log that SQLite
        writes ahead. False when there is no such snap. Raises StoreError.
        """
        with self._write(grows=False) as db:
            gone = db.execute("DELETE FROM snaps WHERE id = ?", (snap_id,)).rowcount > 0
        with self._lock, self._plainly():
            if gone and not database.wipe_log(self._db):
                self._log.warning("another program reads the database: wiped at the next forget or start")
        return gone

    def limit_disk(self, kind: Literal["full", "readonly"] | None) -> None:
        """Let the real engine fail as on such a disk (the console's ``fault disk``); None ends it."""
        with self._lock:
            self._full = kind == "full"
            sealed = kind == "readonly" or self.trouble is not None
            database.limit(self._db, full=self._full, sealed=sealed)

    def _read(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock, self._plainly():
            return self._db.execute(sql, values).fetchall()

    @contextlib.contextmanager
    def _write(self, grows: bool = True) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock, self._plainly(), database.transaction(self._db):
                if self._full and grows:  # free pages would still take a small row, a full disk would not
                    self._db.execute(database.BALLAST)
                yield self._db
        except StoreError as error:
            self.failing = error
            raise
        self.failing = None

    @contextlib.contextmanager
    def _plainly(self) -> Iterator[None]:
        """Raise SQLite's errors as ours; a broken database is replaced before that."""
        try:
            yield
        except sqlite3.Error as error:
            plain = self._why(error)
            if isinstance(plain, DamagedError):
                self._db.close()
                self._db = self._begin_anew(error)
            raise plain from error

    def _why(self, error: sqlite3.Error) -> StoreError:
        return database.plain_error(error) if self.trouble is None else type(self.trouble)(*self.trouble.args)

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(0o700, parents=True, exist_ok=True)  # the wearer's own affairs
            return database.connect(self.path, MIGRATIONS)
        except NewerDatabaseError:
            raise
        except (sqlite3.Error, OSError, DamagedError) as error:
            damaged = isinstance(database.plain_error(error), DamagedError)
            return self._begin_anew(error) if damaged else self._seal(error)

    def _begin_anew(self, error: Exception) -> sqlite3.Connection:
        try:
            aside = database.move_aside(self.path, f"damaged-{self._clock.wall_ns()}")
            db = database.connect(self.path, MIGRATIONS)
            saved = database.salvage(aside, db, TABLES)
        except (sqlite3.Error, OSError) as again:
            return self._seal(again)
        self.kept_aside = aside
        self._log.error(
            "the database was damaged: it is kept aside, a new one begins with what could be read",
            part="store", kept=str(aside), rows=saved, error=describe(error),
        )  # fmt: skip
        return db

    def _seal(self, error: Exception) -> sqlite3.Connection:
        self.trouble = self.failing = database.plain_error(error)
        self._log.error("nothing can be saved until the next start", part="store", error=describe(error))
        return database.connect_sealed(self.path, MIGRATIONS)
