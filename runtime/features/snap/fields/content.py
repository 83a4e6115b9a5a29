"""Net content: "净含量: 250克", "500 ml e", "NET WT 12 OZ (340g)", "6 x 330 ml"."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from runtime.features.snap.fields import words
from runtime.features.snap.fields.money import repair
from runtime.features.snap.fields.text import Seen, belongs, field
from runtime.features.snap.result import Field

_UNITS = {
    "克": "g", "g": "g", "gr": "g", "千克": "kg", "公斤": "kg", "kg": "kg", "斤": "斤",
    "mg": "mg", "毫升": "ml", "ml": "ml", "cl": "cl", "dl": "dl", "升": "l", "l": "l", "ltr": "l",
    "litre": "l", "liter": "l",
    "litres": "l", "liters": "l", "oz": "oz", "fl oz": "fl oz", "lb": "lb", "lbs": "lb",
}  # fmt: skip
_IN_METRIC = {
    "g": 1.0,
    "kg": 1000.0,
    "oz": 28.35,
    "lb": 453.6,
    "ml": 1.0,
    "l": 1000.0,
    "cl": 10.0,
    "fl oz": 29.57,
}
"""To g or ml: 16 CFR 500 appendix gives 1 oz = 28.3495 g, 1 fl oz = 29.5735 ml."""

_UNIT = r"(?:fl\.?\s?oz\.?|千克|公斤|毫升|克|斤|升|kg|mg|gr|g|ml|cl|dl|ltr|litres?|liter|l|oz|lbs?)"
_SIZE = re.compile(
    rf"(?<![\d.,/A-Za-z])(?:(?P<n>\d{{1,3}})\s?[x×*]\s?)?(?P<q>\d{{1,5}}(?:[.,]\d{{1,3}})?)\s?(?P<u>{_UNIT})(?P<e>\s?e)?(?![A-Za-z%])"
    r"(?:\s?[x×*]\s?(?P<m>\d{1,3})(?!\d))?",
    re.IGNORECASE,
)


class Size(msgspec.Struct, frozen=True):
    """A quantity in a line: ``text`` normalised ("6×330 ml"), its amount in g or ml, or None for others.

    ``estimate`` says that the ℮ of directive 76/211/EEC follows.
    """

    text: str
    metric: float | None
    customary: bool
    estimate: bool


def sizes(text: str) -> list[Size]:
    """Quantities in normalised text that are no rates ("per 100 g") and no prices per measure."""
    found = []
    for match in _SIZE.finditer(text):
        if words.RATE.search(text[: match.start()]) or re.match(r"\s?=", text[match.end() :]):
            continue
        unit = _UNITS.get(
            re.sub(r"\s|\.", "", match["u"].lower()).replace("floz", "fl oz"), match["u"].lower()
        )
        count = match["n"] or match["m"]
        quantity = match["q"].replace(",", ".")
        scale = _IN_METRIC.get(unit)
        metric = float(quantity) * scale if scale and not count else None
        text_ = f"{count}×{quantity} {unit}" if count else f"{quantity} {unit}"
        found.append(Size(text_, metric, unit in ("oz", "fl oz", "lb"), bool(match["e"])))
    return found


def read_content(lines: Sequence[Seen]) -> dict[str, Field]:
    """``net_content``; of "12 oz (340 g)" the metric figure, in doubt when the two disagree."""
    best: tuple[tuple[bool, float], Field] | None = None
    for line in lines:
        text, repaired = repair(line.text)
        found = [] if words.NUTRITION.search(text) else sizes(text)
        if not found:
            continue
        cue = (
            line
            if words.CONTENT.search(text)
            else next((c for c in lines if c is not line and _labels(c, line)), None)
        )
        estimate = any(one.estimate for one in found)
        if cue is None and not estimate and not only_size(text):
            continue
        size, clash = _pick(found)
        sure_of_kind = cue is not None or estimate
        read = field(
            size, [line] if cue in (None, line) else [cue, line], doubt=repaired or clash or not sure_of_kind
        )
        rank = (sure_of_kind, line.height)
        if best is None or rank > best[0]:
            best = rank, read
    return {"net_content": best[1]} if best else {}


def _labels(cue: Seen, line: Seen) -> bool:
    return bool(words.CONTENT.search(cue.text)) and not sizes(cue.text) and belongs(cue, line) is not None


def only_size(text: str) -> bool:
    """Nothing but the quantity stands in the line, at most a bracket and a word around it."""
    return bool(_SIZE.search(text)) and len(re.sub(r"[\W\d]", "", _SIZE.sub("", text))) <= 2


def _pick(found: Sequence[Size]) -> tuple[str, bool]:
    """The metric quantity, and whether a customary one beside it says something else (by over 5 %)."""
    metric = [one for one in found if not one.customary] or list(found)
    others = [one.metric for one in found if one.customary and one.metric]
    first = metric[0]
    clash = first.metric is not None and not first.customary and any(
        abs(other / first.metric - 1) > 0.05 for other in others[:1]
    )  # fmt: skip
    return first.text, clash
