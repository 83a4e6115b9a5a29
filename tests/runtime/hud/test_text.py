from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.hud.fonts import Font, FontChain, is_invisible
from runtime.hud.text import Span, Typesetter, clean

TYPE = Typesetter()
WORDS = (
    "the ",
    "quick ",
    "brown ",
    "狐狸",
    "跳过了",
    "，",
    "milk ",
    "שלום ",
    "ที่นี่",
    "Donaudampfschifffahrtsgesellschaft ",
    "한국어 ",
)


def texts(text: str, width: float, most: int | None = None) -> list[str]:
    return [line.text for line in TYPE.paragraph(text, 28, width, most)]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40), st.floats(1, 700), st.sampled_from([12.0, 21.0, 28.0, 90.0]))
def test_any_text_is_set_whole(text: str, width: float, size: float) -> None:
    lines = TYPE.paragraph(text, size, width)
    assert "".join("".join(line.text for line in lines).split()) == "".join(clean(text).split())
    for line in lines:
        drawn = {g.at for g in line.glyphs}
        missing = [c for i, c in enumerate(line.text) if i not in drawn and not TYPE.chain.choose(c)]
        assert all(is_invisible(c) or TYPE.chain.choose(c) == 0 for c in missing)


def test_what_no_font_has_is_a_box_with_its_code_point() -> None:
    line = TYPE.line("a😀𒀀b", 28)
    assert [(g.font, g.id) for g in line.glyphs if g.font < 0] == [(-1, 0x1F600), (-1, 0x12000)]
    assert TYPE.missing("a😀𒀀b") == ["😀", "𒀀"]
    assert [line.text[g.at] for g in line.glyphs] == list("a😀𒀀b")


def test_only_what_is_missing_becomes_a_box() -> None:
    line = TYPE.line("a\u20dd", 28)
    assert [g.font >= 0 for g in line.glyphs] == [True, False], "the letter is drawn, its unknown mark boxed"


def test_control_characters_and_halves_of_pairs_are_left_out() -> None:
    assert clean("a\tb\x00\x1b[1mc\ud800\r\nd\u2028e\x7f") == "a b[1mc\nd\ne"


def test_of_too_many_lines_the_first_stay_and_an_ellipsis_tells() -> None:
    shown = texts("one two three four five six seven eight nine ten", 150, 2)
    assert len(shown) == 2
    assert shown[-1].endswith("…")
    assert TYPE.paragraph(" ".join(["word"] * 50), 28, 150, 2)[-1].width <= 150


def test_an_ellipsis_stands_on_the_left_of_right_to_left_text() -> None:
    line = TYPE.paragraph("שלום " * 40, 28, 200, 1)[0]
    assert line.text.endswith("…") and line.right_to_left
    assert min(line.glyphs, key=lambda g: g.x).at == len(line.text) - 1


def test_a_word_longer_than_the_line_is_cut_between_clusters() -> None:
    shown = texts("Donaudampfschifffahrtsgesellschaft", 150)
    assert len(shown) > 2
    assert "".join(shown) == "Donaudampfschifffahrtsgesellschaft"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=30), st.integers(0, 12), st.data())
def test_a_growing_caption_breaks_as_the_whole_text_would(
    words: list[str], back: int, data: st.DataObject
) -> None:
    """The broken lines are remembered while words are added, taken back and changed."""
    growing = Typesetter(TYPE.chain)
    text = ""
    for word in words:
        text = text[: len(text) - data.draw(st.integers(0, back))] + word
        assert growing.flow(text, 28, 200) == Typesetter(TYPE.chain).flow(text, 28, 200)


def test_words_once_shown_keep_their_place_while_a_caption_grows() -> None:
    text = "We walk on to the next shelf and then turn left to the milk and the bread and pay "
    before: list[Span] = []
    for end in range(1, len(text)):
        if text[end] != " ":
            continue
        spans = TYPE.flow(text[:end], 30, 300)
        assert spans[: len(before) - 1] == before[:-1]
        before = spans
    assert len(before) > 2


def test_a_part_of_a_line_keeps_its_place() -> None:
    line = TYPE.line("abc שלום", 28)
    first, second = line.part(0, 4), line.part(4, 8)
    assert sorted(first.glyphs + second.glyphs) == sorted(line.glyphs)
    assert {g.at for g in second.glyphs} == {4, 5, 6, 7}


def test_a_font_is_kept_while_it_can_be() -> None:
    """Chinese quotation marks come from the Chinese font, not from the Latin one tried first."""
    fonts = {line.text[g.at]: g.font for line in [TYPE.line("他说“好”", 28)] for g in line.glyphs}
    assert fonts["“"] == fonts["他"] == fonts["”"] != TYPE.chain.choose("“")


def test_no_font_is_read_before_it_is_needed() -> None:
    chain = FontChain()
    Typesetter(chain).line("Browline", 36)
    opened = [font.name for font in chain.fonts if "coverage" in vars(font)]
    assert opened == ["latin"]


def test_a_missing_font_file_is_an_error_that_names_it(tmp_path: pytest.TempPathFactory) -> None:
    path = FontChain().fonts[0]._path.with_name("gone.ttf")
    with pytest.raises(Exception, match="gone"):
        _ = Font(path).coverage
