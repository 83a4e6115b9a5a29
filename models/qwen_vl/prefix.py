"""What was already read: KV caches of earlier prompts, for the next one that begins alike."""

from __future__ import annotations

from collections.abc import Sequence

from models.qwen_vl.kv_cache import KvCache

SHORTEST = 16  # slots; below it, copying a cache costs more than it saves


class Prefixes:
    """Caches of ended answers in memory, the least recently used one dropped first."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._kept: list[KvCache] = []  # least recently used first

    @property
    def bytes(self) -> int:
        """What is kept, in bytes of memory."""
        return sum(cache.bytes for cache in self._kept)

    def take(self, items: Sequence[int], reader: str = "") -> KvCache | None:
        """The cache that begins most like ``items`` and was read by ``reader``, cut to what they share
        (as far as it ``reach``es).

        It belongs to the caller from now on, who gives it back with ``give``; the last item is never in it, because
        its logits are wanted.
        """
        best, length = None, SHORTEST - 1
        for cache in (one for one in self._kept if one.reader == reader):
            shared = cache.reach(min(common(cache.items, items), len(items) - 1))
            if shared > length:
                best, length = cache, shared
        if best is None:
            return None
        if 2 * length < best.length:  # much of it is another conversation's: leave that one its own
            self._touch(best)
            return best.fork(length)
        self._kept.remove(best)
        best.keep(length)
        return best

    def give(self, cache: KvCache) -> None:
        """Keep a cache for later; older ones make room."""
        if cache.bytes > self._budget:
            return
        self._kept.append(cache)
        while self.bytes > self._budget:
            del self._kept[0]

    def forget(self) -> None:
        """Drop everything."""
        self._kept.clear()

    def _touch(self, cache: KvCache) -> None:
        self._kept.remove(cache)
        self._kept.append(cache)


def common(first: Sequence[object], second: Sequence[object]) -> int:
    """How many items two prompts, or characters two texts, share from their beginning."""
    for at, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return at
    return min(len(first), len(second))
