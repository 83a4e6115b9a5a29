"""Best-before, production and shelf-life dates; where day and month may be swapped, that stays open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

import msgspec

from runtime.features.snap.fields import words
from runtime.features.snap.fields.text import Seen, belongs, field
from runtime.features.snap.result import Field

Kind = Literal["best_before", "produced", "shelf_life"]

_MONTHS = {
    "jan": 1, "janv": 1, "ene": 1, "gen": 1, "feb": 2, "fev": 2, "fév": 2, "févr": 2, "mar": 3, "mär": 3,
    "mrz": 3, "mars": 3, "apr": 4, "avr": 4, "abr": 4, "may": 5, "mai": 5, "mag": 5, "jun": 6, "juin": 6,
    "giu": 6, "jul": 7, "juil": 7, "lug": 7, "aug": 8, "août": 8, "aout": 8, "ago": 8, "sep": 9, "sept": 9,
    "set": 9, "oct": 10, "okt": 10, "ott": 10, "nov": 11, "dec": 12, "dez": 12, "déc": 12, "dic": 12,
}  # fmt: skip
_NAME = r"(?P<name>[A-Za-zäéûÄÉÛ]{3,9})\.?"
_YEAR4 = r"(?P<year>20\d\d)"
_S = r"\s?[-/. ]\s?"

# Not the rest of a longer number, and no lot number (a digit after an L).
_FROM, _TO = r"(?<!\d)(?<!\d[.,/])(?<![Ll])", r"(?![\d%]|[.,/]\d)"
_PATTERNS = tuple(
    re.compile(rf"{_FROM}{pattern}{_TO}", re.IGNORECASE)
    for pattern in (
        rf"{_YEAR4}\s?年\s?(?P<month>\d\d?)\s?月(?:\s?(?P<day>\d\d?)\s?日?)?",
        rf"{_YEAR4}{_S}(?P<month>\d\d?){_S}(?P<day>\d\d?)",
        r"(?P<year>20\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>[0-3]\d)",
        rf"(?P<a>\d\d?){_S}(?P<b>\d\d?){_S}{_YEAR4}",
        rf"(?P<day>\d\d?)[-/. ]{{0,2}}{_NAME}[-/. ]{{0,2}}(?P<year>20\d\d|\d\d)",
        rf"{_NAME}[-/. ]{{1,2}}(?P<day>\d\d?)[,]? {_YEAR4}",
        rf"{_NAME}[-/. ]{{0,2}}{_YEAR4}",
        rf"(?P<month>\d\d?){_S}{_YEAR4}",
        rf"{_YEAR4}{_S}(?P<month>0[1-9]|1[0-2])",
        r"(?P<a>\d\d)(?P<s>[-/. ])(?P<b>\d\d)(?P=s)(?P<c>\d\d)",
    )
)
_WITH_CUE_ONLY = tuple(
    re.compile(rf"{_FROM}(?<!\d-){pattern}{_TO}", re.IGNORECASE)
    for pattern in (
        r"(?P<month>0?[1-9]|1[0-2])\s?[/.-]\s?(?P<year2>\d\d)",
        r"(?P<a>\d\d)(?P<b>\d\d)(?P<c>\d\d)",
    )
)
_CUES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("best_before", words.BEST_BEFORE),
    ("produced", words.PRODUCED),
)
_HAN = "一二三四五六七八九十"
_UNITS = {"月": "months", "天": "days", "日": "days", "年": "years", "m": "months", "d": "days", "t": "days",
          "y": "years", "j": "years"}  # fmt: skip


class Dated(msgspec.Struct, frozen=True):
    """A date in a line: ISO ``value`` ("2027-03-01" or "2027-03"), where it stands, whether it is open."""

    value: str
    start: int
    end: int
    doubt: bool


def find(text: str, cue: str = "") -> list[Dated]:
    """Dates in normalised text; ``cue`` is what announces them and settles the order where it can."""
    patterns = _PATTERNS + (_WITH_CUE_ONLY if cue else ())
    found: list[Dated] = []
    for pattern in patterns:
        for match in pattern.finditer(text):
            if any(match.start() < other.end and other.start < match.end() for other in found):
                continue
            readings = list(dict.fromkeys(_readings(match, cue)))
            if readings:
                doubt = len(readings) > 1 or readings[0].startswith("--")  # a year may have been lost
                found.append(Dated(readings[0], match.start(), match.end(), doubt))
    return sorted(found, key=lambda one: one.start)


def blank(text: str) -> str:
    """The text with its dates replaced by blanks of the same length, so that none is taken for money."""
    for one in find(text):
        text = text[: one.start] + " " * (one.end - one.start) + text[one.end :]
    return text


def _readings(match: re.Match[str], cue: str) -> Iterator[str]:
    """Every calendar date a match can mean, the likeliest first."""
    parts = match.groupdict()
    if parts.get("a"):
        yield from _orders(match, cue)
        return
    month = _month(parts["name"]) if parts.get("name") else int(parts["month"])
    if parts.get("year2"):  # 03/27: March 2027, but the 27th of March can't be excluded
        yield from _iso(2000 + int(parts["year2"]), month, None)
        if int(parts["year2"]) <= 31 and month:
            yield f"--{month:02}-{parts['year2']}"
        return
    year = int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)
    yield from _iso(year, month, int(parts["day"]) if parts.get("day") else None)


def _orders(match: re.Match[str], cue: str) -> Iterator[str]:
    """The orders a purely numerical date may have; a local cue leaves only its country's."""
    parts = match.groupdict()
    a, b = int(parts["a"]), int(parts["b"])
    year = int(parts["year"]) if parts.get("year") else 2000 + int(parts["c"])
    han = bool(re.search(r"[\u4e00-\u9fff]", cue))
    asian = [(2000 + a, b, int(parts["c"]))] if parts.get("c") else []
    western = [(year, b, a)] if words.DAY_FIRST.search(cue) else [(year, b, a), (year, a, b)]
    for y, m, d in asian + western if han else western + ([] if words.DAY_FIRST.search(cue) else asian):
        yield from _iso(y, m, d)


