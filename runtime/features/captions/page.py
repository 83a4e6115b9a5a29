"""What was said → the caption: lines that only grow, with the newest words behind them.

Stretches come one after the other, each with its words settled bit by bit. Lines are dropped whole, from the top.
"""

from __future__ import annotations

import msgspec

from runtime.core.clock import NS
from runtime.core.messages import Caption
from runtime.features.captions.conversation import Said
from runtime.hud.breaking import may_follow_unspaced

PAUSE_S = 1.2  # of silence, and the next words begin a new line: somebody else may speak
FULL = 240  # characters after which a stretch begins a line of its own in any case
LINES = 4  # that a caption holds; the wearer sees the newest of them
STALE_S = 10.0  # of silence, and the next words begin an empty page


class _Line(msgspec.Struct):
    """A line of settled words; ``ended_ns`` is when the last of them left the speaker."""

    text: str
    ended_ns: int


class Page:
    """The lines of one language."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self._stretch = 0  # whose words the last line ends in
        self._taken = 0  # characters of its settled words that are on the page
        self._tentative = ""
        self._t_ns = 0

    def hear(self, said: Said) -> None:
        """Take up what a stretch says now."""
        if said.number != self._stretch:
            self._stretch, self._taken = said.number, 0
        ended_ns = said.t_ns + round(said.words.until_s * NS)
        news = said.words.settled[self._taken :]
        if self._taken:  # in the middle of a stretch blanks come with the words
            self._lines[-1].text += news
            self._lines[-1].ended_ns = max(self._lines[-1].ended_ns, ended_ns)
        elif news.strip():
            self.add(news, said.t_ns, ended_ns)
        if self._taken or news.strip():
            self._taken = len(said.words.settled)
        self._tentative = said.words.tentative
        self._t_ns = max(self._t_ns, ended_ns)

    def add(self, text: str, began_ns: int, ended_ns: int) -> None:
        """Settle the first words of a stretch, or a whole sentence; the pause before them decides on the line."""
        last = self._lines[-1] if self._lines else None
        pause_ns = began_ns - last.ended_ns if last is not None else 0
        if last is not None and pause_ns < PAUSE_S * NS and len(last.text) < FULL:
            last.text, last.ended_ns = follow(last.text, text.strip()), ended_ns
        else:
            kept = [] if pause_ns > STALE_S * NS else self._lines[1 - LINES :]
            self._lines = [*kept, _Line(text.strip(), ended_ns)]
        self._tentative = ""
        self._t_ns = max(self._t_ns, ended_ns)

    def expect(self, tentative: str) -> None:
        """What may come next."""
        self._tentative = tentative

    def caption(self, source: str = "") -> Caption:
        """The page as a message."""
        settled = "\n".join(line.text for line in self._lines)
        return Caption(settled, self._tentative.strip(), source, self._t_ns)

    def clear(self) -> None:
        """An empty page."""
        self._lines, self._taken, self._tentative = [], 0, ""


def follow(text: str, more: str) -> str:
    """Two sentences, with a blank between them where the script has blanks.

    >>> follow("Good.", "Yes"), follow("好。", "是")
    ('Good. Yes', '好。是')
    """
    return text + more if may_follow_unspaced(text[-1], more[0]) else f"{text} {more}"
