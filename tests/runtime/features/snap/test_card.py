from __future__ import annotations

from drivers.base import Rect
from runtime.core.messages import Card, Certainty
from runtime.features.snap.card import COLUMNS, build_cards, price_text, with_answer
from runtime.features.snap.catalogue import Product
from runtime.features.snap.fields.extract import extract
from runtime.features.snap.result import Field, SnapResult, Trouble
from tests.runtime.features.snap.fakes import FakeCode
from tests.runtime.features.snap.labels import PRICE_CARD, label, line

OATS = Product("4006381333931", "Oat drink", "Mill", "1 l", "water, oats", "gluten", "test", 1)


def result(*texts: str, code: Certainty | None = "sure", confidence: float = 0.98) -> SnapResult:
    lines = tuple(label(*texts, confidence=confidence))
    codes = (FakeCode(certainty=code),) if code else ()
    return SnapResult(codes=codes, fields=extract(lines), lines=lines)


def texts(card: Card) -> list[str]:
    return [one.text for one in card.lines]


def all_text(cards: tuple[Card, ...]) -> str:
    return "\n".join(text for card in cards for text in texts(card))


def test_the_first_card_answers() -> None:
    lines = (
        line("Morning Oat", 10, 10, 50),
        line("€1,99", 10, 80, 70),
        line("1 l e", 10, 170),
        line("BB 2027-03-12", 10, 200),
    )
    first = build_cards(SnapResult((FakeCode(),), extract(lines), lines), OATS)[0]
    assert [(one.text, one.style) for one in first.lines] == [
        ("Oat drink, Mill", "title"),
        ("€1,99", "value"),
        ("Best before 2027-03-12", "body"),
        ("1 l", "body"),
        ("Not read: allergens", "small"),
        ("4006381333931", "small"),
        ("1/5", "hint"),
    ]


def test_the_promotion_card() -> None:
    lines = tuple(PRICE_CARD)
    first = build_cards(SnapResult((), extract(lines), lines), None)[0]
    assert texts(first)[:4] == ["Name not read", "from 5.8", "was from 10.0 ?", "Not read: date, allergens"]
    assert first.lines[1].style == "value"


def test_what_is_missing_is_said_and_never_filled_in() -> None:
    cards = build_cards(result("Morning Oat"), None)
    missing = next(one for one in cards[0].lines if "Not read" in one.text)
    assert missing.text == "Not read: price, date, allergens"
    assert missing.certainty == "not read"


def test_probable_values_are_marked() -> None:
    first = build_cards(result("£2.50", "EXP 03/04/2027", code="probable", confidence=0.7), None)[0]
    for start in ("£2.50", "Best before", "4006381333931"):
        shown = next(one for one in first.lines if one.text.startswith(start))
        assert " ?" in shown.text
        assert shown.certainty == "probable"


def test_an_unknown_product_says_so() -> None:
    assert "Not in the catalogue" in all_text(build_cards(result("Morning Oat"), None))
    assert "Not in the catalogue" not in all_text(build_cards(result("Morning Oat"), OATS))
    assert "No catalogue yet" in all_text(build_cards(result("Morning Oat"), None, "No catalogue yet"))


def test_the_catalogue_names_a_probable_code_only_with_a_mark() -> None:
    first = build_cards(result(code="probable"), OATS)[0]
    assert (first.lines[0].text, first.lines[0].certainty) == ("Oat drink, Mill ?", "probable")


def test_the_catalogues_allergens_are_never_shown_as_read() -> None:
    cards = build_cards(result("Morning Oat"), OATS)
    assert texts(cards[1])[:2] == ["Allergens", "Not read on the label"]
    assert texts(cards[2])[:2] == ["Allergens: the catalogue's, not the label's", "gluten"]
    assert cards[2].lines[1].certainty == "probable"
    assert texts(cards[3])[:2] == ["Ingredients: the catalogue's, not the label's", "water, oats"]


def test_the_labels_allergens_come_before_the_catalogues() -> None:
    shown = all_text(build_cards(result("Contains: oats", "May contain nuts"), OATS))
    assert "Contains: oats" in shown
    assert "May contain nuts" in shown
    assert "Allergens: the catalogue's" not in shown


def test_rival_prices_have_a_page() -> None:
    lines = (line("£2.50", 10, 10, 40), line("£3.75", 300, 10, 40))
    cards = build_cards(SnapResult((), extract(lines), lines), None)
    page = next(card for card in cards if card.lines[0].text == "Prices on the label")
    assert sorted(texts(page)[1:3]) == sorted(["£2.50 ?", "also £3.75 ?"])


def test_the_raw_text_is_there_to_the_last_word() -> None:
    words = [f"word{i}" for i in range(160)]
    cards = build_cards(result(" ".join(words)), None)
    pages = [card for card in cards if card.lines[0].text == "Text as read"]
    raw = " ".join(text for page in pages for text in texts(page)[1:-1]).split()
    assert raw == words
    assert len(pages) > 1
    assert max(len(one.text) for page in pages for one in page.lines) <= COLUMNS
    assert texts(cards[-1])[-1].endswith(f"{len(cards)}/{len(cards)}")


def test_nothing_read_says_why() -> None:
    (card,) = build_cards(SnapResult(troubles=(Trouble("picture", "It is too dark"),)), None)
    assert texts(card) == ["Nothing read", "It is too dark"]


def test_the_models_words_are_marked_and_what_was_read_stays() -> None:
    first = build_cards(result("£2.50"), None)[0]
    answered = with_answer(first, "An oat drink for £9")
    assert answered.lines[: len(first.lines)] == first.lines
    assert texts(answered)[-2:] == ["The model says (not read):", "An oat drink for £9"]
    assert answered.lines[-1].certainty == "probable"


def test_prices_are_printed_as_they_stood() -> None:
    def shown(text: str) -> str:
        return price_text(extract(label(text))["price"])

    assert shown("€3,98") == "€3,98"
    assert shown("¥12.50 牛奶") == "¥12.50"
    assert shown("19,90 zł") == "19,90 PLN"
    assert shown("£l.99") == "£1.99"


def test_a_code_that_names_no_product_is_only_text() -> None:
    link = FakeCode("", "QR Code", text="https://example.org")
    cards = build_cards(SnapResult(codes=(link,)), None)
    assert "No bar code read" in texts(cards[0])
    assert texts(cards[1]) == ["Text as read", "QR Code: https://example.org", "2/2"]


def test_a_sure_code_goes_before_a_probable_one() -> None:
    codes = (FakeCode("2000000000015", certainty="probable"), FakeCode())
    assert "4006381333931" in all_text(build_cards(SnapResult(codes), None))


def test_a_long_allergen_line_is_shown_to_its_end_with_every_page_named() -> None:
    allergens = "Contains: " + ", ".join(f"milk{i}" for i in range(60))
    field = Field(allergens, allergens, "sure", Rect(0, 0, 9, 9), 1.0)
    cards = build_cards(SnapResult((), {"allergens": field}, tuple(label("x"))), None)
    pages = [card for card in cards if card.lines[0].text == "Allergens"]
    assert " ".join(text for page in pages for text in texts(page)[1:-1]) == allergens
