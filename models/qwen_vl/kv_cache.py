"""One conversation's memory: keys and values, the nets' states, rotary tables, and what each slot stands for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.shape import TextShape
from models.qwen_vl.states import States

STEP = 512  # slots; a cache grows by doubling, from here


class KvCache:
    """Slots 0…length−1 are filled. ``items`` names what fills them: a token id, or a picture's own negative mark.

    ``k`` and ``v``: of each block with attention; ``states``: of the others. ``generation`` changes when the slots'
    arrays do, so that bindings know to bind again. ``reader`` is the mark of the
    adapter that filled it, empty without one: what one reads is of no use to another.
    """

    def __init__(self, shape: TextShape, kv: str, capacity: int = STEP, reader: str = "") -> None:
        self.shape = shape
        self.reader = reader
        self.items: list[int] = []
        self._highest: list[int] = []  # the largest position so far, for each slot
        self.states = States(shape) if shape.delta else None
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
        slots = sum(array.nbytes for array in (*self.k, *self.v, self.cos, self.sin))
        return slots + (self.states.bytes if self.states else 0)

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
        if self.states is not None:
            self.states.advance(len(items))

    def mark(self) -> None:
        """This is a place to come back to."""
        if self.states is not None:
            self.states.mark()

    def reach(self, length: int) -> int:
        """How many of the first ``length`` slots can be kept: all, but where states are to be had for fewer only."""
        return length if self.states is None else self.states.reach(length)

    def keep(self, length: int) -> None:
        """Forget everything after the first ``reach(length)`` slots."""
        if self.states is not None:
            length = self.states.back(length)
        del self.items[length:], self._highest[length:]

    def fork(self, length: int) -> KvCache:
        """A copy of the first ``reach(length)`` slots that lives on its own."""
        length = self.reach(length)
        other = KvCache(self.shape, self._dtype.name, length + STEP, self.reader)
        other._copy((self.k, self.v, self.cos, self.sin), length)
        other.states = self.states and self.states.fork(length)
        other.items, other._highest = self.items[:length], self._highest[:length]
        return other

    def _allocate(self, capacity: int) -> None:
        cache = (1, self.shape.kv_heads, capacity, self.shape.head_size)
        self.k = [np.zeros(cache, self._dtype) for _ in self.shape.attending]
        self.v = [np.zeros(cache, self._dtype) for _ in self.shape.attending]
        self.cos = np.zeros((capacity, self.shape.turning // 2), np.float32)
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
