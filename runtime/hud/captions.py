"""A caption as a block of lines that fills from its top, in which no settled word ever moves.

What makes it so: a line break that stood is kept; the block rolls up by whole lines, only when it is full, and never
back; a tail whose place a later word could still change is not settled yet (Unicode's bidi turns a run of the other
direction around as it grows), and is dim until it is; what follows a settled word is shaped and turned apart from it
where either would reach across. Each line leaves room for the comma that may come behind its last word.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from runtime.hud.bidi import is_right_to_left, needs_reordering
from runtime.hud.breaking import is_wide, may_follow_unspaced
from runtime.hud.text import Glyph, Span, TextLine, Typesetter, clean

Tone = Literal["settled", "tentative", "untranslated", "tag"]
TAG = re.compile(r"\[[a-z]{2,3}\] ")  # what could not be translated begins with its language
NEUTRAL = ("ON", "WS", "S", "B", "CS", "ES", "NSM", "BN")
STRAIGHT = ("L", "EN", "ET", *NEUTRAL)  # keeps to the left behind words that run to the right


class Row(NamedTuple):
    """A line of the block in its ``slot``, 0 at the top: parts of one tone each.

    Their glyphs count from where reading begins: the left edge, or (x below 0) the right one.
    """

    slot: int
    parts: tuple[tuple[TextLine, Tone], ...]


class _Paragraph:
    """Words without a line feed: where their lines begin, and how far nothing moves any more."""

    def __init__(self) -> None:
        self.text, self.shown = "", ""  # committed; with what is tentative
        self.right_to_left = False
        self.starts = [0]  # of the lines that are shown
        self.settled = 0
        self.seams: list[int] = []  # nothing on one side is shaped or turned together with the other
        self.closed = False

    @property
    def tag(self) -> int:
        """The length of the mark of what could not be translated."""
        found = TAG.match(self.shown)
        return found.end() if found else 0

    @property
    def lines(self) -> list[Span]:
        """Where the lines lie, blanks at their ends left out."""
        ends = [*self.starts[1:], len(self.shown)]
        return [
            Span(start, start + len(self.shown[start:end].rstrip()))
            for start, end in zip(self.starts, ends, strict=True)
        ]


class CaptionBlock:
    """The words of one caption after another, as they grow; one block for each place that shows them."""

    def __init__(self, typesetter: Typesetter) -> None:
        self._type = typesetter
        self._set = lru_cache(maxsize=64)(self._set_parts)
        self._form: tuple[float, float, int] = (0.0, 0.0, 0)
        self.forget()

    def forget(self) -> None:
        """The next caption begins a block of its own."""
        self._paragraphs: list[_Paragraph] = []
        self._first = 0  # the line in the top slot

    def rows(self, committed: str, tentative: str, size: float, width: float, most: int) -> list[Row]:
        """At most ``most`` lines, the newest, of ``width`` pixels at ``size`` pixels an em."""
        if self._form != (size, width, most):
            self.forget()
            self._form = (size, width, most)
        told = paragraphs(committed)
        self._follow(told)
        for number, (paragraph, text) in enumerate(zip(self._paragraphs, told, strict=True)):
            if not paragraph.closed:
                self._grow(paragraph, text, tentative if number == len(told) - 1 else None)
        lines = [(one, span) for one in self._paragraphs for span in one.lines if one.shown]
        self._first = max(self._first, len(lines) - most)
        top = max(0, self._first)
        shown = lines[top : self._first + most]
        return [self._row(slot, *line) for slot, line in enumerate(shown, top - self._first)]

    def _follow(self, told: Sequence[str]) -> None:
        """Find the paragraphs that are known among those told; the oldest may be gone."""
        known = self._paragraphs
        gone = next((n for n in range(len(known)) if _goes_on(known[n:], told)), None)
        if gone is None or not any(one.text for one in known):
            self.forget()
        else:
            self._first -= sum(len(one.starts) for one in known[:gone])
            self._paragraphs = known[gone:]
        self._paragraphs += [_Paragraph() for _ in range(len(told) - len(self._paragraphs))]

    def _grow(self, one: _Paragraph, text: str, tentative: str | None) -> None:
        """Take up what is committed now and what may come behind it; None: nothing will."""
        size, width, _ = self._form
        if one.seams[-1:] != [one.settled] and _shapes_across(text, one.settled, one.right_to_left):
            one.seams.append(one.settled)
        one.text, one.closed = text, tentative is None
        one.shown = joined(text, tentative or "")
        if not one.settled:
            one.right_to_left = is_right_to_left(one.shown[one.tag :])
        kept = [start for start in one.starts if start < one.settled] or [0]
        one.starts = self._type.extend(one.shown, kept, one.settled, size, width)
        one.settled = len(text) if one.closed else max(one.settled, settled(text, one.right_to_left))

    def _row(self, slot: int, one: _Paragraph, span: Span) -> Row:
        line = self._line(one, span)
        good: Tone = "untranslated" if one.tag else "settled"
        cuts: tuple[tuple[int, Tone], ...] = (
            (one.tag, "tag"),
            (one.settled, good),
            (len(one.shown), "tentative"),
        )
        parts: list[tuple[TextLine, Tone]] = []
        at = 0
        for end, tone in cuts:
            upto = min(max(end - span.start, at), span.end - span.start)
            if upto > at:
                whole = at == 0 and upto == span.end - span.start
                parts.append((line if whole else line.part(at, upto), tone))
            at = max(at, upto)
        return Row(slot, tuple(parts))

    def _line(self, one: _Paragraph, span: Span) -> TextLine:
        """One line, put together of what is shaped apart."""
        text, last = one.shown, one.settled
        seams = [seam for seam in one.seams if span.start < seam < span.end]
        if span.start < last < span.end and last not in seams:
            seams += [last] if _shapes_across(text, last, one.right_to_left) else []
        parts = tuple(text[a:b] for a, b in itertools.pairwise([span.start, *seams, span.end]))
        return self._set(parts, self._form[0], one.right_to_left)

    def _set_parts(self, parts: tuple[str, ...], size: float, right_to_left: bool) -> TextLine:
        if len(parts) == 1 and not right_to_left:
            return self._type.set(parts[0], size, False)
        glyphs: list[Glyph] = []
        pen, at = 0.0, 0
        for text in parts:
            part = self._type.set(text, size, right_to_left)
            glyphs += _moved(part.glyphs, -pen - part.width if right_to_left else pen, at)
            pen, at = pen + part.width, at + len(text)
        return TextLine(tuple(glyphs), pen, "".join(parts), right_to_left)


def paragraphs(committed: str) -> list[str]:
    """What is committed, cleaned, by its line feeds; the last may be empty, for it has only begun."""
    *whole, last = (part.strip() for part in clean(committed).split("\n"))
    return [part for part in whole if part] + [last]


def joined(committed: str, tentative: str) -> str:
    """A paragraph and what may come behind it, with a blank between where words have one."""
    more = clean(tentative).replace("\n", " ").rstrip()
    words = more.lstrip()
    if not committed or not words:
        return committed + words
    apart = more[0].isspace() or not may_follow_unspaced(committed[-1], words[0])
    return committed + (" " if apart else "") + words


def settled(text: str, right_to_left: bool) -> int:
    """How many characters of ``text`` keep their place whatever comes behind it (UAX #9).

    >>> settled("milk שלום", False), settled("milk שלום and", False), settled("שלום 12", True)
    (5, 13, 5)
    """
    if not right_to_left and not needs_reordering(text):
        return len(text)
    own, easy = (("R", "AL"), NEUTRAL) if right_to_left else (("L",), STRAIGHT)
    found = 0
    for at, character in enumerate(text):
        kind = unicodedata.bidirectional(character)
        if kind in own or (found == at and kind in easy):
            found = at + 1
    return found


def _goes_on(known: Sequence[_Paragraph], told: Sequence[str]) -> bool:
    """Whether ``told`` is what is known, grown at its end."""
    *whole, last = known
    return (
        len(told) >= len(known)
        and all(one.text == text for one, text in zip(whole, told, strict=False))
        and told[len(whole)].startswith(last.text)
    )


def _shapes_across(text: str, at: int, right_to_left: bool) -> bool:
    """Whether a font or the bidi rules could move what stands before ``at`` for the sake of what is behind."""
    if not 0 < at < len(text):
        return False
    if right_to_left or needs_reordering(text):
        return True
    return not (text[at].isspace() or text[at - 1].isspace() or is_wide(text[at]) or is_wide(text[at - 1]))


def _moved(glyphs: Sequence[Glyph], left: float, at: int) -> Iterator[Glyph]:
    """Glyphs as part of a longer line, on a grid that the sums' rounding does not shake."""
    for glyph in glyphs:
        yield glyph._replace(x=round((left + glyph.x) * 64) / 64, at=at + glyph.at)
