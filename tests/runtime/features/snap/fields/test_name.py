from __future__ import annotations

from runtime.features.snap.fields.name import read_name
from runtime.features.snap.fields.text import see
from tests.runtime.features.snap.labels import PRICE_CARD, STREET_SIGN, label, line


def test_the_tallest_words_are_the_name() -> None:
    lines = [line("Morning Oat", 10, 10, 60), line("with sea salt", 10, 100, 20), line("£1.85", 10, 140, 70)]
    field = read_name(see(lines))["name"]
    assert (field.value, field.certainty) == ("Morning Oat", "sure")


def test_a_name_of_two_lines_is_joined() -> None:
    lines = [line("Morning", 10, 10, 60), line("Oat Drink", 10, 80, 58), line("with sea salt", 10, 180, 20)]
    assert read_name(see(lines))["name"].value == "Morning Oat Drink"


def test_a_rival_of_the_same_size_makes_it_probable() -> None:
    lines = [line("Morning Oat", 10, 10, 40), line("Browline Farm", 10, 300, 38)]
    assert read_name(see(lines))["name"].certainty == "probable"


def test_a_label_that_says_so_is_believed() -> None:
    lines = [line("清晨饮品", 10, 10, 60), line("品名: 燕麦奶", 10, 100, 20)]
    assert read_name(see(lines))["name"].value == "燕麦奶"


def test_slogans_prices_and_dates_are_no_name() -> None:
    assert read_name(see(label("SPECIAL OFFER", "£1.85", "2027-03-01", "Ingredients: water", "250 g"))) == {}


def test_a_card_of_slogans_has_no_name() -> None:
    assert read_name(see(PRICE_CARD)) == {}


def test_the_tallest_line_of_the_street_sign_is_its_title() -> None:
    assert read_name(see(STREET_SIGN))["name"].value == "愚园路"


def test_a_size_below_is_not_part_of_the_name() -> None:
    assert (
        read_name(see([line("Oat Drink", 10, 10, 40), line("1 Litre", 10, 55, 34)]))["name"].value
        == "Oat Drink"
    )


def test_two_characters_are_a_name() -> None:
    assert read_name(see([line("牛奶", 10, 10, 40), line("£1.99", 10, 70)]))["name"].value == "牛奶"


def test_numbers_and_small_print_are_no_sure_names() -> None:
    assert read_name(see(label("ISBN 978-0-441-01498-9", "9178044111014989ll"))) == {}
    assert read_name(see(label("Oat Drink", height=12)))["name"].certainty == "probable"
    assert read_name(see(label("Oat Drink", height=20)))["name"].certainty == "sure"


def test_a_second_print_that_was_read_better_is_believed() -> None:
    lines = [line("红枣蒸麦片", 10, 10, 60, 0.91), line("红枣燕麦片", 10, 300, 24, 0.99)]
    field = read_name(see(lines))["name"]
    assert (field.value, field.certainty) == ("红枣燕麦片", "sure")
    assert field.crop is not None
    assert field.crop.y >= 290, "the crop shows where it was read"


def test_a_second_print_of_something_else_changes_nothing() -> None:
    lines = [
        line("Oat Drink", 10, 10, 60, 0.9),
        line("Soya Rice", 10, 300, 24, 0.99),
        line("Oat Drink Vanilla", 10, 400, 24),
    ]
    assert read_name(see(lines))["name"].value == "Oat Drink"
