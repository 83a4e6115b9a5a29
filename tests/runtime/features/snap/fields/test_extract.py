from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from models.base import TextBox, TextLine
from runtime.features.snap.fields.extract import extract
from runtime.features.snap.result import FIELD_NAMES, NOT_READ
from tests.runtime.features.snap.labels import PRICE_CARD, label, line

NUMBERS = st.floats(-1e4, 1e4)
POINTS = st.tuples(NUMBERS, NUMBERS)
WORDS = st.sampled_from(
    ["¥", "€3", ".98", "净含量", "250克", "EXP", "03/04/27", "起", "配料:", "Contains", "/kg", "5.8", "O"]
)
TEXTS = st.one_of(st.text(max_size=30), st.lists(WORDS, max_size=5).map(" ".join))
LINES = st.builds(
    TextLine,
    TEXTS,
    st.floats(0, 1),
    st.builds(TextBox, st.tuples(POINTS, POINTS, POINTS, POINTS), st.floats(0, 1)),
)


def test_a_whole_label() -> None:
    lines = [
        line("Morning Oat Drink", 10, 10, 50),
        line("€1,99", 10, 80, 70),
        line("1 l = 1,99 €", 10, 160, 14),
        line("Ingredients: water, oats 11 %", 10, 200, 16),
        line("Contains: oats", 10, 224, 16),
        line("1 l e", 10, 260, 20),
        line("BEST BEFORE 12 MAR 2027", 10, 300, 18),
    ]
    assert {name: field.value for name, field in extract(lines).items()} == {
        "name": "Morning Oat Drink",
        "price": 1.99,
        "currency": "EUR",
        "unit_price": "1.99/l",
        "net_content": "1 l",
        "best_before": "2027-03-12",
        "ingredients": "water, oats 11 %",
        "allergens": "Contains: oats",
    }


def test_the_order_of_lines_does_not_matter() -> None:
    assert extract(reversed(PRICE_CARD)) == extract(PRICE_CARD)


def test_nothing_gives_nothing() -> None:
    assert extract([]) == {}
    assert extract(label("   ", "\u200b")) == {}


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, max_size=8))
def test_whatever_an_engine_reads_each_field_has_its_crop(lines: list[TextLine]) -> None:
    for name, field in extract(lines).items():
        assert name in FIELD_NAMES
        assert field is not NOT_READ
        assert field.crop is not None
        assert min(field.crop) >= 0
