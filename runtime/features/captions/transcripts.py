"""What was said, kept only when the wearer asked for it: SQLite with an index of trigrams, deleted for good.

A segment is on the disk when ``add`` returns, and survives a kill or a loss of power (``runtime.core.database``).
The index (https://sqlite.org/fts5.html#the_trigram_tokenizer) finds parts of words and of unspaced Chinese; words of
one or two characters, which have no trigram, are found by reading everything. It is built anew with each deletion:
FTS5 else keeps deleted words in its own pages until it merges them. No file is made before the first ``begin``.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from models.speech.subtitles import Cue, to_srt, to_vtt
from runtime.core import database
from runtime.core.clock import Clock
from runtime.core.errors import DamagedError, NewerDatabaseError, StoreError, describe
from runtime.core.log import Log

MIGRATIONS = (
    """
    CREATE TABLE transcripts (
        id INTEGER PRIMARY KEY AUTOINCREMENT, t_wall_ns INTEGER NOT NULL, ended_wall_ns INTEGER
    ) STRICT;
    CREATE TABLE segments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        transcript_id INTEGER NOT NULL REFERENCES transcripts (id) ON DELETE CASCADE,
        t_wall_ns INTEGER NOT NULL, start_s REAL NOT NULL, end_s REAL NOT NULL,
        source TEXT NOT NULL, language TEXT NOT NULL, translation TEXT NOT NULL
    ) STRICT;
    CREATE INDEX segments_by_transcript ON segments (transcript_id);
    CREATE VIRTUAL TABLE words USING fts5 (
        source, translation, content = 'segments', content_rowid = 'id', tokenize = 'trigram'
    );
    CREATE TRIGGER segments_are_found AFTER INSERT ON segments BEGIN
        INSERT INTO words (rowid, source, translation) VALUES (new.id, new.source, new.translation);
    END;
    """,
)
TABLES = ("transcripts", "segments")  # parents first
Form = Literal["text", "srt", "vtt"]
TRIGRAM = 3
MOST_FOUND = 50


class UnknownTranscriptError(StoreError, LookupError):
    """There is no such transcript, or not any more."""


class Segment(msgspec.Struct, frozen=True):
    """Something that was said: when it entered the microphone, and from where to where in seconds since ``begin``.

    ``language`` of the ``source`` is ISO 639-1; ``translation`` is empty where there is none.
    """

    t_wall_ns: int
    start_s: float
    end_s: float
    source: str
    language: str = ""
    translation: str = ""


class Transcript(msgspec.Struct, frozen=True):
    """A conversation; ``ended_wall_ns`` None while it goes on, or when it was cut off; ``title`` its first words."""

    id: int
    t_wall_ns: int
    ended_wall_ns: int | None
    segments: int
    seconds: float
    title: str


class Found(msgspec.Struct, frozen=True):
    """A segment in which all words of a search are."""

    transcript_id: int
    segment: Segment


class Transcripts:
    """The transcripts in the file ``path``; any thread may call, and every method may block on the disk.

    A broken file is moved aside, never deleted, and what can be read of it carried over. Every method raises
    StoreError, with what to do next.
    """

    def __init__(self, path: Path, clock: Clock, log: Log) -> None:
        self._path, self._clock, self._log = path, clock, log
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None
        self._limit: Literal["full", "readonly"] | None = None

    def close(self) -> None:
        """Let go of the file; may be called twice, and the next call of another method opens it again."""
        with self._lock:
            if self._db is not None:
                self._db.close()
            self._db = None

    def begin(self) -> int:
        """A new transcript → its id."""
        with self._writing() as db:
            return _id(db.execute("INSERT INTO transcripts (t_wall_ns) VALUES (?)", (self._clock.wall_ns(),)))

    def add(self, transcript_id: int, segment: Segment) -> int:
        """Keep a segment → its id, once it is on the disk."""
        source, translation = _plain(segment.source), _plain(segment.translation)
        with self._writing() as db:
            self._must_be(db, transcript_id)
            return _id(
                db.execute(
                    "INSERT INTO segments (transcript_id, t_wall_ns, start_s, end_s, source, language, translation)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        transcript_id, segment.t_wall_ns, segment.start_s, segment.end_s, source, segment.language,
                        translation,
                    ),
                )
            )  # fmt: skip

    def end(self, transcript_id: int) -> None:
        """It is complete; one in which nothing was said is not kept. An unknown one is fine: it was deleted."""
        with self._writing(grows=False) as db:
            now = (self._clock.wall_ns(), transcript_id)
            db.execute("UPDATE transcripts SET ended_wall_ns = ? WHERE id = ?", now)
            db.execute(
                "DELETE FROM transcripts WHERE id = ? AND id NOT IN (SELECT transcript_id FROM segments)",
                (transcript_id,),
            )

    def newest(self, limit: int = 50) -> list[Transcript]:
        """The transcripts, newest first."""
        rows = self._read(
            "SELECT t.id, t.t_wall_ns, t.ended_wall_ns, count(s.id), coalesce(max(s.end_s), 0.0),"
            " coalesce((SELECT iif(translation = '', source, translation) FROM segments"
            " WHERE transcript_id = t.id ORDER BY id LIMIT 1), '')"
            " FROM transcripts t LEFT JOIN segments s ON s.transcript_id = t.id"
            " GROUP BY t.id ORDER BY t.id DESC LIMIT ?",
            limit,
        )
        return [Transcript(*row) for row in rows]

    def segments(self, transcript_id: int) -> list[Segment]:
        """Everything in a transcript, in the order in which it was said."""
        rows = self._read(
            f"SELECT {_COLUMNS} FROM segments s WHERE transcript_id = ? ORDER BY id", transcript_id
        )
        if not rows and not self._read("SELECT 1 FROM transcripts WHERE id = ?", transcript_id):
            raise _unknown(transcript_id)
        return [Segment(*row) for row in rows]

    def search(self, query: str, limit: int = MOST_FOUND) -> list[Found]:
        """The newest segments that hold every word of ``query``, as a part of other words too; case is ignored."""
        words = _plain(query).split()
        if not words:
            return []
        tests, values = _tests(words)
        rows = self._read(
            f"SELECT s.transcript_id, {_COLUMNS} FROM segments s WHERE {tests} ORDER BY s.id DESC LIMIT ?",
            *values,
            limit,
        )
        return [Found(row[0], Segment(*row[1:])) for row in rows]

    def export(self, transcript_id: int, form: Form = "text") -> str:
        """A transcript as plain text with times, or as subtitles; of what was translated, both."""
        segments = self.segments(transcript_id)
        if form == "text":
            return "".join(f"{_time(one.start_s)}  {_both(one, ' | ')}\n" for one in segments)
        cues = (Cue(one.start_s, one.end_s, _both(one, "\n")) for one in segments)
        return to_srt(cues) if form == "srt" else to_vtt(cues)

    def delete(self, transcript_id: int) -> bool:
        """Delete a transcript for good: its bytes are overwritten, in the index and in the log that SQLite writes
        ahead as well. False when there is no such transcript.
        """
        if not self._exists():
            return False
        with self._writing(grows=False) as db:
            gone = db.execute("DELETE FROM transcripts WHERE id = ?", (transcript_id,)).rowcount > 0
            db.execute("INSERT INTO words (words) VALUES ('rebuild')")
        with self._open() as db:
            if gone and not database.wipe_log(db):
                self._log.warning("another program reads the transcripts: wiped at the next delete or start")
            with contextlib.suppress(
                sqlite3.OperationalError
            ):  # it only gives back room: a full disk lacks it
                db.execute("VACUUM")
                database.wipe_log(db)
        return gone

    def limit_disk(self, kind: Literal["full", "readonly"] | None) -> None:
        """Let the real engine fail as on such a disk (the console's ``fault disk``); None ends it."""
        with self._lock:
            self._limit = kind
            if self._db is not None:
                database.limit(self._db, full=kind == "full", sealed=kind == "readonly")

    def _exists(self) -> bool:
        return self._db is not None or self._path.exists()

    def _read(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        if not self._exists():
            return []
        with self._open() as db:
            return db.execute(sql, values).fetchall()

    @contextlib.contextmanager
    def _writing(self, grows: bool = True) -> Iterator[sqlite3.Connection]:
        with self._open() as db, database.transaction(db):
            if self._limit == "full" and grows:
                db.execute(database.BALLAST)
            yield db

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """The database, opened when it is not yet; SQLite's errors come out as ours."""
        with self._lock:
            try:
                if self._db is None:
                    self._db = self._connect()
                    self.limit_disk(self._limit)
                yield self._db
            except StoreError:
                raise
            except (sqlite3.Error, OSError) as error:
                plain = database.plain_error(error)
                if isinstance(plain, DamagedError):
                    self.close()
                    self._begin_anew(error)
                raise plain from error

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(0o700, parents=True, exist_ok=True)
        try:
            return database.connect(self._path, MIGRATIONS)
        except NewerDatabaseError:
            raise
        except (sqlite3.Error, DamagedError) as error:
            if not isinstance(database.plain_error(error), DamagedError):
                raise
            self._begin_anew(error)
            return database.connect(self._path, MIGRATIONS)

    def _begin_anew(self, error: Exception) -> None:
        aside = database.move_aside(self._path, f"damaged-{self._clock.wall_ns()}")
        with contextlib.closing(database.connect(self._path, MIGRATIONS)) as db:
            saved = database.salvage(aside, db, TABLES)
        self._log.error(
            "the transcripts were damaged: they are kept aside, new ones begin with what could be read",
            part="captions", kept=str(aside), rows=saved, error=describe(error),
        )  # fmt: skip

    @staticmethod
    def _must_be(db: sqlite3.Connection, transcript_id: int) -> None:
        if db.execute("SELECT 1 FROM transcripts WHERE id = ?", (transcript_id,)).fetchone() is None:
            raise _unknown(transcript_id)


_COLUMNS = "s.t_wall_ns, s.start_s, s.end_s, s.source, s.language, s.translation"


def _id(done: sqlite3.Cursor) -> int:
    if done.lastrowid is None:
        raise StoreError("it was not saved: try again")
    return done.lastrowid


def _unknown(transcript_id: int) -> UnknownTranscriptError:
    return UnknownTranscriptError(
        f"there is no transcript {transcript_id}: `captions list` shows those there are"
    )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _tests(words: list[str]) -> tuple[str, list[str]]:
    """What a row must be for each word: the index where it knows the word, else both texts read."""
    tests: list[str] = []
    values: list[str] = []
    if long := [word for word in words if len(word) >= TRIGRAM]:
        tests.append("s.id IN (SELECT rowid FROM words WHERE words MATCH ?)")
        values.append(" AND ".join('"' + word.replace('"', '""') + '"' for word in long))
    for word in words:
        if len(word) < TRIGRAM:
            tests.append("(s.source LIKE ? ESCAPE '\\' OR s.translation LIKE ? ESCAPE '\\')")
            values += ["%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"] * 2
    return " AND ".join(tests), values


def _both(segment: Segment, between: str) -> str:
    return between.join(filter(None, (segment.translation, segment.source)))


def _time(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
