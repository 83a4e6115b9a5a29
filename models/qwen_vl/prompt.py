"""A prompt, ready to be fed: what each slot holds, where it stands, and where its row comes from."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.base import ModelError
from models.qwen_vl.tables import Table
from models.qwen_vl.vision import Encoded

LAST_WORDS = 8  # tokens; Qwen3.5's template asks for an answer in seven, which are others once it was given


class PromptError(ModelError, ValueError):
    """A prompt that can't be answered as it is."""


class Picture(msgspec.Struct, frozen=True):
    """Encoded pictures of a prompt, in order: the slots they fill and their rows.

    ``slots`` int64[p] ascending, ``rows`` float32[p, width], ``deep`` float32[d, p, width] or none.
    """

    slots: NDArray[np.int64]
    rows: NDArray[np.float32]
    deep: NDArray[np.float32] | None = None


class Prompt(msgspec.Struct, frozen=True):
    """``items``: token ids, or a picture's own negative marks; ``positions`` int64[3, n].

    ``preamble``: how many of them come before the first user's own words.
    """

    items: list[int]
    positions: NDArray[np.int64]
    picture: Picture | None = None
    preamble: int = 0

    def rows(self, table: Table, start: int, stop: int) -> NDArray[np.float32]:
        """The input rows of slots ``start…stop``, float32[n, width]."""
        items = np.asarray(self.items[start:stop], np.int64)
        return self.fill(table.rows(np.maximum(items, 0)), start, stop)

    def fill(self, rows: NDArray[np.float32], start: int, stop: int) -> NDArray[np.float32]:
        """``rows`` of slots ``start…stop`` with the pictures' own in their places."""
        if self.picture is not None:
            mine, theirs = self._within(self.picture.slots, start, stop)
            rows[mine] = self.picture.rows[theirs]
        return rows

    def deep(self, start: int, stop: int) -> NDArray[np.float32] | None:
        """What is added to the first blocks' outputs, float32[d, n, width]; None where there is nothing."""
        if self.picture is None or self.picture.deep is None:
            return None
        mine, theirs = self._within(self.picture.slots, start, stop)
        if not len(mine):
            return None
        depth, _, width = self.picture.deep.shape
        rows = np.zeros((depth, stop - start, width), np.float32)
        rows[:, mine] = self.picture.deep[:, theirs]
        return rows

    def partings(self) -> list[int]:
        """Where another prompt may well part from this: behind each picture, and at the template's last words."""
        slots = np.empty(0, np.int64) if self.picture is None else self.picture.slots
        behind = slots[np.diff(slots, append=-1) != 1] + 1
        return [*behind.tolist(), len(self.items) - LAST_WORDS]

    @staticmethod
    def _within(slots: NDArray[np.int64], start: int, stop: int) -> tuple[NDArray[np.int64], slice]:
        first, last = np.searchsorted(slots, (start, stop))
        return slots[first:last] - start, slice(int(first), int(last))


def text_prompt(tokens: Sequence[int]) -> Prompt:
    """A prompt without pictures."""
    return Prompt(list(tokens), np.tile(np.arange(len(tokens)), (3, 1)))


class Shown(msgspec.Struct, frozen=True):
    """What is seen at one place of a prompt: a still, or the groups of a clip, each with its time."""

    seen: tuple[Encoded, ...]
    times: Sequence[int] = (0,)


def picture_prompt(tokens: Sequence[int], token: int, pictures: Sequence[Encoded]) -> Prompt:
    """A prompt in which each ``token`` stands for one of ``pictures``, in order. Raises PromptError."""
    if (found := sum(item == token for item in tokens)) != len(pictures):
        raise PromptError(f"the chat template made room for {found} pictures, there are {len(pictures)}")
    left = iter(pictures)
    return mixed_prompt([Shown((next(left),)) if item == token else item for item in tokens])


def mixed_prompt(parts: Sequence[int | Shown]) -> Prompt:
    """A prompt of tokens and of what is seen among them.

    Positions (Qwen2-VL, arXiv 2409.12191 §2.1): words advance all three axes by one; features stand at their time, at
    their rows and columns, and the word after them behind the longer side of the picture. So it is in transformers
    since 5.3, for clips too; up to 5.2 the word after a clip stood behind its last time where that was further.
    """
    items: list[int] = []
    where: list[NDArray[np.int64]] = []
    slots: list[NDArray[np.int64]] = []
    pictures: list[Encoded] = []
    following = 0
    for part in parts:
        if isinstance(part, int):
            items.append(part)
            where.append(np.full((3, 1), following))
            following += 1
            continue
        for picture, time in zip(part.seen, part.times, strict=True):
            count = picture.high * picture.wide
            slots.append(np.arange(len(items), len(items) + count))
            items += [picture.mark] * count
            row, column = np.divmod(np.arange(count), picture.wide)
            where.append(following + np.stack([np.full_like(row, time), row, column]))
        following += max(part.seen[0].high, part.seen[0].wide)
        pictures += part.seen
    positions = np.concatenate(where, axis=1)
    return Prompt(items, positions, _joined(slots, pictures) if pictures else None)


def _joined(slots: Sequence[NDArray[np.int64]], pictures: Sequence[Encoded]) -> Picture:
    deep = [picture.deep for picture in pictures if picture.deep is not None]
    return Picture(
        np.concatenate(slots),
        np.concatenate([picture.rows for picture in pictures]),
        np.concatenate(deep, axis=1) if deep else None,
    )
