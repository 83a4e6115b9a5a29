"""Glyphs and lines of text as little pictures of coverage 0…255, each rasterised once."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from runtime.hud.fonts import FontChain
from runtime.hud.text import TextLine

TOFU_DIGIT = 0.34  # size of the code point's digits in the box of a missing glyph


class Bitmap(NamedTuple):
    """``pixels`` uint8[h, w] of coverage; ``left``, ``top``: from the pen on the baseline to its corner."""

    pixels: NDArray[np.uint8]
    left: int
    top: int


EMPTY = Bitmap(np.zeros((0, 0), np.uint8), 0, 0)


class GlyphCache:
    """Rasterises glyphs of one chain of fonts by FreeType, unhinted; positions are whole pixels."""

    def __init__(self, chain: FontChain) -> None:
        self._chain = chain
        self.glyph = lru_cache(maxsize=4096)(self._glyph)
        self.line = lru_cache(maxsize=128)(self._line)

    def _glyph(self, font: int, glyph: int, size: float) -> Bitmap:
        if font < 0:
            return self._tofu(glyph, size)
        import freetype

        face = self._chain.fonts[font].raster
        face.set_char_size(round(size * 64))
        face.load_glyph(glyph, freetype.FT_LOAD_RENDER | freetype.FT_LOAD_NO_HINTING)
        slot = face.glyph
        bitmap = slot.bitmap
        if not bitmap.width or not bitmap.rows:
            return EMPTY
        raw = np.array(bitmap.buffer, dtype=np.uint8).reshape(bitmap.rows, bitmap.pitch)
        return Bitmap(raw[:, : bitmap.width].copy(), slot.bitmap_left, slot.bitmap_top)

    def _line(self, line: TextLine, size: float) -> Bitmap:
        """A whole line; ``top`` is counted upwards from its baseline."""
        placed = [
            (bitmap, round(g.x) + bitmap.left, round(g.y) - bitmap.top)
            for g in line.glyphs
            if (bitmap := self.glyph(g.font, g.id, size)) is not EMPTY
        ]
        return compose(placed)

    def _tofu(self, code: int, size: float) -> Bitmap:
        """A box with the code point in hexadecimal, two rows of digits."""
        width, height = round(size * 0.76), round(size * 0.8)
        box = np.zeros((height, width), np.uint8)
        box[[0, -1], :] = box[:, [0, -1]] = 255
        digits = f"{code:04X}" if code <= 0xFFFF else f"{code:06X}"
        columns, small = len(digits) // 2, size * TOFU_DIGIT
        placed = [(Bitmap(box, 0, 0), 0, -height)]
        for place, digit in enumerate(digits):
            row, column = divmod(place, columns)
            bitmap = self.glyph(0, self._chain.fonts[0].raster.get_char_index(digit), small)
            x = round((column + 0.5) * width / columns - bitmap.pixels.shape[1] / 2)
            baseline = round((row + 0.85) * height / 2) - height
            placed.append((bitmap, x, baseline - bitmap.top))
        return compose(placed)


def compose(placed: list[tuple[Bitmap, int, int]]) -> Bitmap:
    """Lay bitmaps at their corners (x right, y down from the pen) into one; the brighter pixel wins."""
    if not placed:
        return EMPTY
    left, top = min(x for _, x, _ in placed), min(y for _, _, y in placed)
    right = max(x + b.pixels.shape[1] for b, x, _ in placed)
    bottom = max(y + b.pixels.shape[0] for b, _, y in placed)
    pixels = np.zeros((bottom - top, right - left), np.uint8)
    for bitmap, x, y in placed:
        h, w = bitmap.pixels.shape
        part = pixels[y - top : y - top + h, x - left : x - left + w]
        np.maximum(part, bitmap.pixels, out=part)
    return Bitmap(pixels, left, -top)
