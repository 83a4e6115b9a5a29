"""What the wearer sees of a snap: the answer first, then ingredients and allergens, all prices, the raw text.

Nothing is shown as read that was not: what is less than sure bears a "?" and is drawn dim, what is missing
is said, and what the catalogue says is marked as the catalogue's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from runtime.core.messages import Card, Certainty, Line
from runtime.features.snap.catalogue import Product
from runtime.features.snap.fields.money import number
from runtime.features.snap.fields.text import normalise
from runtime.features.snap.result import NOT_READ, Field, SnapResult

KEY = "snap"
TTL_S = 60.0
NOTE_TTL_S = 8.0

COLUMNS = 80
"""Half-width columns of running text a line of a card holds without being cut (the HUD wraps it)."""

PAGE_LINES = {"body": 3, "small": 6}
"""How many such lines a page holds under its title on a panel 480 high."""

_SYMBOLS = {
    "CNY": "¥",
    "JPY": "¥",
    "EUR": "€",
    "GBP": "£",
    "USD": "US$",
    "INR": "₹",
    "KRW": "₩",
    "$": "$",
    "¥": "¥",
}
_MISSED = (("price", "price"), ("best_before", "date"), ("allergens", "allergens"))


def note(text: str, *more: str, ttl_s: float | None = NOTE_TTL_S) -> Card:
    """A short card that says one thing."""
    return Card(KEY, (Line(text), *(Line(line, "small") for line in more)), ttl_s=ttl_s)


def build_cards(result: SnapResult, product: Product | None, catalogue_note: str = "") -> tuple[Card, ...]:
    """The cards of a snap, at least one; ``catalogue_note`` says why no product could be looked up.

    >>> build_cards(SnapResult(), None)[0].lines[0].text
    'Nothing read'
    """
    if result.empty:
        return (note("Nothing read", *(trouble.text for trouble in result.troubles)),)
    pages = [
        _answer(result, product, catalogue_note),
        *_ingredients(result, product),
        *_prices(result),
        *_raw(result),
    ]
    return tuple(_numbered(page, i + 1, len(pages)) for i, page in enumerate(pages))


def with_answer(card: Card, words: str) -> Card:
    """The card with the model's words below, marked as its own; what was read stays untouched."""
    said = (Line("The model says (not read):", "small", "probable"), Line(words, "model", "probable"))
    return Card(card.key, card.lines + said, card.icon, None, card.ttl_s, card.priority)


def with_note(card: Card, text: str) -> Card:
    """The card with one more small line."""
    return Card(card.key, (*card.lines, Line(text, "small")), card.icon, None, card.ttl_s, card.priority)


def marked(text: str, certainty: Certainty) -> str:
    """The text, with a question mark when it is less than sure."""
    return text if certainty == "sure" else f"{text} ?"


def price_text(field: Field) -> str:
    """A price as it was printed, with its currency's sign: "€3.98", "from ¥5.8"."""
    printed = re.findall(r"\d[\d.,' ]*\d|\d", normalise(field.text))
    digits = next((text for text in printed if number(text) == field.value), f"{field.value:g}")
    sign = _SYMBOLS.get(field.unit)
    amount = f"{sign}{digits}" if sign else f"{digits} {field.unit}".strip()
    return f"{field.qualifier} {amount}".strip()


def _line(text: str, field: Field, style: str = "body") -> Line:
    return Line(marked(text, field.certainty), style, field.certainty)  # type: ignore[arg-type]


def _answer(result: SnapResult, product: Product | None, catalogue_note: str) -> list[Line]:
    """Name, price, date and size, what could not be read, and the code: as few lines as they take."""
    lines = [_title(result, product)]
    price = result.field("price")
    if price is not NOT_READ:
        lines.append(_line(price_text(price), price, "value"))
    was, unit = result.field("was_price"), result.field("unit_price")
    lines += _joined((lambda field: f"was {price_text(field)}", was), (_unit_text, unit))
    lines += _dates_and_size(result, product)
    missing = [word for name, word in _MISSED if result.field(name) is NOT_READ]
    if result.lines and missing:
        lines.append(Line(f"Not read: {', '.join(missing)}", "small", "not read"))
    lines.append(_code_line(result, product, catalogue_note))
    return lines + [Line(trouble.text, "small", "not read") for trouble in result.troubles]


def _joined(*parts: tuple[Callable[[Field], str], Field]) -> list[Line]:
    """What was read of these as one line, each part with its own mark; the least certain dims it."""
    read = [(say(field), field) for say, field in parts if field is not NOT_READ]
    if not read:
        return []
    sure = all(field.certainty == "sure" for _, field in read)
    text = " · ".join(marked(text, field.certainty) for text, field in read)
    return [Line(text, "body", "sure" if sure else "probable")]


