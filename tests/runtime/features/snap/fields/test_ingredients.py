from __future__ import annotations

import pytest

from models.base import TextBox, TextLine
from runtime.features.snap.fields.ingredients import MAX_LINES, read_ingredients
from runtime.features.snap.fields.text import see
from tests.runtime.features.snap.labels import label, line


def test_ingredients_go_on_over_lines_until_the_next_heading() -> None:
    lines = label(
        "Ingredients: water, oats 11 %, sun-", "flower oil, sea salt", "Best before 03 2027", "oats"
    )
    field = read_ingredients(see(lines))["ingredients"]
    assert field.value == "water, oats 11 %, sunflower oil, sea salt"
    assert field.crop is not None
    assert field.crop.h == 50, "the crop holds both lines and not the third"


def test_chinese_ingredients_and_allergens() -> None:
    fields = read_ingredients(
        see(label("配料：水、燕麦、白砂", "糖、食用盐", "致敏物质提示：含有麸质", "贮存条件：常温"))
    )
    assert fields["ingredients"].value == "水、燕麦、白砂糖、食用盐"
    assert fields["allergens"].value == "致敏物质提示:含有麸质"


def test_chinese_lists_go_on_and_the_line_it_shares_is_named() -> None:
    lines = label("配料:水、燕麦、", "食用盐、碳酸钙", "食用方法: 摇匀", "此生产线也加工花生、大豆制品")
    fields = read_ingredients(see(lines))
    assert fields["ingredients"].value == "水、燕麦、食用盐、碳酸钙"
    assert fields["may_contain"].value == "此生产线也加工花生、大豆制品"


def test_contains_and_may_contain_are_kept_apart() -> None:
    fields = read_ingredients(see(label("Contains: milk, soy.", "May contain traces of nuts.")))
    assert fields["allergens"].value == "Contains: milk, soy."
    assert fields["may_contain"].value == "May contain traces of nuts."
    assert "ingredients" not in fields


@pytest.mark.parametrize(
    "text",
    [
        "Contains caffeine",
        "contains no added sugar or milk",
        "不含牛奶",
        "Milk-free",
        "Allergens: see in bold",
        "Contains 10% juice",
    ],
)
def test_no_allergen_is_concluded_from_other_words(text: str) -> None:
    assert "allergens" not in read_ingredients(see(label(text)))


def test_an_ingredient_list_alone_declares_no_allergen() -> None:
    assert set(read_ingredients(see(label("Ingredients: milk, wheat flour")))) == {"ingredients"}


def test_the_weakest_line_counts() -> None:
    lines = [line("Contains: milk,", 10, 10), line("soy, egg", 10, 35, confidence=0.6)]
    assert read_ingredients(see(lines))["allergens"].certainty == "probable"


def test_another_column_is_not_part_of_it() -> None:
    lines = [line("Ingredients: water,", 10, 10), line("Nährwerte", 600, 30), line("sugar", 10, 36)]
    assert read_ingredients(see(lines))["ingredients"].value == "water, sugar"


def test_a_runaway_list_is_cut() -> None:
    lines = label("Ingredients: a", *["word"] * 40)
    assert str(read_ingredients(see(lines))["ingredients"].value).count("word") == MAX_LINES - 1


def test_declarations_in_the_middle_of_the_text_are_found() -> None:
    middle = "(D2, B12). Contains: oats. May contain"
    texts = ("Ingredients: Water, oats (11 %), salt, vitamins", middle, "traces of nuts.")
    fields = read_ingredients(see(label(*texts, "Shake well, contains air.")))
    assert {name: field.value for name, field in fields.items()} == {
        "ingredients": "Water, oats (11 %), salt, vitamins (D2, B12)",
        "allergens": "Contains: oats.",
        "may_contain": "May contain traces of nuts.",
    }
    assert fields["allergens"].text == middle, "the whole line it stands in is its crop"


def test_a_declaration_ends_with_its_sentence() -> None:
    fields = read_ingredients(see(label("Contains: milk.", "Mill Lane 5, Leeds")))
    assert fields["allergens"].value == "Contains: milk."


def test_another_section_in_the_same_line_ends_the_list() -> None:
    fields = read_ingredients(see(label("配料：绿茶、茉莉花。保质期：18个月。请避光保存。")))
    assert fields["ingredients"].value == "绿茶、茉莉花。"


def test_a_list_on_a_tilted_label_goes_on_below_its_left_edge() -> None:
    def tilted(text: str, *corners: int) -> TextLine:
        a, b, c, d = zip(corners[::2], corners[1::2], strict=True)
        return TextLine(text, 0.98, TextBox((a, b, c, d), 0.95))

    lines = [
        tilted("€7.44 / kg", 172, 669, 341, 662, 343, 707, 174, 715),
        tilted("Ingredients: oats, honey 9 %, sea", 167, 739, 1093, 645, 1097, 689, 172, 782),
        tilted("salt", 171, 781, 234, 778, 236, 816, 172, 819),
        tilted("Contains: oats. May contain nuts.", 173, 832, 777, 768, 781, 811, 178, 876),
    ]
    fields = read_ingredients(see(lines))
    assert fields["ingredients"].value == "oats, honey 9 %, sea salt"
    assert fields["allergens"].value == "Contains: oats."


def test_a_label_in_two_languages() -> None:
    lines = label(
        "配料 Ingredients: 生牛乳 raw milk", "致敏物 Allergens: 牛奶 milk", "2–6℃ 冷藏 Keep refrigerated"
    )
    fields = read_ingredients(see(lines))
    assert fields["ingredients"].value == "生牛乳 raw milk"
    assert fields["allergens"].value == "致敏物 Allergens: 牛奶 milk"
