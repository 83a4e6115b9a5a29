"""The product catalogue on the device: SQLite, one row a GTIN, filled by ``importer`` and ``demo``."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from runtime.features.snap.gtin import normal
from runtime.features.snap.result import CatalogueError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS products (
    gtin INTEGER PRIMARY KEY,  -- zero padding carries no meaning in a GTIN, so the number is the key
    name TEXT NOT NULL, brand TEXT NOT NULL, quantity TEXT NOT NULL,
    ingredients TEXT NOT NULL, allergens TEXT NOT NULL, source TEXT NOT NULL, updated INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS imports (
    dump TEXT PRIMARY KEY, offset INTEGER NOT NULL, summary BLOB NOT NULL
) WITHOUT ROWID;
"""

_UPSERT = """
INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (gtin) DO UPDATE SET
    name = excluded.name, brand = excluded.brand, quantity = excluded.quantity,
    ingredients = excluded.ingredients, allergens = excluded.allergens,
    source = excluded.source, updated = excluded.updated
WHERE excluded.updated > products.updated
"""


class Product(msgspec.Struct, frozen=True):
    """A catalogue entry; ``updated`` is UTC seconds since 1970, ``source`` where it came from."""

    gtin: str
    name: str
    brand: str = ""
    quantity: str = ""
    ingredients: str = ""
    allergens: str = ""
    source: str = ""
    updated: int = 0


class Checkpoint(msgspec.Struct, frozen=True):
    """How far an import of one dump has come: bytes of the unpacked dump, and its running summary."""

    dump: str
    offset: int
    summary: bytes


def _opened(path: Path | str) -> sqlite3.Connection:
    with contextlib.ExitStack() as undo:
        db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        undo.callback(db.close)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(_SCHEMA)
        undo.pop_all()
    return db


class Catalogue:
    """Products by GTIN. Use from one thread at a time; every method may block on the disk.

    Raises CatalogueError with what to do next. ``create`` makes a missing file, otherwise it is an error.
    """

    def __init__(self, path: Path | str, *, create: bool = False) -> None:
        if not create and path != ":memory:" and not Path(path).is_file():
            raise CatalogueError(
                f"{path}: there is no catalogue; make one with: browline catalogue import DUMP"
            )
        try:
            self._db = _opened(path)
        except sqlite3.Error as error:
            raise CatalogueError(f"{path}: {error}; if it is damaged, delete it and import again") from error
        self._path = path

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __len__(self) -> int:
        return int(self._one("SELECT count(*) FROM products", ())[0])

    def lookup(self, gtin: str) -> Product | None:
        """The product with this number (8, 12, 13 or 14 digits), or None when it is not listed."""
        code = normal(gtin)
        row = self._one("SELECT * FROM products WHERE gtin = ?", (int(code),)) if code else ()
        return Product(code or "", *row[1:]) if row else None

    def checkpoint(self, dump: str) -> Checkpoint | None:
        """How far this dump was imported, or None when it is new."""
        row = self._one("SELECT offset, summary FROM imports WHERE dump = ?", (dump,))
        return Checkpoint(dump, *row) if row else None

    def put(self, products: Iterable[Product], checkpoint: Callable[[int], Checkpoint] | None = None) -> int:
        """Write products in one transaction → how many rows were new or newer.

        ``checkpoint``, given that number, names the place in a dump that is kept in the same transaction.
        An entry gives way only to a later ``updated``. GTINs must be normal.
        """
        rows = [
            (int(p.gtin), p.name, p.brand, p.quantity, p.ingredients, p.allergens, p.source, p.updated)
            for p in products
        ]
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                before = self._db.total_changes
                self._db.executemany(_UPSERT, rows)
                written = self._db.total_changes - before
                if checkpoint:
                    reached = msgspec.structs.astuple(checkpoint(written))
                    self._db.execute("INSERT OR REPLACE INTO imports VALUES (?, ?, ?)", reached)
        except sqlite3.Error as error:
            raise CatalogueError(
                f"{self._path}: {error}; free some space, then go on where it stopped"
            ) from error
        return written

    def _one(self, query: str, values: tuple[object, ...]) -> tuple[Any, ...]:
        try:
            row: tuple[Any, ...] | None = self._db.execute(query, values).fetchone()
        except sqlite3.Error as error:
            raise CatalogueError(
                f"{self._path}: {error}; if it is damaged, delete it and import again"
            ) from error
        return row or ()
