"""Which amount on a label is the price, which the old one, which the price per kilogram.

An amount counts when a currency, a 起 ("from") or a cue word stands with it; a bare number only when it is
by far the tallest text and has two decimals, and then it is no more than probable.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

import msgspec

from runtime.features.snap.fields.dates import blank
from runtime.features.snap.fields.money import WHOLE, Amount, Role, amounts, currency_of, role_of
from runtime.features.snap.fields.text import SURE, Seen, belongs, field, gap
from runtime.features.snap.result import Field

_SIGN = re.compile(r"[¥Y€$£₹₩]|EUR|USD|GBP|RMB|CNY|CHF", re.IGNORECASE)
_ENDS_WITH_SIGN = re.compile(r"([¥€$£₹₩])\s?$")
_SUFFIX = re.compile(r"(?:[元円€]|起|元起)?(?:\s?/\s?\d*\s?[A-Za-z\u4e00-\u9fff]{1,3})?", re.IGNORECASE)
_CENTS = re.compile(r"(?P<point>[.,])?(?P<cents>\d\d)(?P<rest>\s?[元€]?起?)")
_EURO_INTEGER = re.compile(r"(?P<sign>[¥Y€$£]\s?)?\d{1,5}[.,]?")

SAME_RANK = 0.75
"""A rival whose digits are at least this tall against the tallest makes the price uncertain."""


class Offer(msgspec.Struct, frozen=True):
    """An amount with the lines that show it, the height of its digits and what it is."""

    amount: Amount
    lines: tuple[Seen, ...]
    height: float
    role: Role
    cue: Seen | None
    sign_lines: tuple[Seen, ...]

    @property
    def weight(self) -> tuple[bool, float]:
        """What is marked or announced goes before a bare number, then the taller."""
        return self.amount.marked or self.role == "price", self.height

    @property
    def weak(self) -> bool:
        """A whole number may have lost its cents, or count something else where it bears no currency."""
        whole = self.amount.marked and (self.amount.currency in WHOLE or self.amount.start_price)
        return self.amount.doubt or not (self.amount.decimals or whole)

    def read(self, doubt: bool = False) -> Field:
        """The amount as a field."""
        read = field(self.amount.value, self.lines, doubt=doubt or self.weak, unit=self.amount.currency)
        return msgspec.structs.replace(read, qualifier="from" if self.amount.start_price else "")


def read_prices(lines: Sequence[Seen]) -> dict[str, Field]:
    """``price``, ``was_price``, ``unit_price`` and ``currency``, as far as they are there."""
    offers = _offers(lines)
    found: dict[str, Field] = {}
    units = [one for one in offers if one.amount.per and one.role in ("", "price")]
    if units:
        found["unit_price"] = _unit_price(units)
    wanted = [one for one in offers if not one.amount.per and one.role in ("", "price")]
    tallest_unit = max((one.height for one in units), default=0.0)
    price = _choose(wanted, median([line.height for line in lines]) if lines else 0, tallest_unit)
    if price is not None:
        found["price"] = price[1]
        if currency := price[0].amount.currency:
            found["currency"] = field(currency, price[0].sign_lines, doubt=price[0].amount.doubt)
    if was := _was(offers, price[0] if price else None):
        found["was_price"] = was
    return _in_order(found)


def _in_order(found: dict[str, Field]) -> dict[str, Field]:
    """A price above the one it replaces means that one was misread: both become probable."""
    price, was = found.get("price"), found.get("was_price")
    if price and was:
        rest = tuple(one for one in price.others if one.value != was.value)
        found["price"] = msgspec.structs.replace(price, others=rest)
    if price and was and float(was.value or 0) <= float(price.value or 0):
        for name in ("price", "was_price"):
            found[name] = msgspec.structs.replace(found[name], certainty="probable")
    return found


def _offers(lines: Sequence[Seen]) -> list[Offer]:
    """Every amount in the picture with its cue; parts that the reader split are joined first."""
    context = " ".join(line.text for line in lines)
    cues = [
        (role, line) for line in lines if (role := role_of(line.text)) and not re.search(r"\d", line.text)
    ]
    offers: list[Offer] = []
    used: set[int] = set()
    for i, line in sorted(enumerate(lines), key=lambda one: -one[1].height):
        if i in used:
            continue
        parts, text = _join(i, lines, used)
        for amount in amounts(blank(text), context):
            role, cue = (amount.role, line) if amount.role else _cue(line, cues)
            sign_lines = tuple(parts)
            if cue and not amount.currency and (sign := _ENDS_WITH_SIGN.search(cue.text)):
                currency = currency_of(sign[1], context)
                amount = msgspec.structs.replace(amount, currency=currency, marked=True)
                sign_lines = (cue,)
            if amount.marked or role or amount.per or (amount.whole and amount.decimals):
                offers.append(Offer(amount, tuple(parts), line.height, role, cue, sign_lines))
    return offers


def _join(i: int, lines: Sequence[Seen], used: set[int]) -> tuple[list[Seen], str]:
    """A number with the sign before it, small cents after it and a suffix, where the reader split them."""
    line = lines[i]
    parts, text = [line], line.text
    if not re.search(r"\d", text):
        return parts, text
    for j, other in enumerate(lines):
        if j == i or j in used:
            continue
        across, down = gap(line.rect, other.rect)
        if down >= 0 or across > 0.6 * line.height:
            continue
        after = other.rect.x >= line.right - 0.35 * line.height
        if after and _EURO_INTEGER.fullmatch(text) and _are_cents(line, other):
            text = _with_cents(text, line, other)
        elif after and other.text and _SUFFIX.fullmatch(other.text):
            text = f"{text}{other.text}"
        elif other.right <= line.rect.x + 0.35 * line.height and _SIGN.fullmatch(other.text):
            text = f"{other.text}{text}"
        else:
            continue
        parts.append(other)
        used.add(j)
    return parts, text


def _with_cents(text: str, whole: Seen, other: Seen) -> str:
    """ "€3" and "98" → "€3.98"; where the boxes overlap and it fits the width better, the
    first cent was read twice.
    """
    cents = _CENTS.fullmatch(other.text)
    if cents is None:
        return text
    text = text.rstrip(".,")
    if whole.right > other.rect.x and len(text) > 2 and text[-1] == cents["cents"][0]:
        digit = other.rect.w / len(other.text) / other.height * whole.height
        if abs(whole.rect.w - digit * (len(text) - 1)) < abs(whole.rect.w - digit * len(text)):
            return f"{text[:-1]}.{cents['cents']}{cents['rest']}*"  # the star leaves a doubt
    return f"{text}.{cents['cents']}{cents['rest']}"


def _are_cents(whole: Seen, other: Seen) -> bool:
    """Two small digits at the shoulder of tall ones, or with a point of their own."""
    cents = _CENTS.fullmatch(other.text)
    if cents is None:
        return False
    small = 0.2 * whole.height <= other.height <= 0.8 * whole.height
    raised = other.rect.y + other.rect.h / 2 < whole.rect.y + 0.6 * whole.rect.h
    return (small and raised) or (bool(cents["point"]) and other.height <= 1.1 * whole.height)


def _cue(line: Seen, cues: Sequence[tuple[Role, Seen]]) -> tuple[Role, Seen | None]:
    """The nearest line without a number of its own that says what this amount is."""
    near = [(away, role, cue) for role, cue in cues if (away := belongs(cue, line)) is not None]
    return min(near, key=lambda one: one[0])[1:] if near else ("", None)


def _choose(offers: Sequence[Offer], usual_height: float, unit_height: float) -> tuple[Offer, Field] | None:
    """The tallest of the best-founded amounts; all others are listed, those of its rank make it probable.

    So does a price per measure that is printed larger: what is sold by weight may have no price of its own.
    """
    ranked = sorted(offers, key=lambda one: one.weight, reverse=True)
    if not ranked:
        return None
    top = ranked[0]
    founded = top.weight[0]
    if not founded and top.height < 1.5 * usual_height:
        return None
    rivals = [
        one
        for one in ranked[1:]
        if one.amount.value != top.amount.value
        and one.weight[0] == founded
        and one.height >= SAME_RANK * top.height
    ]
    if top.role != "price" and (cued := [one for one in rivals if one.role == "price"]):
        top, rivals = cued[0], [top, *(one for one in rivals if one is not cued[0])]
    doubt = not founded or any(one.role == top.role for one in rivals) or top.height < SAME_RANK * unit_height
    others = {one.amount.value: one.read(doubt=True) for one in rivals}
    for one in ranked:
        if one.weight[0] and one.amount.value != top.amount.value:
            others.setdefault(one.amount.value, one.read())
    return top, msgspec.structs.replace(top.read(doubt), others=tuple(others.values()))


def _was(offers: Sequence[Offer], price: Offer | None) -> Field | None:
    """The price crossed out: one a cue names, else the one higher amount in smaller print."""
    named = [one for one in offers if one.role == "was" and not one.amount.per]
    if not named and price is not None and price.role == "price":
        named = [
            one
            for one in offers
            if not one.role and not one.amount.per and one.amount.marked
            and one.amount.value > price.amount.value and one.height < SAME_RANK * price.height
        ]  # fmt: skip
        if len({one.amount.value for one in named}) != 1:
            return None
    if not named:
        return None
    first = max(named, key=lambda one: (one.height, -one.lines[0].rect.y, -one.lines[0].rect.x))
    rivals = tuple(one.read() for one in named if one.amount.value != first.amount.value)
    named_surely = first.cue is not None and first.role == "was" and first.cue.confidence >= SURE
    return msgspec.structs.replace(first.read(doubt=bool(rivals) or not named_surely), others=rivals)


def _unit_price(units: Sequence[Offer]) -> Field:
    """The tallest price per measure as "3.98/kg"."""
    first = max(units, key=lambda one: one.height)
    read = first.read()
    return msgspec.structs.replace(read, value=f"{first.amount.value:g}/{first.amount.per}")
