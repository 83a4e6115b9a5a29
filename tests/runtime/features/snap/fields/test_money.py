from __future__ import annotations

import pytest

from runtime.features.snap.fields.money import amounts, currency_of, number, repair
from runtime.features.snap.fields.text import normalise


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("券后价￥5.8起", 5.8, "CNY"),
        ("€3,98", 3.98, "EUR"),
        ("3,98 €", 3.98, "EUR"),
        ("£1.20", 1.2, "GBP"),
        ("$2.99", 2.99, "$"),
        ("1.299,00 €", 1299.0, "EUR"),
        ("$1,299.00", 1299.0, "$"),
        ("CHF 5.-", 5.0, "CHF"),
        ("RMB 45", 45.0, "CNY"),
        ("99元", 99.0, "CNY"),
        ("¥12.50", 12.5, "¥"),
        ("１２．８０元", 12.8, "CNY"),
        ("19,90 zł", 19.9, "PLN"),
        ("Y12.5", 12.5, "¥"),
        ("税込 ¥1,080", 1080.0, "JPY"),
        ("99p", 0.99, "GBP"),
        ("49¢", 0.49, "$"),
        ("79 ct", 0.79, "EUR"),
    ],
)
def test_an_amount_is_read_with_its_currency(text: str, value: float, currency: str) -> None:
    (amount,) = amounts(normalise(text))
    assert (amount.value, amount.currency, amount.marked) == (value, currency, True)


@pytest.mark.parametrize(
    "text",
    [
        "-40℃深度防冻",
        "12:30",
        "250g",
        "20% off",
        "500 ml",
        "第3层",
        "2件",
        "8折",
        "A4",
        "v1.2.3",
        "12 kcal",
        "720p",
    ],
)
def test_other_numbers_are_no_money(text: str) -> None:
    assert not [amount for amount in amounts(normalise(text)) if amount.marked or amount.role]


@pytest.mark.parametrize(
    ("text", "value", "per"),
    [
        ("€3,98/kg", 3.98, "kg"),
        ("1 kg = 3,98 €", 3.98, "kg"),
        ("¥12.5/500g", 12.5, "500g"),
        ("单价: 12.5元/500g", 12.5, "500g"),
        ("(100 g = 0,79 €)", 0.79, "100g"),
        ("£1.20 per 100g", 1.2, "100g"),
        ("每500克 12.5元", 12.5, "500克"),
        ("€/kg 3,98", 3.98, "kg"),
        ("(18.5p/100ml)", 0.185, "100ml"),
        ("22.2¢ per oz", 0.222, "oz"),
    ],
)
def test_a_unit_price_knows_its_measure(text: str, value: float, per: str) -> None:
    (amount,) = amounts(normalise(text))
    assert (amount.value, amount.per) == (value, per)


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("Was £3.00 Now £2.50", ["was", "price"]),
        ("原价¥10 现价¥8", ["was", "price"]),
        ("statt 2,49 €", ["was"]),
        ("Save £1.50", ["saving"]),
        ("£1.50 off", ["saving"]),
        ("zzgl. 0,25 € Pfand", ["deposit"]),
        ("立减5元", ["saving"]),
    ],
)
def test_the_words_beside_say_what_it_is(text: str, roles: list[str]) -> None:
    assert [amount.role for amount in amounts(normalise(text))] == roles


def test_two_for_five_is_an_offer_not_the_price() -> None:
    assert [amount.role for amount in amounts("2 for $5") if amount.marked] == ["offer"]


def test_confused_letters_are_repaired_only_inside_numbers_and_leave_a_doubt() -> None:
    assert repair("£l.99") == ("£1.99", True)
    assert repair("1O.9") == ("10.9", True)
    assert repair("5OO ml") == ("500 ml", True)
    assert repair("12 Oz Oil l") == ("12 Oz Oil l", False)
    assert amounts("£l.99")[0].doubt
    assert not amounts("£1.99")[0].doubt


@pytest.mark.parametrize(
    ("text", "value"), [("1 299", 1299), ("1'299.50", 1299.5), ("0.79", 0.79), ("12", 12)]
)
def test_printed_numbers(text: str, value: float) -> None:
    assert number(text) == value


def test_a_sign_of_several_currencies_stays_a_sign() -> None:
    assert currency_of("$") == "$"
    assert currency_of("¥") == "¥"
    assert currency_of("¥", "おにぎり") == "JPY"
    assert currency_of("¥", "牛奶") == "CNY"
