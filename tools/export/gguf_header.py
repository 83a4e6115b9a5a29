"""The table at the head of a GGUF file, walked before the library reads it: a lie must not become an allocation.

The library makes an object of every element of an array it is told of; a length that runs through the weights would
take a hundred times their size. Layout: github.com/ggml-org/ggml, ``docs/gguf.md``, "File Structure".
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

from tools.export.errors import CheckpointError

MOST = 1_000_000  # tensors, keys, or elements of an array; a file that says more lies
LONGEST = 16 << 20  # bytes of a string
VERSIONS = (2, 3)
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # of the types that have one
STRING, ARRAY = 8, 9


def check(path: Path) -> None:
    """Raises CheckpointError unless every count and length of the metadata is one that can be."""
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise CheckpointError(f"{path.name} is no GGUF file, or cut off: download it again")
        try:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                _Walk(data).table()
        except (struct.error, ValueError) as error:
            raise CheckpointError(f"{path.name} is damaged ({error}): download it again") from error


class _Walk:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 4

    def table(self) -> None:
        if (version := self._number("<I")) not in VERSIONS:
            raise ValueError(f"its format is {version}, or its bytes are turned; 2 and 3 are read")
        tensors, keys = self._number("<Q"), self._number("<Q")
        if max(tensors, keys) > MOST:
            raise ValueError(f"it says it holds {max(tensors, keys)} entries")
        for _ in range(keys):
            self._skip_string()
            self._skip(self._number("<I"))

    def _skip(self, kind: int) -> None:
        if kind == STRING:
            self._skip_string()
        elif kind == ARRAY:
            inner, count = self._number("<I"), self._number("<Q")
            if count > MOST or inner == ARRAY:
                raise ValueError(f"it says that a list has {count} elements of type {inner}")
            for _ in range(count if inner == STRING else 0):
                self._skip_string()
            self._at += count * SIZES.get(inner, 0)
        elif kind in SIZES:
            self._at += SIZES[kind]
        else:
            raise ValueError(f"it holds a value of type {kind}")

    def _skip_string(self) -> None:
        size = self._number("<Q")
        if size > LONGEST:
            raise ValueError(f"it says that a text has {size} bytes")
        self._at += size

    def _number(self, form: str) -> int:
        (found,) = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return int(found)
