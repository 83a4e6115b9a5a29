"""Prompt lookup: guess that what was said before goes on as it did (github.com/apoorvumang/prompt-lookup-decoding).

A guess costs little, because a step over a few rows costs hardly more than one over one; a wrong guess changes
nothing, because every token is chosen from its own logits.
"""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 4  # tokens that have to match; shorter ends are tried after longer ones
SHORTEST = 2


class Lookup:
    """Where each pair of tokens was last seen; grows with the conversation."""

    def __init__(self, items: Sequence[int] = ()) -> None:
        self._items: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}
        self.extend(items)

    def extend(self, items: Sequence[int]) -> None:
        """Note what was said."""
        for item in items:
            # The end that is looked for is not its own match: it is noted when something follows it.
            for size in range(SHORTEST, LONGEST + 1):
                if len(self._items) >= size:
                    self._after[tuple(self._items[-size:])] = len(self._items)
            self._items.append(item)

    def guess(self, count: int) -> list[int]:
        """Up to ``count`` tokens that may come next; empty where nothing matches."""
        for size in range(LONGEST, SHORTEST - 1, -1):
            start = self._after.get(tuple(self._items[-size:])) if len(self._items) >= size else None
            if start is not None:
                found = self._items[start : start + count]
                return [] if any(item < 0 for item in found) else found
        return []
