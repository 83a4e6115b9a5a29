"""What was said → the caption: lines that only grow, with the newest words behind them.

Stretches of speech come one after the other, each with its words settled bit by bit.
"""

from __future__ import annotations

from runtime.core.clock import NS
from runtime.core.messages import Caption
from runtime.features.captions.conversation import Said
from runtime.features.captions.view import Running
from runtime.hud.breaking import may_follow_unspaced

PAUSE_S = 1.2  # of silence, and the next words begin a new line: somebody else may speak
STALE_S = 10.0  # of silence, and the next words begin an empty page: the panel went dark


class Page:
    """The words of one language."""

    def __init__(self) -> None:
        self._running = Running()
        self._stretch = 0  # whose words the last line ends in
        self._taken = 0  # characters of its settled words that are on the page
        self._tentative = ""
        self._ended_ns = 0  # when the newest settled words left the speaker
        self._t_ns = 0

    def hear(self, said: Said) -> None:
        """Take up what a stretch says now."""
        if said.number != self._stretch:
            self._stretch, self._taken = said.number, 0
        until_ns = said.t_ns + round(said.words.until_s * NS)
        news = said.words.settled[self._taken :]
        if self._taken:  # in the middle of a stretch blanks come with the words
            self._running.say(news)
            self._ended_ns = until_ns
        elif news.strip():
            self.add(news, said.t_ns, until_ns)
        if self._taken or news.strip():
            self._taken = len(said.words.settled)
        self.expect(said.words.tentative, until_ns)

    def add(self, text: str, began_ns: int, ended_ns: int) -> None:
        """Settle the first words of a stretch, or a whole sentence; the pause before them decides on the line."""
        pause_ns = began_ns - self._ended_ns
        if pause_ns > STALE_S * NS:
            self._running.forget()
        elif pause_ns >= PAUSE_S * NS:
            self._running.turn()
        words, line = text.strip(), self._running.line
        spaced = bool(line) and not may_follow_unspaced(line[-1], words[0])
        self._running.say(f" {words}" if spaced else words)
        self._ended_ns = ended_ns
        self.expect("", ended_ns)

    def expect(self, tentative: str, until_ns: int = 0) -> None:
        """What may come next."""
        self._tentative = tentative
        self._t_ns = max(self._t_ns, until_ns)

    @property
    def newest(self) -> str:
        """The last line, with what may come next."""
        return self._running.line + self._tentative

    def caption(self, source: str = "", mark: str = "") -> Caption:
        """The page as a message."""
        settled = self._running.text.strip("\n")
        return Caption(settled, self._tentative.strip(), source.strip(), self._t_ns, mark)

    def clear(self) -> None:
        """An empty page."""
        self._running.forget()
        self._taken, self._tentative = 0, ""
