"""Text on a picture with the HUD's own fonts: a character goes to the first font that has it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

import freetype
from PIL import ImageDraw, ImageFont

import runtime.hud
from tools.scenes.product import Color

FONTS = Path(runtime.hud.__file__ or "").parent / "fonts"
FACES = ("latin.ttf", "cjk.otf", "cjk-rare.otf")


class MissingGlyphError(ValueError):
    """No font has a character of a label: add a font that has it, or choose another word."""


def write(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    text: str,
    size: int,
    color: Color,
    *,
    bold: bool = False,
) -> float:
    """Draw ``text`` with its baseline's left end ``at`` (x, y); returns where it ends. Raises MissingGlyphError."""
    x, y = at
    for face, run in _runs(text):
        font = _font(face, size)
        draw.text((x, y), run, color, font, anchor="ls", stroke_width=size // 26 if bold else 0)
        x += font.getlength(run)
    return x


def width(text: str, size: int) -> float:
    """How far ``text`` runs. Raises MissingGlyphError."""
    return sum(_font(face, size).getlength(run) for face, run in _runs(text))


def wrap(text: str, size: int, limit: float) -> list[str]:
    """Break ``text`` at spaces, or before any ideograph, so that each line fits ``limit``."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and width((line + piece).rstrip(), size) > limit:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str) -> Iterator[str]:
    word = ""
    for character in text:
        if character > "\u2e80" and character not in "，。、：；）":
            yield word
            word = ""
        word += character
        if character == " ":
            yield word
            word = ""
    yield word


def _runs(text: str) -> Iterator[tuple[str, str]]:
    for face, characters in groupby(text, _face_of):
        yield face, "".join(characters)


@cache
def _face_of(character: str) -> str:
    for face in FACES:
        if _face(face).get_char_index(character):
            return face
    raise MissingGlyphError(f"no font has {character!r}: add one to tools/scenes/pen.py or change the label")


@cache
def _face(name: str) -> freetype.Face:
    return freetype.Face(str(FONTS / name))


@cache
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    # The basic engine: a machine with libraqm must not draw other pictures than one without.
    return ImageFont.truetype(FONTS / face, size, layout_engine=ImageFont.Layout.BASIC)
