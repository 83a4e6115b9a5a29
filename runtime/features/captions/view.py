"""What was said lately, in memory only, and how the wearer looks back at it: pages of past lines on a card.

The card stands above the captions, which go on meanwhile; after ``STANDS_S`` without a touch it goes by itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import msgspec

from runtime.core.clock import NS
from runtime.core.messages import Card, CardDown, Line
from runtime.features.captions.wishes import KEY
from runtime.features.speaking import columns
from runtime.features.speaking import pages as cut

KEPT_S = 120.0  # before the newest line: enough to look back at what was missed
MOST_LINES, MOST_CHARACTERS = 200, 20_000
RUNNING_LINES = 5  # more than the HUD shows, so that what stands there is never left out
LONG = 240  # characters of a line, behind which its next sentence begins a new one
LONGEST = 2 * LONG  # where no sentence ends, a word does
STANDS_S, NOTE_S = 12.0, 3.0
ROW_COLUMNS, PAGE_ROWS = 38, 5  # half-width columns of a card's row, and its rows, at normal size
ENDS = (".", "!", "?", "。", "！", "？", "؟", "…", "।")
WORDS = {
    "en": ("{} s ago", "swipe back: older · tap: newer", "Nothing was said lately", "paused"),
    "zh": ("{} 秒前", "后滑：更早 · 轻触：更新", "刚才没有人说话", "已暂停"),
}


class Past(msgspec.Struct, frozen=True):
    """A line as it was shown, and when its first words entered the microphone; ``source`` if it is a translation."""

    text: str
    t_ns: int
    source: str = ""


class History:
    """The last lines, oldest first: those of the ``KEPT_S`` seconds before the newest, within bounds of size."""

    def __init__(self) -> None:
        self._lines: deque[Past] = deque()
        self._characters = 0

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, line: str, t_ns: int, source: str = "") -> None:
        """A line that will not change any more; an empty one is none."""
        past = Past(line.strip(), t_ns, source.strip())
        if past.text:
            self._lines.append(past)
            self._characters += _weight(past)
            self._forget_old(t_ns - round(KEPT_S * NS))

    def since(self, t_ns: int) -> tuple[Past, ...]:
        """The lines that began at ``t_ns`` or later."""
        return tuple(line for line in self._lines if line.t_ns >= t_ns)

    def page(self, n: int, size: float = 1.0) -> tuple[Past, ...]:
        """The ``n``-th page counted back from the newest (0), at this size of text; empty where there is none."""
        made = pages(tuple(self._lines), size)
        return made[n] if 0 <= n < len(made) else ()

    def forget(self) -> None:
        """All of it: the wearer said so, or turned captions off."""
        self._lines.clear()
        self._characters = 0

    def _forget_old(self, oldest_ns: int) -> None:
        while len(self._lines) > 1 and (
            self._lines[0].t_ns < oldest_ns
            or len(self._lines) > MOST_LINES
            or self._characters > MOST_CHARACTERS
        ):
            self._characters -= _weight(self._lines.popleft())


class Running:
    """The committed words of the caption that runs: whole lines, of which the oldest are left out.

    ``text`` is what ``Caption.committed`` takes: it only ever grows at its end or loses whole lines at its front.
    """

    def __init__(self) -> None:
        self._lines = [""]

    @property
    def text(self) -> str:
        """The lines, parted by line feeds."""
        return "\n".join(self._lines)

    @property
    def line(self) -> str:
        """The newest line, which may still grow."""
        return self._lines[-1]

    def say(self, words: str) -> None:
        """Append what is committed now, with the blank before it; a line that got long ends with its sentence."""
        last = self._lines[-1]
        if (len(last) >= LONG and last.rstrip().endswith(ENDS)) or (
            len(last) >= LONGEST and (words[:1].isspace() or columns(last[-1:]) == 2)
        ):
            self.turn()
        self._lines[-1] += words.replace("\n", " ")

    def turn(self) -> None:
        """A pause, or somebody else: what is said next begins a line."""
        if self._lines[-1].strip():
            self._lines = [*self._lines, ""][-RUNNING_LINES:]

    def resume(self, text: str) -> None:
        """Go on behind this ``text``."""
        self._lines = text.split("\n")[-RUNNING_LINES:]

    def forget(self) -> None:
        """Begin anew: after a silence in which the display went dark."""
        self._lines = [""]


class Rewind:
    """Looking back: each call gives what is to be published on CARD. The pages are those of when it began."""

    def __init__(self) -> None:
        self._pages: list[tuple[Past, ...]] = []
        self._page = 0
        self._until_ns = 0

    def back(self, history: History, now_ns: int, size: float = 1.0, language: str = "en") -> Card:
        """The newest page, or the one before that which is in view; ``size`` is that of the wearer's text."""
        if now_ns >= self._until_ns:
            self._pages, self._page = pages(history.since(0), size), 0
        elif self._page < len(self._pages) - 1:
            self._page += 1
        return self._show(now_ns, language)

    def forward(self, now_ns: int, language: str = "en") -> Card | CardDown:
        """The page after that which is in view; behind the newest, live again."""
        if now_ns >= self._until_ns or self._page == 0:
            return self.end()
        self._page -= 1
        return self._show(now_ns, language)

    def end(self) -> CardDown:
        """Live again."""
        self._until_ns = 0
        return CardDown(KEY)

    def _show(self, now_ns: int, language: str) -> Card:
        if not self._pages:
            return Card(KEY, (Line(_words(language)[2]),), ttl_s=NOTE_S)
        self._until_ns = now_ns + round(STANDS_S * NS)
        return page_card(self._pages, self._page, now_ns, language)


