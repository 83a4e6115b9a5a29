"""Import an Open Food Facts dump (CSV or JSONL, plain or gzip) of any size in bounded memory.

Each batch and the place in the dump reached with it are one transaction, so an import that was stopped goes
on where it was. Only the unpacked bytes already seen are skipped again.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from runtime.features.snap.catalogue import Catalogue, Checkpoint, Product
from runtime.features.snap.openfoodfacts import BadCodeError, BadRowError, Parse, csv_parser, parse_json
from runtime.features.snap.result import ImportFailedError

BATCH = 2000
LONGEST = 8 << 20
"""Bytes of a line; a longer one is skipped (the largest real rows are under 2 MB)."""
NAMED_PROBLEMS = 20


class Summary(msgspec.Struct):
    """What an import did. ``problems`` names the first broken lines, ``line`` is the last one read."""

    line: int = 0
    written: int = 0
    older: int = 0
    invalid_codes: int = 0
    broken: int = 0
    empty: int = 0
    finished: bool = False
    problems: list[str] = []

    def text(self) -> str:
        """One line for people."""
        return (
            f"{self.written:,} products written, {self.older:,} not newer, "
            f"{self.invalid_codes:,} without a valid code, {self.empty:,} empty, "
            f"{self.broken:,} broken lines of {self.line:,}"
        )


class Progress(msgspec.Struct, frozen=True):
    """Where an import stands: ``done`` of ``total`` bytes of the file as it lies on the disk."""

    done: int
    total: int
    summary: Summary


def import_dump(
    path: Path,
    catalogue: Catalogue,
    progress: Callable[[Progress], None] = lambda _: None,
    batch: int = BATCH,
) -> Summary:
    """Bring a dump into the catalogue; run again after a stop, it goes on. A finished dump costs nothing.

    Raises ImportFailedError (with file and line) and CatalogueError; what was read until then is kept.
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        raise ImportFailedError(f"{path}: {error.strerror}; is the name right?") from error
    with raw:
        return _Import(path, raw, catalogue, progress, batch).run()


class _Import:
    """One run over one dump."""

    def __init__(
        self,
        path: Path,
        raw: IO[bytes],
        catalogue: Catalogue,
        progress: Callable[[Progress], None],
        batch: int,
    ) -> None:
        self._path, self._raw, self._catalogue, self._progress, self._batch = (
            path,
            raw,
            catalogue,
            progress,
            batch,
        )
        self._total = path.stat().st_size
        head = raw.read(1 << 16)
        raw.seek(0)
        self._dump = f"{path.name}:{self._total}:{hashlib.sha256(head).hexdigest()}"
        packed = head[:2] == b"\x1f\x8b"
        self._stream: IO[bytes] = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment]
        self._offset = 0
        self.summary = Summary(problems=[])

    def run(self) -> Summary:
        """Read to the end, or to an error that names its line."""
        parse = self._open()
        if self.summary.finished:
            return self.summary
        products: list[Product] = []
        try:
            for line in self._lines():
                self._take(line, parse, products)
                if self.summary.line % self._batch == 0:
                    self._commit(products)
        except ImportFailedError:
            self._commit(products)
            raise
        self.summary.finished = True
        self._commit(products)
        return self.summary

    def _open(self) -> Parse:
        """Read the header, find the format, and go to where an earlier run stopped."""
        first = self._readline()
        if not first.strip():
            raise ImportFailedError(f"{self._path}:1: the file is empty; fetch it again")
        as_json = first.lstrip().startswith(b"{")
        parse = parse_json if as_json else csv_parser(first, str(self._path))
        seen = self._catalogue.checkpoint(self._dump)
        if seen:
            self.summary = msgspec.json.decode(seen.summary, type=Summary)
            self._offset = seen.offset
        else:
            self.summary.line = 0 if as_json else 1
            self._offset = 0 if as_json else len(first)
        self._seek(self._offset)
        return parse

    def _lines(self) -> Iterator[bytes]:
        """Lines up to LONGEST; of a longer one only its beginning, as a broken row."""
        while line := self._readline():
            self.summary.line += 1
            size, part = len(line), line
            while len(part) == LONGEST and not part.endswith(b"\n"):
                part = self._readline()
                size += len(part)
            self._offset += size
            yield line

    def _readline(self) -> bytes:
        try:
            return self._stream.readline(LONGEST)
        except (EOFError, OSError, zlib.error) as error:
            raise self._broken_off(error) from error

    def _seek(self, offset: int) -> None:
        try:
            self._stream.seek(offset)
        except (EOFError, OSError, zlib.error) as error:
            raise self._broken_off(error) from error

    def _broken_off(self, error: Exception) -> ImportFailedError:
        return ImportFailedError(
            f"{self._path}:{self.summary.line + 1}: can't be read further ({error}); fetch the file again. "
            "What was read so far is in the catalogue"
        )

    def _take(self, line: bytes, parse: Parse, products: list[Product]) -> None:
        """Parse a line into ``products`` or count why not."""
        if not line.strip():
            return
        try:
            if len(line) == LONGEST:
                raise BadRowError(f"the line is longer than {LONGEST >> 20} MB")
            product = parse(line)
        except BadCodeError:
            self.summary.invalid_codes += 1
        except BadRowError as error:
            self.summary.broken += 1
            if len(self.summary.problems) < NAMED_PROBLEMS:
                self.summary.problems.append(f"{self._path}:{self.summary.line}: {error}; skipped")
        else:
            if product is None:
                self.summary.empty += 1
            else:
                products.append(product)

    def _commit(self, products: list[Product]) -> None:
        """Write the batch, the counts and the place reached in one transaction, then say so."""

        def checkpoint(written: int) -> Checkpoint:
            self.summary.written += written
            self.summary.older += len(products) - written
            return Checkpoint(self._dump, self._offset, msgspec.json.encode(self.summary))

        self._catalogue.put(products, checkpoint)
        products.clear()
        self._progress(Progress(self._raw.tell(), self._total, self.summary))
