"""What a sequence's gated delta nets remember. Unlike keys and values it can't be cut back to fewer rows.

So what it was at some earlier places is kept beside it: before the last step, and at a few places marked while a
prompt was read. To forget rows is to go back to the nearest of them; what came after it is read once more.
"""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.shape import TextShape

MARKS_BYTES = 64 << 20
MOST_MARKS = 8

Memory = dict[str, NDArray[np.float32]]


class States:
    """``now``: every net's memory by the graph's name for it, after ``length`` rows.

    A step reads ``now`` and writes ``following()``; ``advance`` makes that the present. A step that failed has
    changed nothing.
    """

    def __init__(self, shape: TextShape) -> None:
        self.length = 0
        self.now = blank(shape)
        self._other = blank(shape)
        self._other_length = 0  # what ``_other`` is the memory after; −1 for nothing
        self._marks: list[tuple[int, Memory]] = []  # ascending

    @property
    def bytes(self) -> int:
        """What all of it takes in memory."""
        kept = [self.now, self._other, *(memory for _, memory in self._marks)]
        return sum(array.nbytes for memory in kept for array in memory.values())

    def following(self) -> Memory:
        """Where the next step puts what the nets remember after it."""
        self._other_length = -1
        return self._other

    def advance(self, rows: int) -> None:
        """A step over ``rows`` rows went well."""
        self.now, self._other = self._other, self.now
        self._other_length = self.length
        self.length += rows

    def mark(self) -> None:
        """Keep what is remembered now; where there is no room, the mark that is missed least goes."""
        if self._marks and self._marks[-1][0] >= self.length:
            return
        self._marks.append((self.length, _copied(self.now)))
        size = sum(array.nbytes for array in self.now.values())
        while len(self._marks) > max(1, min(MOST_MARKS, MARKS_BYTES // max(1, size))):
            places = [0, *(place for place, _ in self._marks)]
            gaps = [after - before for before, after in zip(places[:-2], places[2:], strict=True)]
            del self._marks[int(np.argmin(gaps)) if gaps else 0]

    def reach(self, length: int) -> int:
        """The longest beginning of no more than ``length`` rows whose memory is at hand."""
        places = [0, self.length, self._other_length, *(place for place, _ in self._marks)]
        return max(place for place in places if place <= length)

    def back(self, length: int) -> int:
        """Go back to ``reach(length)``, which is given back."""
        place = self.reach(length)
        if place == self.length:
            return place
        if place == self._other_length:
            self.now, self._other = self._other, self.now
        else:
            self.now = self._memory(place)
        self._other_length = -1
        self._marks = [mark for mark in self._marks if mark[0] <= place]
        self.length = place
        return place

    def fork(self, length: int) -> States:
        """A copy after ``reach(length)`` rows that lives on its own."""
        other = copy.copy(self)
        other.length = self.reach(length)
        other.now = self._memory(other.length)
        other._other = {name: np.zeros_like(array) for name, array in self.now.items()}
        other._other_length = -1
        other._marks = [(place, _copied(memory)) for place, memory in self._marks if place <= other.length]
        return other

    def _memory(self, place: int) -> Memory:
        """A copy of the memory at one of the places of ``reach``."""
        known = dict(self._marks) | {self._other_length: self._other, self.length: self.now}
        if place in known:
            return _copied(known[place])
        return {name: np.zeros_like(array) for name, array in self.now.items()}


def blank(shape: TextShape) -> Memory:
    """What the nets remember before the first row; nothing where there are none."""
    delta = shape.delta
    if delta is None:
        return {}
    memory: Memory = {}
    for i in delta.blocks:
        memory[f"conv.{i}"] = np.zeros((1, delta.taps - 1, delta.mixed), np.float32)
        memory[f"state.{i}"] = np.zeros((1, delta.value_heads, delta.key_size, delta.value_size), np.float32)
    return memory


def counting(shape: TextShape, rows: int, fed: int) -> dict[str, NDArray[np.float32] | NDArray[np.int64]]:
    """What tells the nets that of ``fed`` rows the first ``rows`` count (see ``tools/export/delta.py``)."""
    if shape.delta is None:
        return {}
    live = (np.arange(fed) < rows).astype(np.float32)
    return {"live": live[None, :, None], "kept": rows + np.arange(shape.delta.taps - 1)}


def _copied(memory: Memory) -> Memory:
    return {name: array.copy() for name, array in memory.items()}
