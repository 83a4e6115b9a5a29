"""Prompt lookup: guess that what was said before goes on as it did (github.com/apoorvumang/prompt-lookup-decoding).

A guess costs little, because a step over a few rows costs hardly more than one over one; a wrong guess changes
nothing, because every token is chosen from its own logits.
"""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 4  # tokens that have to match; shorter ends are tried after longer ones
MOST = 11  # guesses in one step
# Guesses of a match of this length that were right, as a start; what happens in the answer then tells.
EXPECTED = {1: 1.0, 2: 2.0, 3: 4.0, 4: 6.0}
WORTH = 0.4  # right guesses in a step; a step with fewer costs more than it saves


class Lookup:
    """Where each few tokens were last seen; grows with the conversation, and learns how far to trust them."""

    def __init__(self, items: Sequence[int] = ()) -> None:
        self._items: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}
        self._right = dict(EXPECTED)
        self._tried = dict.fromkeys(EXPECTED, 1)
        self._size = 0  # of the match that was guessed by last
        self.extend(items)

    def extend(self, items: Sequence[int]) -> None:
        """Note what was said."""
        for item in items:
            # The end that is looked for is not its own match: it is noted when something follows it.
            for size in EXPECTED:
                if len(self._items) >= size:
                    self._after[tuple(self._items[-size:])] = len(self._items)
            self._items.append(item)

    def guess(self, count: int) -> list[int]:
        """Up to ``count`` tokens that may come next; empty where nothing matches, or guessing does not pay."""
        self._size = 0
        for size in range(LONGEST, 0, -1):
            start = self._after.get(tuple(self._items[-size:])) if len(self._items) >= size else None
            if start is not None:
                found = self._items[start : start + min(count, self._trusted(size))]
                if any(item < 0 for item in found):  # a picture's
                    return []
                self._size = size if found else 0
                return found
        return []

    def learn(self, right: int) -> None:
        """How many of the last guesses were right."""
        if self._size:
            self._right[self._size] += right
            self._tried[self._size] += 1

    def _trusted(self, size: int) -> int:
        """How many tokens to guess after a match of this length: twice what was right lately."""
        right = self._right[size] / self._tried[size]
        return min(MOST, 1 + round(2 * right)) if right >= WORTH else 0
