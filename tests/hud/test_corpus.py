"""Twelve scripts: every sentence has its glyphs, is shaped as its script wants, and is broken where it may be."""

from __future__ import annotations

import itertools
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from runtime.hud.breaking import NOT_FIRST, NOT_LAST, clusters
from runtime.hud.fonts import is_invisible
from runtime.hud.glyphs import EMPTY, GlyphCache
from runtime.hud.text import TextLine, Typesetter, clean

SCRIPTS: dict[str, Any] = {
    row["name"]: row
    for row in tomllib.loads(Path(__file__).with_name("corpus.toml").read_text(encoding="utf-8"))["script"]
}
LINES = [(name, line) for name, row in SCRIPTS.items() for line in row["lines"]]
TYPE = Typesetter()
each_line = pytest.mark.parametrize(
    ("name", "text"), LINES, ids=[f"{n}{i}" for i, (n, _) in enumerate(LINES)]
)


def shaped(text: str) -> TextLine:
    return TYPE.line(text, 28)


def test_the_corpus_has_twelve_scripts() -> None:
    assert len(SCRIPTS) == 12
    assert all(len(row["lines"]) >= 2 for row in SCRIPTS.values())


@each_line
def test_no_glyph_is_missing_and_each_character_is_drawn(name: str, text: str) -> None:
    line = shaped(text)
    assert TYPE.missing(text) == []
    assert all(glyph.font >= 0 and glyph.id > 0 for glyph in line.glyphs), "0 is a font's own box"
    starts = [0]
    for cluster in clusters(line.text):
        starts.append(starts[-1] + len(cluster))
    stood_for = {g.at for g in line.glyphs}
    for start, end in itertools.pairwise(starts):
        # HarfBuzz counts a joiner and its neighbour as one.
        start -= 1 if start and is_invisible(line.text[start - 1]) else 0
        assert stood_for & set(range(start, end)), f"{line.text[start:end]!r} has no glyph"


@each_line
def test_every_visible_glyph_has_ink(name: str, text: str) -> None:
    cache, line = GlyphCache(TYPE.chain), shaped(text)
    for glyph in line.glyphs:
        if unicodedata.category(line.text[glyph.at])[0] in "LNPS":
            assert cache.glyph(glyph.font, glyph.id, 28.0) is not EMPTY


@each_line
@pytest.mark.parametrize("width", [120, 170, 333, 592])
def test_lines_fit_and_lose_nothing(name: str, text: str, width: int) -> None:
    lines = TYPE.paragraph(text, 28, width)
    assert "".join("".join(line.text for line in lines).split()) == "".join(clean(text).split())
    assert max(line.width for line in lines) <= width + 2, "kerning over a break is a hair at most"
    for before, after in itertools.pairwise(lines):
        assert after.text[0] not in NOT_FIRST
        assert before.text[-1] not in NOT_LAST
        assert not unicodedata.combining(after.text[0])
        assert clusters(before.text + after.text) == clusters(before.text) + clusters(after.text)


@pytest.mark.parametrize("name", ["latin", "greek", "cyrillic", "hangul", "arabic", "hebrew", "devanagari"])
def test_words_stay_whole(name: str) -> None:
    for text in SCRIPTS[name]["lines"]:
        words = clean(text).split()
        lines = TYPE.paragraph(text, 28, 250)
        assert [word for line in lines for word in line.text.split()] == words


@pytest.mark.parametrize("name", ["arabic", "hebrew"])
def test_right_to_left_lines_are_read_from_the_right(name: str) -> None:
    for text in SCRIPTS[name]["lines"]:
        line = shaped(text)
        assert line.right_to_left
        letters = [g for g in line.glyphs if unicodedata.bidirectional(line.text[g.at]) in ("R", "AL")]
        assert [g.at for g in letters] == sorted((g.at for g in letters), reverse=True)


@pytest.mark.parametrize("name", ["arabic", "hebrew"])
def test_words_stand_in_the_order_they_are_seen(name: str) -> None:
    order = SCRIPTS[name]["order"]
    line = shaped(order["text"])
    seen = [(min(g.x for g in line.glyphs if start <= g.at < start + len(word)), word)
            for word in order["seen"] for start in [order["text"].index(word)]]  # fmt: skip
    assert [word for _, word in sorted(seen)] == order["seen"]


def test_numbers_run_left_to_right_inside_right_to_left_text() -> None:
    line = shaped("מחיר 12.90")
    digits = sorted((g.x, line.text[g.at]) for g in line.glyphs if line.text[g.at] in "0129.")
    assert "".join(character for _, character in digits) == "12.90"


def test_brackets_turn_round_in_right_to_left_text() -> None:
    opens, closes = (shaped(bracket).glyphs[0].id for bracket in "()")
    line = shaped("(טרי)")
    drawn = [g.id for g in line.glyphs if g.font == 0]
    assert drawn == [opens, closes], "from left to right, as they are seen"
    assert next(g.at for g in line.glyphs if g.font == 0) == 4, "the one on the left is the one that closes"


def test_arabic_letters_join() -> None:
    """Beh has four forms: alone, first, in the middle, last."""
    alone = {g.id for g in shaped("ب").glyphs}
    joined = [g.id for g in shaped("ببب").glyphs if g.id not in alone]
    assert len(joined) >= 3 and len(set(joined)) >= 3


def test_lam_alef_is_one_ligature() -> None:
    separate = len(shaped("ل ا").glyphs) - 1
    assert len(shaped("لا").glyphs) <= separate
    assert {g.id for g in shaped("لا").glyphs} != {g.id for g in shaped("ل ا").glyphs}


def test_a_zero_width_non_joiner_keeps_persian_letters_apart() -> None:
    parted, joined = shaped("می\u200cخواهم"), shaped("میخواهم")
    assert parted.width != joined.width
    assert len({g.id for g in parted.glyphs} - {g.id for g in joined.glyphs}) >= 1


def test_devanagari_reorders_and_makes_conjuncts() -> None:
    ki = shaped("कि").glyphs
    assert ki[0].id != shaped("क").glyphs[0].id, "the vowel sign stands before its consonant"
    assert len(shaped("क्ष").glyphs) == 1, "ka + virama + ssa is one sign"
    assert shaped("क्ष").width < shaped("कष").width


def test_thai_marks_stack_over_their_consonant() -> None:
    width = shaped("น").width
    assert shaped("น้").width == width, "a tone mark takes no room of its own"
    tall = shaped("ปี่").glyphs
    assert len(tall) == 3 and tall[2].x <= shaped("ป").width


def test_hangul_syllables_are_put_together() -> None:
    jamo = unicodedata.normalize("NFD", "한글")
    assert len(jamo) == 6
    assert shaped(jamo) == shaped("한글")
    assert len(shaped(jamo).glyphs) == 2


def test_accents_come_composed() -> None:
    assert shaped("Cre\u0300me") == shaped("Crème")
    assert len(shaped("Cre\u0300me").glyphs) == 5


def test_the_same_text_is_shaped_alike_whatever_the_locale() -> None:
    """Serbian and Turkish forms come only when asked for: the language is set, not guessed."""
    import uharfbuzz

    font = TYPE.chain.fonts[0]
    buffer = uharfbuzz.Buffer()
    buffer.add_str("б")
    buffer.guess_segment_properties()
    buffer.language = "und"
    uharfbuzz.shape(font.shaper, buffer)
    assert [info.codepoint for info in buffer.glyph_infos] == [g.id for g in shaped("б").glyphs]
