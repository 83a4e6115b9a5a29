"""Text → lines of placed glyphs: NFC, line breaking, bidi, font fallback, shaping by HarfBuzz.

What no font has is drawn as a box with its code point in it, never left out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from runtime.hud.bidi import Run, is_right_to_left, visual_runs
from runtime.hud.breaking import clusters, pieces
from runtime.hud.fonts import FontChain, is_invisible

TOFU_EM = 0.8  # width of the box that stands for a missing glyph
ELLIPSIS = "…"


class Glyph(NamedTuple):
    """A glyph of font ``font`` (−1: a box for code point ``id``) at ``x``, ``y`` pixels from the pen."""

    font: int
    id: int
    x: float
    y: float


class TextLine(NamedTuple):
    """One line, ready to draw: glyphs from left to right, its advance width in pixels, its own text."""

    glyphs: tuple[Glyph, ...]
    width: float
    text: str
    right_to_left: bool


class Typesetter:
    """Sets text with one chain of fonts; what it set lately it remembers."""

    def __init__(self, chain: FontChain | None = None) -> None:
        self.chain = chain or FontChain()
        self._set_line = lru_cache(maxsize=512)(self._shape_line)
        self._measure = lru_cache(maxsize=4096)(self._measure_piece)

    def paragraph(
        self, text: str, size: float, width: float, most: int | None = None, *, newest: bool = False
    ) -> list[TextLine]:
        """``text`` at ``size`` pixels an em, broken to ``width`` pixels.

        Of more than ``most`` lines the first are kept, the last of them ending in an ellipsis; with
        ``newest`` (captions) the last ones are kept whole.
        """
        lines: list[TextLine] = []
        for part in clean(text).split("\n"):
            direction = is_right_to_left(part)
            lines += [self._set_line(line, size, direction) for line in self._break(part, size, width)]
        if most is None or len(lines) <= most:
            return lines
        if newest:
            return lines[-most:]
        return [*lines[: most - 1], self._shortened(lines[most - 1], size, width)]

    def line(self, text: str, size: float) -> TextLine:
        """``text`` on one line, however long."""
        text = clean(text).replace("\n", " ")
        return self._set_line(text, size, is_right_to_left(text))

    def missing(self, text: str) -> list[str]:
        """The clusters of ``text`` that no font has."""
        found = [c for c in clusters(clean(text)) if not c.isspace() and self.chain.choose(c) is None]
        return [c for c in found if not all(is_invisible(part) for part in c)]

    def _break(self, text: str, size: float, width: float) -> list[str]:
        """Greedy: as many pieces as fit; one that is too long by itself is cut between clusters."""
        lines, line, used = [], "", 0.0
        for piece in self._fitting(pieces(text), size, width):
            advance = self._measure(piece, size)
            if line and used + self._measure(piece.rstrip(), size) > width:
                lines.append(line.rstrip())
                line, used = "", 0.0
                piece = piece.lstrip() or piece
            line, used = line + piece, used + advance
        return [*lines, line.rstrip()]

    def _fitting(self, parts: Sequence[str], size: float, width: float) -> list[str]:
        found: list[str] = []
        for part in parts:
            if self._measure(part.rstrip(), size) <= width:
                found.append(part)
            else:
                found += self._cut(part, size, width)
        return found

    def _cut(self, part: str, size: float, width: float) -> list[str]:
        cut, used = [""], 0.0
        for cluster in clusters(part):
            advance = self._measure(cluster, size)
            if cut[-1] and used + advance > width:
                cut.append("")
                used = 0.0
            cut[-1] += cluster
            used += advance
        return cut

    def _shortened(self, line: TextLine, size: float, width: float) -> TextLine:
        parts = clusters(line.text)
        while parts and self._measure("".join(parts) + ELLIPSIS, size) > width:
            parts.pop()
        return self._set_line("".join(parts).rstrip() + ELLIPSIS, size, line.right_to_left)

    def _measure_piece(self, text: str, size: float) -> float:
        return sum(width for _, width in self._shape(Run(text, False), size))

    def _shape_line(self, text: str, size: float, right_to_left: bool) -> TextLine:
        glyphs: list[Glyph] = []
        pen = 0.0
        for run in visual_runs(text, right_to_left):
            for part, width in self._shape(run, size):
                glyphs += [glyph._replace(x=glyph.x + pen) for glyph in part]
                pen += width
        return TextLine(tuple(glyphs), pen, text, right_to_left)

    def _shape(self, run: Run, size: float) -> list[tuple[list[Glyph], float]]:
        """The parts of a run by font, from left to right: glyphs and advance of each."""
        parts: list[tuple[int | None, str]] = []
        for cluster in clusters(run.text):
            font = self.chain.choose(cluster, parts[-1][0] if parts else None)
            if parts and font == parts[-1][0]:
                parts[-1] = (font, parts[-1][1] + cluster)
            else:
                parts.append((font, cluster))
        if run.right_to_left:
            parts.reverse()
        return [
            _boxes(text, size) if font is None else self._shape_part(font, text, size, run.right_to_left)
            for font, text in parts
        ]

    def _shape_part(
        self, index: int, text: str, size: float, right_to_left: bool
    ) -> tuple[list[Glyph], float]:
        font = self.chain.fonts[index]
        scale = size / font.units_per_em
        glyphs: list[Glyph] = []
        pen = 0.0
        buffer = _buffer(text, right_to_left, font.shaper)
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            x = pen + position.x_offset * scale
            glyphs.append(Glyph(index, info.codepoint, x, -position.y_offset * scale))
            pen += position.x_advance * scale
        return glyphs, pen


def clean(text: str) -> str:
    """NFC (decomposed jamo and accents are put together), no control characters, one kind of line end."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\t", " "))
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))


def _buffer(text: str, right_to_left: bool, shaper: Any) -> Any:
    import uharfbuzz

    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if right_to_left else "ltr"
    uharfbuzz.shape(shaper, buffer)
    return buffer


def _boxes(text: str, size: float) -> tuple[list[Glyph], float]:
    visible = [c for c in text if not is_invisible(c)]
    step = size * TOFU_EM
    return [Glyph(-1, ord(c), i * step, 0.0) for i, c in enumerate(visible)], len(visible) * step
