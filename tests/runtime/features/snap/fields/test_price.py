from __future__ import annotations

from runtime.features.snap.fields.price import read_prices
from runtime.features.snap.fields.text import see
from runtime.features.snap.result import Field
from tests.runtime.features.snap.labels import PRICE_CARD, STREET_SIGN, label, line, stretched


def test_the_promotion_card_has_its_price_and_keeps_the_usual_one_apart() -> None:
    fields = read_prices(see(PRICE_CARD))
    price, was = fields["price"], fields["was_price"]
    assert (price.value, price.certainty, price.qualifier) == (5.8, "sure", "from")
    assert price.crop is not None
    assert price.crop.x <= 127
    assert price.crop.x + price.crop.w >= 223, "the crop holds the 起 too"
    assert (was.value, was.text, was.qualifier) == (10.0, "10.0起", "from")
    assert was.certainty == "probable", "its cue was half misread"


def test_house_numbers_on_a_street_sign_are_no_prices() -> None:
    assert read_prices(see(STREET_SIGN)) == {}


def test_a_currency_names_a_field_of_its_own() -> None:
    fields = read_prices(see(label("Oat drink", "£1.85")))
    assert fields["currency"].value == "GBP"
    assert fields["price"].unit == "GBP"


def test_split_digits_are_joined() -> None:
    lines = [line("€", 10, 40, 20), line("3", 30, 20, 80), line("98", 72, 20, 35)]
    price = read_prices(see(lines))["price"]
    assert (price.value, price.certainty, price.unit) == (3.98, "sure", "EUR")
    assert price.crop == (10, 20, 101, 80)


def test_cents_with_a_point_of_their_own_are_joined() -> None:
    lines = [line("¥12", 10, 20, 60), line(".90", 102, 45, 34), line("/盒", 168, 50, 24)]
    assert read_prices(see(lines))["price"].value == 12.9


def test_a_cent_that_was_read_twice_is_dropped_and_leaves_a_doubt() -> None:
    pound, cents = line("£18", 86, 279, 200), stretched(line("85", 358, 295, 92), 137)
    price = read_prices(see([stretched(pound, 292), cents]))["price"]
    assert (price.value, price.certainty) == (1.85, "probable")
    cents = stretched(line("85", 470, 295, 92), 137)
    price = read_prices(see([stretched(pound, 400), cents]))["price"]
    assert (price.value, price.certainty) == (18.85, "sure")


def test_a_price_that_may_have_lost_its_cents_is_probable() -> None:
    assert read_prices(see(label("$3")))["price"].certainty == "probable"
    assert read_prices(see(label("$3.50°")))["price"].certainty == "probable"
    assert read_prices(see(label("5.- €")))["price"].certainty == "sure"
    assert read_prices(see(label("¥3 牛奶")))["price"].certainty == "sure"


def test_two_digits_elsewhere_are_not_taken_for_cents() -> None:
    lines = [line("€3", 10, 20, 80), line("98", 400, 20, 35)]
    assert read_prices(see(lines))["price"].value == 3.0


def test_a_sign_or_suffix_of_its_own_belongs_to_its_number() -> None:
    lines = [line("现价", 10, 30, 20), line("12.5", 60, 10, 60), line("元", 195, 45, 22)]
    fields = read_prices(see(lines))
    assert (fields["price"].value, fields["price"].unit) == (12.5, "CNY")


def test_two_prices_of_equal_rank_are_probable_and_both_listed() -> None:
    lines = [line("£2.50", 10, 10, 40), line("£3.75", 300, 10, 40)]
    price = read_prices(see(lines))["price"]
    assert price.certainty == "probable"
    assert {price.value, *(other.value for other in price.others)} == {2.5, 3.75}


def test_the_cue_decides_between_equals() -> None:
    lines = [line("£2.50", 10, 10, 40), line("Now £3.75", 300, 10, 40)]
    price = read_prices(see(lines))["price"]
    assert (price.value, price.certainty) == (3.75, "sure")