def pages(lines: Sequence[Past], size: float = 1.0) -> list[tuple[Past, ...]]:
    """The lines in pages, the newest page first, each in the order in which it was spoken; long lines are cut."""
    row, room = max(1, int(ROW_COLUMNS / size)), max(2, int(PAGE_ROWS / size))
    made: list[list[Past]] = []
    left = 0
    for part in (part for line in reversed(lines) for part in _parts(line, row, room)):
        rows = _rows(part, row)
        if rows > left:
            made.append([])
            left = room
        made[-1].insert(0, part)
        left -= rows
    return [tuple(page) for page in made]


def page_card(made: Sequence[Sequence[Past]], n: int, now_ns: int, language: str = "en") -> Card:
    """The card of page ``n``: how long ago it began, its lines, and what a touch does."""
    ago, hint, _, _ = _words(language)
    seconds = max(0, round((now_ns - made[n][0].t_ns) / NS))
    count = f"  {n + 1}/{len(made)}" if len(made) > 1 else ""
    lines = [Line(ago.format(seconds) + count, "small")]
    for part in made[n]:
        lines += [Line(part.source, "small")] if part.source else []
        lines.append(Line(part.text))
    return Card(KEY, (*lines, Line(hint, "hint")), ttl_s=STANDS_S)


def paused_mark(language: str = "en") -> str:
    """What ``Caption.mark`` says while the captions are paused; ``language`` is that of the glasses' own words."""
    return _words(language)[3]


def _words(language: str) -> tuple[str, str, str, str]:
    return WORDS.get(language, WORDS["en"])


def _weight(line: Past) -> int:
    return len(line.text) + len(line.source)


def _parts(line: Past, row: int, room: int) -> Iterator[Past]:
    """The line in parts that a card shows whole (three rows of body), the last part first."""
    texts = cut(line.text, row * min(3, room) - row // 4)
    for number, text in reversed(list(enumerate(texts))):
        yield Past(text, line.t_ns, line.source if number == 0 and room > 2 else "")


def _rows(part: Past, row: int) -> int:
    return -(-columns(part.text) // row) + (1 if part.source else 0)
