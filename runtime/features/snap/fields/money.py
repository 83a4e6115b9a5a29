"""Amounts of money in one line of text: numbers as people print them, currency signs, unit prices."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from runtime.features.snap.fields import words

Role = Literal["price", "was", "saving", "deposit", "offer", ""]

_ISO = {
    "€": "EUR", "eur": "EUR", "£": "GBP", "gbp": "GBP", "us$": "USD", "usd": "USD", "hk$": "HKD",
    "nt$": "TWD", "a$": "AUD", "c$": "CAD", "s$": "SGD", "r$": "BRL", "rmb": "CNY", "cny": "CNY",
    "元": "CNY", "圆": "CNY", "円": "JPY", "jpy": "JPY", "₹": "INR", "rs": "INR", "rs.": "INR",
    "₩": "KRW", "원": "KRW", "₽": "RUB", "₫": "VND", "฿": "THB", "₺": "TRY", "zł": "PLN", "kč": "CZK",
    "chf": "CHF", "fr.": "CHF", "ft": "HUF",
}  # fmt: skip
"""Signs that mean one currency. "¥", "$" and "kr" mean several and stay as they are."""

_MINOR = {"p": "GBP", "¢": "$", "ct": "EUR"}
"""Hundredths, and whose they are."""

WHOLE = frozenset(("CNY", "JPY", "KRW", "VND", "TWD", "HUF", "INR", "THB", "RUB", "¥"))
"""Currencies whose prices often have no fraction; in others its absence may mean that it was not read."""

_SIGNS = r"US\$|HK\$|NT\$|[ACSR]\$|[¥€$£₹₩₽₫฿₺]|EUR|USD|GBP|CNY|RMB|JPY|CHF|Fr\.|Rs\.?|kr\.?"
_AFTER = rf"{_SIGNS}|[元圆円원¢]|zł|Kč|Ft|p|ct"
_NUMBER = (
    r"\d{1,3}(?:[ ']\d{3})+(?:[.,]\d{1,2})?|\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?"
    r"|\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?|\d{1,6}(?:[.,]\d{1,2})?"
)
_AMOUNT = re.compile(
    rf"(?<![A-Za-z\d./-])(?<!\d[.,:])(?P<pre>(?:{_SIGNS})\s?)?(?P<num>{_NUMBER})(?![\d:]|[.,-]\d)"
    rf"(?P<dash>[.,]?-{{1,2}}(?!\d))?(?P<post>\s?(?:{_AFTER})(?![A-Za-z]))?(?P<from>\s?起)?",
    re.IGNORECASE,
)
_MEASURE = r"kg|g|mg|ml|cl|dl|l|ltr|lit(?:re|er)|lb|(?:fl )?oz|千克|公斤|斤|克|毫升|升"
_PER = re.compile(
    rf"\s?(?:/|per|pro|je|par|每|por)\s?(?P<q>\d+(?:[.,]\d+)?)?\s?(?P<u>{_MEASURE})(?![A-Za-z])",
    re.IGNORECASE,
)
_PER_BEFORE = re.compile(
    rf"(?:^|[\s(:]|[/元€$£]|per|pro|je|每)(?P<q>\d+(?:[.,]\d+)?)?\s?(?P<u>{_MEASURE})\s?[=:)]?\s?(?:{_SIGNS})?\s?$",
    re.IGNORECASE,
)
_NOT_MONEY = re.compile(
    rf"\s?(?:[%‰°折度×*]|(?:{_MEASURE}|cm|mm|m|kcal|kj|w|v|x|st|pcs|pack|pk)(?![A-Za-z])|[个件瓶盒袋包只片年月日天号楼路])",
    re.IGNORECASE,
)

_STRAY = re.compile(r"\s?[°º'\"^*~`´|]")
"""What small raised digits turn into when the reader fails on them."""

_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("was", words.WAS), ("deposit", words.DEPOSIT), ("saving", words.SAVING), ("price", words.PRICE),
)  # fmt: skip


class Amount(msgspec.Struct, frozen=True):
    """A number that may be money: ``per`` is "kg", "500g", … for a unit price; ``role`` from its own line.

    ``marked`` says that a currency or a 起 stands beside it, ``decimals`` that it has a fraction or a dash
    in its place, ``doubt`` that a digit was repaired or something unreadable follows.
    """

    value: float
    currency: str
    per: str
    role: Role
    marked: bool
    decimals: bool
    start_price: bool
    doubt: bool
    whole: bool


def repair(text: str) -> tuple[str, bool]:
    """Undo the usual confusions inside numbers (O for 0, l for 1, Y for ¥); True when a digit was changed.

    Only letters wedged between digits, separators and currency signs are touched.
    """
    zeros = r"(?<=\d)[oO]+(?=[\d.,]|\b|(?:k?g|[mc]?l)\b|[\u4e00-\u9fff])|(?<=\d[.,])[oO]+(?=\d|\b)"
    fixed = re.sub(zeros, lambda match: "0" * len(match[0]), text)
    fixed = re.sub(r"(?<=[\d¥€$£])[lI|](?=[\d.,])|(?<=\d[.,])[lI|](?=\d|\b)|(?<=\d[.,]\d)[lI|]\b", "1", fixed)
    return re.sub(r"(?<![A-Za-z])[Yy](?= ?\d)", "¥", fixed), fixed != text


def number(text: str) -> float:
    """The value of a printed number: the last separator is a decimal one when one or two digits follow.

    >>> number("1.299,00"), number("1,299"), number("5.8")
    (1299.0, 1299.0, 5.8)
    """
    whole, point, fraction = re.fullmatch(r"(.*?)(?:([.,])(\d{1,2}))?", text.strip()).groups()  # type: ignore[union-attr]
    digits = re.sub(r"\D", "", whole)
    return float(f"{digits}.{fraction}" if point else digits)


def currency_of(sign: str, context: str = "") -> str:
    """The ISO 4217 code, or the sign itself where it means several and ``context`` does not tell.

    "¥" is the yuan among Chinese text and the yen where kana stand.
    """
    sign = sign.strip().lower()
    if sign == "¥":
        if re.search(r"[\u3040-\u30ff]|円|税込", context):
            return "JPY"
        return "CNY" if re.search(r"[\u4e00-\u9fff]", context) else "¥"
    return _ISO.get(sign, sign)


def role_of(text: str) -> Role:
    """What a cue says of the amount that follows it; "" where it says nothing."""
    return next((role for role, pattern in _ROLES if pattern.search(text)), "")


def amounts(text: str, context: str = "") -> list[Amount]:
    """Every number in a line that may be money, in order. Dates must have been blanked out before."""
    text, repaired = repair(text)
    found: list[Amount] = []
    last = 0
    for match in _AMOUNT.finditer(text):
        amount = _amount(text, last, match, context or text)
        if amount is not None:
            found.append(msgspec.structs.replace(amount, doubt=True) if repaired else amount)
            last = match.end()
    return found


def _amount(text: str, last: int, match: re.Match[str], context: str) -> Amount | None:
    """The number in ``match`` as money, or None; ``last`` is where the amount before it ends."""
    sign = (match["pre"] or match["post"] or "").strip()
    minor = _MINOR.get(sign.lower())
    value = number(match["num"]) / (100 if minor else 1)
    per = _PER.match(text, match.end()) or _PER_BEFORE.search(text[last : match.start()])
    marked = bool(sign or match["from"])
    if minor and value >= 1:  # 720p is no price
        return None
    if not marked and not per and _NOT_MONEY.match(text, match.end()):
        return None
    return Amount(
        value=round(value, 4),
        currency=minor or (currency_of(sign, context) if sign else ""),
        per=f"{'' if per['q'] in (None, '1') else per['q']}{per['u'].lower()}" if per else "",
        role=_own_role(text, last, match.start(), match.end()),
        marked=marked,
        decimals=bool(minor or match["dash"] or re.search(r"[.,]\d{1,2}$", match["num"])),
        start_price=bool(match["from"]) or bool(re.search(r"\bfrom\s*$", text[: match.start()], re.I)),
        doubt=bool(_STRAY.match(text, match.end())),
        whole=match.start() == 0 and match.end() == len(text),
    )


def _own_role(text: str, last: int, start: int, end: int) -> Role:
    """The cue between the amount before and this one; "off" and "Pfand" also come after it."""
    if words.MULTIPLE.search(text[:start]):
        return "offer"  # "2 for $5": the 2 is an amount of its own
    late = role_of(text[end : end + 12])
    return late if late in ("saving", "deposit") else role_of(text[last:start])