def _month(name: str) -> int:
    """The number of a month's name by its longest known beginning, 0 when it is none."""
    name = name.lower()
    return next((_MONTHS[name[:n]] for n in (4, 3) if name[:n] in _MONTHS), 0)


def _iso(year: int, month: int, day: int | None) -> Iterator[str]:
    """The date if the calendar has it and a product could bear it."""
    if not 2015 <= year <= 2049 or not 1 <= month <= 12:
        return
    if day is None:
        yield f"{year}-{month:02}"
        return
    try:
        yield date(year, month, day).isoformat()
    except ValueError:
        return


def read_dates(lines: Sequence[Seen]) -> dict[str, Field]:
    """``best_before``, ``produced``, ``shelf_life``, and ``date`` for one that nothing announces."""
    found: dict[str, list[Field]] = {}
    # A line with a date of its own announces no other.
    announcing = [cue for line in lines if not find(line.text) for cue in _own_cues(line)]
    for line in lines:
        cues = _own_cues(line) or _near_cue(line, announcing) if re.search(r"\d", line.text) else []
        for one in find(line.text, " ".join(cue.text for _, cue in cues)):
            kind, cue = _nearest(line, one, cues)
            if kind == "date" and words.NO_PRODUCT_DATE.search(line.text):
                continue
            place = [line] if cue is None or cue is line else [cue, line]
            raw = f"{cue.raw} {line.raw}" if cue and cue is not line else line.raw
            doubt = one.doubt or kind == "date"
            found.setdefault(kind, []).append(field(one.value, place, doubt=doubt, text=raw))
        if shelf := words.SHELF_LIFE.search(line.text):
            unit = _UNITS[shelf["u"][0].lower()]
            found.setdefault("shelf_life", []).append(field(f"{_count(shelf['n'])} {unit}", [line]))
    return _settle(found)


def _count(text: str) -> int:
    """12 from "12" or "十二"."""
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (10 * (_HAN.index(tens) + 1 if tens else 1) if ten else 0) + (_HAN.index(ones) + 1 if ones else 0)


def _own_cues(line: Seen) -> list[tuple[Kind, Seen]]:
    return [(kind, line) for kind, pattern in _CUES if pattern.search(line.text)]


def _near_cue(line: Seen, announcing: Sequence[tuple[Kind, Seen]]) -> list[tuple[Kind, Seen]]:
    """The nearest cue that labels this line, or none."""
    near = [(away, kind, cue) for kind, cue in announcing if (away := belongs(cue, line)) is not None]
    return [min(near, key=lambda one: one[0])[1:]] if near else []


def _nearest(line: Seen, one: Dated, cues: Sequence[tuple[Kind, Seen]]) -> tuple[str, Seen | None]:
    """Of several cues in one line the last before the date."""
    best: tuple[int, str, Seen | None] = (-1, "date", None)
    for kind, cue in cues:
        if cue is not line:
            return kind, cue
        pattern = next(p for k, p in _CUES if k == kind)
        places = [m.start() for m in pattern.finditer(line.text) if m.start() < one.start]
        if places or len(cues) == 1:  # a single cue may also come after
            best = max(best, ((places or [0])[-1], kind, line), key=lambda found: found[0])
    return best[1], best[2]


def _settle(found: dict[str, list[Field]]) -> dict[str, Field]:
    """One field a kind; rivals and dates out of order make it probable."""
    settled: dict[str, Field] = {}
    for kind, fields in found.items():
        fields.sort(key=lambda one: (one.certainty != "sure", -one.confidence))
        rivals = tuple(one for one in fields[1:] if one.value != fields[0].value)
        doubt = bool(rivals) and rivals[0].certainty == fields[0].certainty
        settled[kind] = msgspec.structs.replace(
            fields[0], others=rivals, certainty="probable" if doubt else fields[0].certainty
        )
    made, best = settled.get("produced"), settled.get("best_before")
    if made and best and str(best.value) < str(made.value)[: len(str(best.value))]:
        for kind in ("produced", "best_before"):
            settled[kind] = msgspec.structs.replace(settled[kind], certainty="probable")
    return settled
