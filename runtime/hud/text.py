"""Text → lines of placed glyphs: NFC, line breaking, bidi, font fallback, shaping by HarfBuzz.

What no font has is drawn as a box with its code point in it, never left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from runtime.hud.bidi import Run, is_right_to_left, levels, visual_runs
from runtime.hud.breaking import NOT_FIRST, NOT_LAST, clusters, is_wide, pieces
from runtime.hud.fonts import FontChain, is_invisible

TOFU_EM = 0.8  # width of the box that stands for a missing glyph
ELLIPSIS = "…"
LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
CONTROLS = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# Script → the language whose forms are asked for, where a font holds several.
LANGUAGES = {
    "Hani": "zh-Hans", "Hira": "ja", "Kana": "ja", "Hang": "ko", "Arab": "ar", "Hebr": "he", "Deva": "hi",
    "Thai": "th",
}  # fmt: skip


class Glyph(NamedTuple):
    """A glyph of font ``font`` (−1: a box for code point ``id``) at ``x``, ``y`` pixels from the pen.

    ``at`` is the character of the line that it stands for.
    """

    font: int
    id: int
    x: float
    y: float
    at: int


class TextLine(NamedTuple):
    """One line, ready to draw: glyphs from left to right, its advance width in pixels, its own text."""

    glyphs: tuple[Glyph, ...]
    width: float
    text: str
    right_to_left: bool

    def part(self, first: int, last: int) -> TextLine:
        """What stands for the characters ``first`` to before ``last``, in the place it has in the line."""
        return self._replace(glyphs=tuple(glyph for glyph in self.glyphs if first <= glyph.at < last))


class Span(NamedTuple):
    """Where a line lies in its paragraph, blanks at its end left out."""

    start: int
    end: int


class Typesetter:
    """Sets text with one chain of fonts; what it set lately it remembers."""

    def __init__(self, chain: FontChain | None = None) -> None:
        self.chain = chain or FontChain()
        self._set_line = lru_cache(maxsize=512)(self._shape_line)
        self._measure = lru_cache(maxsize=4096)(self._measure_piece)
        self._flows: dict[tuple[float, float], tuple[str, list[Span]]] = {}

    def paragraph(self, text: str, size: float, width: float, most: int | None = None) -> list[TextLine]:
        """``text`` at ``size`` pixels an em, broken to ``width`` pixels.

        Of more than ``most`` lines the first are kept, the last of them ending in an ellipsis.
        """
        lines: list[TextLine] = []
        for part in clean(text).split("\n"):
            lines += [self.set_span(part, span, size) for span in self._break(part, 0, size, width)]
        if most is None or len(lines) <= most:
            return lines
        return [*lines[: most - 1], self._shortened(lines[most - 1], size, width)]

    def flow(self, text: str, size: float, width: float) -> list[Span]:
        """The lines of one clean paragraph that grows at its end (captions); ``set_span`` sets them.

        Only the lines that a longer text can still change are broken again.
        """
        before, spans = self._flows.get((size, width), ("", []))
        kept = len(spans) - 1
        while kept > 0 and not text.startswith(before[: spans[kept].start]):
            kept -= 1
        spans = spans[: max(0, kept)]
        start = spans.pop().start if spans else 0  # a word that got shorter may go back to this line
        spans += self._break(text, start, size, width)
        if len(self._flows) > 8:
            self._flows.clear()
        self._flows[size, width] = (text, spans)
        return spans

    def extend(self, text: str, starts: Sequence[int], fixed: int, size: float, width: float) -> list[int]:
        """Where the lines of a clean paragraph begin that has grown at its end (captions).

        Those in ``starts`` stay, and so does every character before ``fixed`` in its line, even if the word that it
        belongs to has become longer than the room. A line has room for one more comma or full stop.
        """
        found = list(starts)
        at = max(fixed, found[-1])
        stands = pieces(
            text[found[-1] : at + 1]
        )  # and the first character behind it: may a line begin there?
        glued = found[-1] < at < len(text) and len(stands[-1]) > 1
        if at < len(text) and stands:
            stands[-1] = stands[-1][:-1]
        used = sum(self._measure(piece, size) for piece in stands)
        for piece in self._fitting(pieces(text[at:]), size, width):
            word = piece.rstrip()
            room = width - (0.0 if glued or not word else self._spare(word[-1], size))
            if word and at > found[-1] and used + self._measure(word, size) > room:
                found.append(at)
                used = 0.0
            used += self._measure(piece, size)
            at, glued = at + len(piece), False
        return found

    def set_span(self, paragraph: str, span: Span, size: float) -> TextLine:
        """One line of a clean paragraph."""
        direction = is_right_to_left(paragraph)
        depth = levels(paragraph, direction)
        own = None if depth is None else depth[span.start : span.end]
        return self._set_line(paragraph[span.start : span.end], own, size, direction)

    def set(self, text: str, size: float, right_to_left: bool) -> TextLine:
        """Clean text that stands alone, in the direction of what it belongs to."""
        return self._set_line(text, levels(text, right_to_left), size, right_to_left)

    def line(self, text: str, size: float) -> TextLine:
        """``text`` on one line, however long."""
        text = clean(text).replace("\n", " ")
        return self.set_span(text, Span(0, len(text)), size)

    def missing(self, text: str) -> list[str]:
        """The clusters of ``text`` that no font has."""
        found = [c for c in clusters(clean(text)) if not c.isspace() and self.chain.choose(c) is None]
        return [c for c in found if not all(is_invisible(part) for part in c)]

    def _break(self, text: str, start: int, size: float, width: float) -> list[Span]:
        """Greedy, from ``start``: as many pieces as fit; a longer piece is cut between clusters."""
        lines: list[Span] = []
        end, used = start, 0.0
        for piece in self._fitting(pieces(text[start:]), size, width):
            if end > start and used + self._measure(piece.rstrip(), size) > width:
                lines.append(_trimmed(text, start, end))
                start, used = end, 0.0
            end += len(piece)
            used += self._measure(piece, size)
        return [*lines, _trimmed(text, start, end)]

    def _spare(self, last: str, size: float) -> float:
        """Pixels that a mark behind ``last`` would take."""
        if last in NOT_FIRST:
            return 0.0
        return self._measure("。" if is_wide(last) else ".", size)

    def _fitting(self, parts: Sequence[str], size: float, width: float) -> list[str]:
        found: list[str] = []
        for part in parts:
            if self._measure(part.rstrip(), size) <= width:
                found.append(part)
            else:
                found += self._cut(part, size, width)
        return found

    def _cut(self, part: str, size: float, width: float) -> list[str]:
        found: list[str] = []
        row: list[str] = []
        for cluster in clusters(part):
            while row and self._measure("".join(row) + cluster, size) > width:
                kept = _last_break(row, cluster)
                found.append("".join(row[:kept]))
                row = row[kept:]
            row.append(cluster)
        return [*found, "".join(row)]

    def _shortened(self, line: TextLine, size: float, width: float) -> TextLine:
        parts = clusters(line.text)
        while parts and self._measure("".join(parts) + ELLIPSIS, size) > width:
            parts.pop()
        text = "".join(parts).rstrip() + ELLIPSIS
        return self._set_line(text, levels(text, line.right_to_left), size, line.right_to_left)

    def _measure_piece(self, text: str, size: float) -> float:
        direction = is_right_to_left(text)
        runs = visual_runs(text, levels(text, direction), direction)
        return sum(width for run in runs for _, width in self._shape(run, size))

    def _shape_line(self, text: str, depth: bytes | None, size: float, right_to_left: bool) -> TextLine:
        glyphs: list[Glyph] = []
        pen = 0.0
        for run in visual_runs(text, depth, right_to_left):
            for part, width in self._shape(run, size):
                glyphs += [Glyph(g.font, g.id, g.x + pen, g.y, g.at) for g in part]
                pen += width
        return TextLine(tuple(glyphs), pen, text, right_to_left)

    def _shape(self, run: Run, size: float) -> list[tuple[list[Glyph], float]]:
        """The parts of a run by font, from left to right: glyphs and advance of each."""
        parts: list[tuple[int | None, str, int]] = []
        at = run.start
        for cluster in self._drawable(run.text):
            font = self.chain.choose(cluster, parts[-1][0] if parts else None)
            if parts and font == parts[-1][0]:
                parts[-1] = (font, parts[-1][1] + cluster, parts[-1][2])
            else:
                parts.append((font, cluster, at))
            at += len(cluster)
        if run.right_to_left:
            parts.reverse()
        return [
            _boxes(text, size, at)
            if font is None
            else self._shape_part(font, text, size, run.right_to_left, at)
            for font, text, at in parts
        ]

    def _drawable(self, text: str) -> Iterator[str]:
        """Clusters; one that no font has whole comes apart, so that only what is missing becomes a box."""
        for cluster in clusters(text):
            if len(cluster) > 1 and self.chain.choose(cluster) is None:
                yield from cluster
            else:
                yield cluster

    def _shape_part(
        self, index: int, text: str, size: float, right_to_left: bool, at: int
    ) -> tuple[list[Glyph], float]:
        font = self.chain.fonts[index]
        scale = size / font.units_per_em
        glyphs: list[Glyph] = []
        pen = 0.0
        buffer = _buffer(text, right_to_left, font.shaper)
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            x = pen + position.x_offset * scale
            glyphs.append(Glyph(index, info.codepoint, x, -position.y_offset * scale, at + info.cluster))
            pen += position.x_advance * scale
        return glyphs, pen


def clean(text: str) -> str:
    """NFC (decomposed jamo and accents are put together), no control characters, one kind of line end."""
    text = unicodedata.normalize("NFC", LINE_ENDS.sub("\n", text).replace("\t", " "))
    return CONTROLS.sub("", text)


def _last_break(row: Sequence[str], following: str) -> int:
    """How many clusters of a row that is full may stay, so that the next line does not begin with a comma."""
    for kept in range(len(row), 0, -1):
        first = row[kept] if kept < len(row) else following
        if first[0] not in NOT_FIRST and row[kept - 1][-1] not in NOT_LAST:
            return kept
    return len(row)


def _trimmed(text: str, start: int, end: int) -> Span:
    return Span(start, start + len(text[start:end].rstrip()))


def _buffer(text: str, right_to_left: bool, shaper: Any) -> Any:
    import uharfbuzz

    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if right_to_left else "ltr"
    buffer.language = LANGUAGES.get(buffer.script, "und")  # else the process's locale would pick the forms
    uharfbuzz.shape(shaper, buffer)
    return buffer


def _boxes(text: str, size: float, at: int) -> tuple[list[Glyph], float]:
    visible = [(i, c) for i, c in enumerate(text) if not is_invisible(c)]
    step = size * TOFU_EM
    return [Glyph(-1, ord(c), n * step, 0.0, at + i) for n, (i, c) in enumerate(visible)], len(visible) * step
