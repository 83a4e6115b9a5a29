"""Stop words: text that ends an answer is held back until it is certain that it does not."""

from __future__ import annotations

from collections.abc import Sequence


class StopWords:
    """Text in pieces → what may be shown. ``said`` is all that was shown."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [word for word in words if word]
        self._held = ""
        self.said = ""

    def add(self, text: str) -> tuple[str, bool]:
        """What may be shown now, and whether a stop word came; it is not shown itself."""
        held = self._held + text
        found = [at for word in self._words if (at := held.find(word)) >= 0]
        if found:
            self._held = ""
            return self._show(held[: min(found)]), True
        keep = max((_overlap(held, word) for word in self._words), default=0)
        self._held = held[len(held) - keep :]
        return self._show(held[: len(held) - keep]), False

    def flush(self) -> str:
        """The answer is over: what was held back is no stop word."""
        held, self._held = self._held, ""
        return self._show(held)

    def _show(self, text: str) -> str:
        self.said += text
        return text


def _overlap(text: str, word: str) -> int:
    """How many characters at the end of ``text`` begin ``word``."""
    longest = min(len(text), len(word) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(word[:size])), 0)