def test_the_taller_price_wins_without_a_doubt() -> None:
    price = read_prices(see([line("£2.50", 10, 10, 80), line("£9.99", 10, 200, 20)]))["price"]
    assert (price.value, price.certainty) == (2.5, "sure")
    assert [(other.value, other.certainty) for other in price.others] == [(9.99, "sure")], (
        "listed all the same"
    )


def test_a_larger_price_by_weight_makes_another_one_probable() -> None:
    lines = [line("6.98", 10, 10, 90), line("元/斤", 220, 50, 30), line("会员价 5.98", 10, 120, 30)]
    fields = read_prices(see(lines))
    assert fields["unit_price"].value == "6.98/斤"
    assert (fields["price"].value, fields["price"].certainty) == (5.98, "probable")


def test_the_old_price_is_not_listed_twice() -> None:
    fields = read_prices(see([line("Now £2.50", 10, 10, 80), line("£9.99", 300, 200, 20)]))
    assert (fields["was_price"].value, fields["was_price"].certainty) == (9.99, "probable")
    assert fields["price"].others == ()


def test_was_and_now_are_told_apart() -> None:
    fields = read_prices(see(label("Was £3.00 Now £2.50")))
    assert fields["price"].value == 2.5
    assert fields["was_price"].value == 3.0


def test_a_unit_price_is_not_the_price() -> None:
    fields = read_prices(see([line("€1,99", 10, 10, 60), line("1 kg = 3,98 €", 10, 90, 15)]))
    assert fields["price"].value == 1.99
    assert fields["unit_price"].value == "3.98/kg"


def test_a_measure_on_its_own_line_makes_a_unit_price() -> None:
    fields = read_prices(see([line("¥12.5", 10, 10, 60), line("/500g", 200, 40, 24)]))
    assert "price" not in fields
    assert fields["unit_price"].value == "12.5/500g"


def test_savings_deposits_and_offers_are_no_price() -> None:
    assert "price" not in read_prices(see(label("Save £1.50", "zzgl. 0,25 € Pfand", "2 for £5", "立减5元")))


def test_a_bare_number_is_never_sure() -> None:
    lines = [*label("Oat drink", "organic", "no sugar added"), line("3.98", 10, 200, 60)]
    assert read_prices(see(lines))["price"].certainty == "probable"
    assert read_prices(see(label("Oat drink", "3.98"))) == {}, "not even tall: no price"


def test_a_weak_reading_is_probable_and_noise_is_left_out() -> None:
    def price(confidence: float) -> Field | None:
        return read_prices(see(label("£2.50", confidence=confidence))).get("price")

    weak = price(0.7)
    assert weak is not None
    assert weak.certainty == "probable"
    assert price(0.3) is None


def test_a_repaired_digit_is_probable() -> None:
    assert read_prices(see(label("£l.99")))["price"].certainty == "probable"


def test_a_date_is_not_money() -> None:
    assert read_prices(see(label("价格有效期 2026.03.01", "12.03.27"))) == {}


def test_a_whole_number_without_currency_is_probable() -> None:
    assert read_prices(see(label("现价 99")))["price"].certainty == "probable"
    assert read_prices(see(label("现价 99元")))["price"].certainty == "sure"


def test_a_price_above_the_old_one_makes_both_probable() -> None:
    fields = read_prices(see(label("Was £3.00 Now £8.50")))
    assert {field.certainty for name, field in fields.items() if "price" in name} == {"probable"}


def test_the_currency_may_end_the_cue() -> None:
    fields = read_prices(see([line("券后价¥", 10, 50, 14), line("5.8", 70, 20, 56)]))
    assert (fields["currency"].value, fields["price"].unit) == ("CNY", "CNY")
    assert fields["currency"].crop == (10, 50, 50, 14), "where the sign stands"
