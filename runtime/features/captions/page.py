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
        self.stretch = 0  # whose words the last line ends in
        self._taken = 0  # characters of its settled words that are on the page
        self._tentative = ""
        self._ended_ns = 0  # when the newest settled words left the speaker
        self.t_ns = 0  # when the newest words were heard

    def hear(self, said: Said) -> None:
        """Take up what a stretch says now."""
        words, until_ns = said.words, said.t_ns + round(said.words.until_s * NS)
        if said.number != self.stretch and (words.settled + words.tentative).strip():
            self.stretch, self._taken = said.number, 0
            self._begin_line(said.t_ns)
        news = words.settled[self._taken :]
        if news.strip():
            # In the middle of a stretch blanks come with the words.
            self._running.say(news if self._taken and self._running.line else self._spaced(news.strip()))
            self._taken, self._ended_ns = len(words.settled), until_ns
        self.expect(words.tentative, until_ns)

    def add(self, text: str, began_ns: int, ended_ns: int) -> None:
        """Settle a whole sentence."""
        self._begin_line(began_ns)
        self._running.say(self._spaced(text.strip()))
        self._ended_ns = ended_ns
        self.expect("", ended_ns)

    def _begin_line(self, began_ns: int) -> None:
        """The pause before them decides where the next words stand."""
        pause_ns = began_ns - self._ended_ns
        if pause_ns > STALE_S * NS:
            self._running.forget()
        elif pause_ns >= PAUSE_S * NS:
            self._running.turn()

    def _spaced(self, words: str) -> str:
        line = self._running.line
        return f" {words}" if line and not may_follow_unspaced(line[-1], words[0]) else words

    def expect(self, tentative: str, until_ns: int = 0) -> None:
        """What may come next."""
        self._tentative = tentative
        self.t_ns = max(self.t_ns, until_ns)

    @property
    def newest(self) -> str:
        """The last line, with what may come next."""
        return self._running.line + self._coming

    @property
    def _coming(self) -> str:
        """What may come next as it will stand there: in the middle of a stretch blanks come with the words."""
        words = self._tentative.strip()
        if not words or (self._taken and self._running.line):
            return self._tentative.rstrip()
        return self._spaced(words)

    def caption(self, source: str = "", mark: str = "", source_ns: int = 0) -> Caption:
        """The page as a message; ``source_ns`` is when the newest words of the source were heard."""
        settled = self._running.text if self._tentative else self._running.text.rstrip("\n")
        return Caption(settled, self._coming, source.strip(), max(self.t_ns, source_ns), mark)

    def resume(self, caption: Caption) -> None:
        """Go on behind what was shown before this part was started again."""
        self._running.resume(caption.committed)
        self._ended_ns = self.t_ns = caption.t_ns

    def clear(self) -> None:
        """An empty page."""
        self._running.forget()
        self._tentative = ""
