"""One conversation's memory: keys and values, rotary tables, and what each slot stands for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.shape import TextShape

STEP = 512  # slots; a cache grows by doubling, from here


class KvCache:
    """Slots 0…length−1 are filled. ``items`` names what fills them: a token id, or a picture's own negative mark.

    ``generation`` changes when the arrays do, so that bindings know to bind again. ``reader`` is the mark of the
    adapter that filled it, empty without one: what one reads is of no use to another.
    """

    def __init__(self, shape: TextShape, kv: str, capacity: int = STEP, reader: str = "") -> None:
        self.shape = shape
        self.reader = reader
        self.items: list[int] = []
        self._highest: list[int] = []  # the largest position so far, for each slot
        self.generation = 0
        self._dtype = np.dtype(np.int8 if kv == "int8" else np.float32)
        self._allocate(max(capacity, 2))

    @property
    def length(self) -> int:
        """How many slots are filled."""
        return len(self.items)

    @property
    def capacity(self) -> int:
        """How many slots there are."""
        return int(self.cos.shape[0])

    @property
    def exact(self) -> bool:
        """Whether keys and values are kept as float32."""
        return self._dtype == np.float32

    @property
    def bytes(self) -> int:
        """What the cache takes in memory."""
        return sum(array.nbytes for array in (*self.k, *self.v, self.cos, self.sin))

    def arrays(self, length: int) -> dict[str, NDArray[Any]]:
        """All that the first ``length`` slots are made of, by name, in a fixed order: views that can be written."""
        slots = {
            f"{letter}.{i}": array
            for letter, arrays in (("k", self.k), ("v", self.v))
            for i, array in enumerate(arrays)
        }
        return {name: array[:, :, :length] for name, array in slots.items()} | {
            "cos": self.cos[:length],
            "sin": self.sin[:length],
        }

    def reserve(self, slots: int) -> None:
        """Have room for ``slots`` in all; what is there stays."""
        if slots <= self.capacity:
            return
        kept = (self.k, self.v, self.cos, self.sin)
        self._allocate(max(slots, 2 * self.capacity) + (-slots) % STEP)
        self._copy(kept, self.length)

    @property
    def next_position(self) -> int:
        """Where the next word stands, on all three axes."""
        return self._highest[-1] + 1 if self._highest else 0

    def extend(self, items: Sequence[int], positions: NDArray[np.int64]) -> None:
        """Note what the next slots hold; ``positions`` int64[3, n]."""
        highest = np.maximum.accumulate(np.append(self.next_position - 1, positions.max(axis=0)))[1:]
        self.items.extend(items)
        self._highest.extend(highest.tolist())

    def keep(self, length: int) -> None:
        """Forget everything after the first ``length`` slots."""
        del self.items[length:], self._highest[length:]

    def fork(self, length: int) -> KvCache:
        """A copy of the first ``length`` slots that lives on its own."""
        other = KvCache(self.shape, self._dtype.name, length + STEP, self.reader)
        other._copy((self.k, self.v, self.cos, self.sin), length)
        other.items, other._highest = self.items[:length], self._highest[:length]
        return other

    def _allocate(self, capacity: int) -> None:
        cache = (1, self.shape.kv_heads, capacity, self.shape.head_size)
        self.k = [np.zeros(cache, self._dtype) for _ in range(self.shape.layers)]
        self.v = [np.zeros(cache, self._dtype) for _ in range(self.shape.layers)]
        self.cos = np.zeros((capacity, self.shape.head_size // 2), np.float32)
        self.sin = np.zeros_like(self.cos)
        self.generation += 1

    def _copy(
        self, kept: tuple[Sequence[NDArray[Any]], Sequence[NDArray[Any]], Any, Any], length: int
    ) -> None:
        keys, values, cos, sin = kept
        for mine, theirs in ((self.k, keys), (self.v, values)):
            for new, old in zip(mine, theirs, strict=True):
                new[:, :, :length] = old[:, :, :length]
        self.cos[:length], self.sin[:length] = cos[:length], sin[:length]
