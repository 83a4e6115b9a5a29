"""Preambles on disk: what was read of a system prompt and tools, for the next start of the same model.

A file holds the arrays a cache says it has, in its order, behind a SHA-256; what they are is in the file's name, a
hash of the model, the machine, the arrays' shapes and the tokens. So a file is exactly what is wanted, or no use.

Whoever wrote a system prompt (a feature, a user, a client of the API), it is kept only when it comes back in a later
session: within one, memory is enough, and what is said in one session leaves nothing but an empty file, named by a
hash. Never stored: what the wearer said and what was answered, and pictures, which are no part of a preamble.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from models.qwen_vl.kv_cache import KvCache

FOLDER = "prefixes"  # beside the model; may be deleted at any time
BUDGET = 256 << 20  # bytes of all files together
SPARE = 512 << 20  # bytes of the disk that are left to what the wearer makes
FILES = 256  # names of what was met once among them
LEAST = 24  # tokens; fewer are read again about as fast
MAKING, ABANDONED_S = ".making-", 3600.0
DIGEST = 32  # bytes of a SHA-256


class PrefixDisk:
    """The preambles of one model in ``folder``, which several processes may use. A disk that fails is none."""

    def __init__(self, folder: Path, build: str, budget: int = BUDGET) -> None:
        """``build`` names all that the bits of a cache depend on: the model, the library, the CPU."""
        self._folder = folder
        self._build = build
        self._budget = budget
        self._met: set[str] = set()  # in this session
        self._writer: ThreadPoolExecutor | None = None

    def load(self, preamble: Sequence[int], empty: KvCache) -> bool:
        """Fill ``empty`` with what was read of ``preamble``; False leaves it as it was."""
        if len(preamble) < LEAST:
            return False
        empty.reserve(len(preamble))
        path = self._folder / self._name(preamble, empty)
        try:
            data = path.read_bytes()
            if not data:  # met once
                return False
            if not _whole(path.name, data, _size(empty, len(preamble))):
                path.unlink(missing_ok=True)
                return False
            path.touch()
        except OSError:
            return False
        _fill(empty, preamble, data)
        self._met.add(path.name)
        return True

    def keep(self, cache: KvCache, length: int) -> None:
        """Store the first ``length`` slots, a preamble, on a thread of its own: no token waits for the disk."""
        if length < LEAST or cache.length < length:
            return
        if cache.bytes != _size(cache, cache.capacity):  # there is more to it than its slots
            return
        name = self._name(cache.items[:length], cache)
        if name in self._met or _size(cache, length) > self._budget:
            return
        self._met.add(name)
        if self._first_time(name):
            return
        self._writer = self._writer or ThreadPoolExecutor(1, "prefix-disk")
        self._writer.submit(self._store, name, cache.fork(length))

    def close(self) -> None:
        """Wait for what is being stored."""
        if self._writer is not None:
            self._writer.shutdown()
            self._writer = None

    def _first_time(self, name: str) -> bool:
        """Whether no earlier session met it; a later one will know. Of a disk that can't be written: yes."""
        try:
            self._folder.mkdir(exist_ok=True)
            (self._folder / name).touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            return False
        except OSError:
            pass
        return True

    def _store(self, name: str, cache: KvCache) -> None:
        body = b"".join(array.tobytes() for array in cache.arrays(cache.length).values())
        try:
            if shutil.disk_usage(self._folder).free < SPARE + len(body):
                return
            with tempfile.TemporaryDirectory(dir=self._folder, prefix=MAKING) as half:
                path = Path(half) / name
                path.touch(mode=0o600)  # its user's own
                with path.open("wb") as file:
                    file.write(_digest(name, body))
                    file.write(body)
                    file.flush()
                    os.fsync(file.fileno())
                path.rename(self._folder / name)
            self._trim()
        except OSError:  # full, read-only or gone: it works without
            return

    def _trim(self) -> None:
        """Let the least recently used go, and what a killed process left half made."""
        found = [(file.stat().st_mtime, file.stat().st_size, file) for file in self._folder.iterdir()]
        total, now = 0, max(used for used, _, _ in found)
        for count, (used, size, file) in enumerate(sorted(found, reverse=True)):
            if file.name.startswith(MAKING):
                if now - used > ABANDONED_S:
                    shutil.rmtree(file, ignore_errors=True)
                continue
            total += size
            if total > self._budget or count >= FILES:
                file.unlink(missing_ok=True)

    def _name(self, preamble: Sequence[int], cache: KvCache) -> str:
        form = [(name, array.dtype.str, array.shape) for name, array in cache.arrays(len(preamble)).items()]
        mark = hashlib.sha256(repr((self._build, cache.reader, form)).encode())
        mark.update(np.asarray(preamble, np.int64).tobytes())
        return mark.hexdigest()


def _size(cache: KvCache, length: int) -> int:
    return sum(array.nbytes for array in cache.arrays(length).values())


def _digest(name: str, body: bytes | memoryview) -> bytes:
    mark = hashlib.sha256(name.encode())
    mark.update(body)
    return mark.digest()


def _whole(name: str, data: bytes, size: int) -> bool:
    body = memoryview(data)[DIGEST:]
    return len(body) == size and _digest(name, body) == data[:DIGEST]


def _fill(cache: KvCache, preamble: Sequence[int], data: bytes) -> None:
    at = DIGEST
    for array in cache.arrays(len(preamble)).values():
        array[...] = np.frombuffer(data, array.dtype, array.size, at).reshape(array.shape)
        at += array.nbytes
    cache.extend(preamble, np.tile(np.arange(len(preamble)), (3, 1)))
