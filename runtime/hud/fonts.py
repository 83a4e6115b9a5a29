"""The HUD's fonts: opened when first needed, asked what they cover, tried in a fixed order."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("fonts")
# In the order they are tried: the CJK fonts hold Latin punctuation too, so they come after it.
FILES = (
    "latin.ttf", "cjk.otf", "arabic.ttf", "hebrew.ttf", "devanagari.ttf", "thai.ttf", "hangul.otf",
    "cjk-traditional.otf", "cjk-rare.otf",
)  # fmt: skip


class Font:
    """One file, for HarfBuzz (shaping) and FreeType (rasterising)."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self._path = path

    @cached_property
    def coverage(self) -> frozenset[int]:
        """The code points it has."""
        return frozenset(self.face.unicodes)

    @cached_property
    def face(self) -> Any:
        """HarfBuzz's face over the mapped file."""
        import uharfbuzz

        return uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(self._path)))

    @cached_property
    def shaper(self) -> Any:
        """HarfBuzz's font at 1/64 of a font unit per unit: positions come in font units."""
        import uharfbuzz

        return uharfbuzz.Font(self.face)

    @cached_property
    def units_per_em(self) -> int:
        """Font units in one em."""
        return int(self.face.upem)

    @cached_property
    def raster(self) -> Any:
        """FreeType's face."""
        import freetype

        return freetype.Face(str(self._path))


class FontChain:
    """Fonts in the order they are tried."""

    def __init__(self, fonts: Sequence[Font] | None = None) -> None:
        self.fonts = tuple(fonts or (Font(FOLDER / name) for name in FILES))
        self._choice: dict[str, int | None] = {}

    def choose(self, cluster: str, before: int | None = None) -> int | None:
        """The index of a font that has every character of ``cluster``, the one used ``before`` if it can.

        None when no font has it.
        """
        if before is not None and before != self._choice.get(cluster, -1) and self._covers(before, cluster):
            return before
        if cluster not in self._choice:
            covering = (i for i in range(len(self.fonts)) if self._covers(i, cluster))
            self._choice[cluster] = next(covering, None)
        return self._choice[cluster]

    def _covers(self, index: int, cluster: str) -> bool:
        coverage = self.fonts[index].coverage
        return all(ord(c) in coverage or is_invisible(c) for c in cluster)


def is_invisible(character: str) -> bool:
    """Whether a character steers its neighbours and draws nothing itself: joiners, marks of direction."""
    return unicodedata.category(character) == "Cf" or 0xFE00 <= ord(character) <= 0xFE0F