def _title(result: SnapResult, product: Product | None) -> Line:
    """The catalogue's name for a sure code, else what the label says."""
    name = result.field("name")
    known = ", ".join(part for part in (product.name, product.brand) if part) if product else ""
    if known and result.products[0].certainty == "sure":
        return Line(known, "title")
    if name is not NOT_READ:
        return _line(str(name.value), name, "title")
    return Line(
        marked(known, "probable") if known else "Name not read", "title", "probable" if known else "not read"
    )


def _dates_and_size(result: SnapResult, product: Product | None) -> Iterable[Line]:
    best, made, shelf, date, size = (
        result.field(name) for name in ("best_before", "produced", "shelf_life", "date", "net_content")
    )
    yield from _joined((lambda field: f"Best before {field.value}", best))
    yield from _joined(
        (lambda field: f"Made {field.value}", made),
        (lambda field: f"Keeps {field.value}", shelf),
        (lambda field: f"Date {field.value}", date),
        (lambda field: str(field.value), size),
    )
    if size is NOT_READ and product and product.quantity:
        yield Line(f"{product.quantity} (catalogue)", "small")


def _unit_text(field: Field) -> str:
    amount, _, per = str(field.value).partition("/")
    sign = _SYMBOLS.get(field.unit)
    return f"{sign}{amount}/{per}" if sign else f"{amount} {field.unit}/{per}".replace(" /", "/")


def _code_line(result: SnapResult, product: Product | None, catalogue_note: str) -> Line:
    if not result.products:
        return Line("No bar code read", "small", "not read")
    code = result.products[0]
    where = catalogue_note or ("" if product else "Not in the catalogue")
    text = " · ".join(part for part in (marked(code.gtin, code.certainty), where) if part)
    return Line(text, "small", code.certainty)


def _ingredients(result: SnapResult, product: Product | None) -> Iterable[list[Line]]:
    """Allergens before ingredients; the catalogue's where the label gave none, marked on each page."""
    allergens, traces, ingredients = (
        result.field(name) for name in ("allergens", "may_contain", "ingredients")
    )
    known = product or Product("", "")
    if any(field is not NOT_READ for field in (allergens, traces, ingredients)) or known.allergens:
        read = [_line(text, field) for field in (allergens, traces) for text in _chunks(field.value)]
        if allergens is NOT_READ:
            read.insert(0, Line("Not read on the label", "small", "not read"))
        yield from _pages("Allergens", read)
    if allergens is NOT_READ and known.allergens:
        yield from _pages(
            "Allergens: the catalogue's, not the label's",
            [Line(text, "body", "probable") for text in _chunks(known.allergens)],
        )
    if ingredients is not NOT_READ:
        yield from _pages("Ingredients", [_line(text, ingredients) for text in _chunks(ingredients.value)])
    elif known.ingredients:
        yield from _pages(
            "Ingredients: the catalogue's, not the label's",
            [Line(text, "body", "probable") for text in _chunks(known.ingredients)],
        )


def _prices(result: SnapResult) -> Iterable[list[Line]]:
    """All prices, when there is more to say than the first card did."""
    price, was = result.field("price"), result.field("was_price")
    others = [*price.others, *was.others]
    if others:
        read = [("", price), ("was ", was)]
        lines = [_line(f"{word}{price_text(field)}", field) for word, field in read if field is not NOT_READ]
        lines += [_line(f"also {price_text(field)}", field) for field in others]
        yield [Line("Prices on the label", "title"), *lines]


def _raw(result: SnapResult) -> Iterable[list[Line]]:
    other_codes = [f"{code.symbology}: {code.text}" for code in result.codes if not code.gtin]
    text = " · ".join([*other_codes, *(line.text for line in result.lines)])
    yield from _pages("Text as read", [Line(chunk, "small") for chunk in _chunks(text)])


def _pages(title: str, lines: Sequence[Line]) -> Iterable[list[Line]]:
    """The lines under their title, as many pages as they take."""
    step = PAGE_LINES[lines[-1].style] if lines else 1
    for start in range(0, len(lines), step):
        yield [Line(title, "title"), *lines[start : start + step]]


def _chunks(value: str | float | None) -> list[str]:
    """Running text in pieces that a card's line holds, cut at a blank where there is one near."""
    text, chunks = str(value or ""), list[str]()
    while text:
        cut = _fitting(text)
        blank = text.rfind(" ", cut // 2, cut) if cut < len(text) else -1
        cut = blank if blank > 0 else cut
        chunks.append(text[:cut].strip(" ·"))
        text = text[cut:].strip(" ·")
    return chunks


def _fitting(text: str) -> int:
    """How many characters fill a line; East Asian ones count double."""
    columns = 0
    for i, char in enumerate(text):
        columns += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if columns > COLUMNS:
            return i
    return len(text)


def _numbered(lines: Sequence[Line], page: int, of: int) -> Card:
    """The page as a card; where there are several, its number stands at the foot."""
    foot = (Line(f"{page}/{of}", "hint"),) if of > 1 else ()
    return Card(KEY, (*lines, *foot), ttl_s=TTL_S)
