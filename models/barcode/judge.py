"""How certain a code is: what the bars, zxing-cpp and the printed digits say, weighed together.

The thresholds are log-odds. They were set on degraded photos, where bars alone with log-odds of 8 or more
were right 243 times of 243, and are kept well above that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
import numpy as np

from models.barcode.bars import Reading
from models.barcode.base import Certainty
from models.barcode.digits import Support, support
from models.barcode.gtin import expand_upce

DIGIT = 3.5  # log-likelihood that one wrong printed digit costs
AGREES = 6.0  # log-odds that zxing-cpp reading the same code is worth: it saw the same bars
ALONE = 11.0  # log-odds that bars alone need
TOGETHER = 9.0  # log-odds that two witnesses need
COST = 0.13  # misfit a module above which the bars are no witness; other symbologies begin there
# How much less likely than the likeliest digits, parity and check digit let go, a code may be: a symbol of
# another kind, or with a digit misread, seldom has a valid code near its likeliest digits.
BEHIND = 4.0  # with another witness
BEHIND_ALONE = 1.0


class Verdict(msgspec.Struct, frozen=True):
    """The likeliest code as printed, its GTIN, how certain it is, its log-odds against all others."""

    text: str
    gtin: str
    certainty: Certainty | None
    odds: float


class _Case(msgspec.Struct, frozen=True):
    """What speaks for the likeliest code."""

    odds: float
    behind: float
    printed: Support
    decoded: bool


def judge(reading: Reading, texts: Sequence[str], decoded: Collection[str]) -> Verdict:
    """Weigh ``reading`` with the ``texts`` around its bars and the GTINs zxing-cpp ``decoded`` there."""
    codes, scores = reading.ranked.codes, np.asarray(reading.ranked.scores)
    gtins = [expand_upce(code) if reading.symbol == "UPC-E" else code for code in codes]
    seen = [support(code, texts) for code in codes]
    total = scores + AGREES * np.array([gtin in decoded for gtin in gtins])
    if max(s.found for s in seen) >= _enough(reading.symbol):
        total -= DIGIT * np.array([s.cost for s in seen])
    best = int(total.argmax())
    odds = float(total[best] - np.logaddexp.reduce(np.delete(total, best))) if len(total) > 1 else 0.0
    case = _Case(
        odds,
        reading.free - float(scores[best]),
        seen[best],
        gtins[best] in decoded,
    )
    return Verdict(codes[best], gtins[best], _certainty(reading, case), odds)


def _certainty(reading: Reading, case: _Case) -> Certainty | None:
    short = reading.symbol != "EAN-13"
    # A short symbol can be found inside a longer one: it must stand free, which zxing-cpp checks as well.
    if reading.cost >= COST or (short and not (reading.quiet or case.decoded)):
        return None
    enough = _enough(reading.symbol)
    printed = case.printed.found >= enough and case.printed.cost <= 3.0
    # Most digits read in print settle it even where glare took one from the bars.
    well_printed = case.printed.found >= enough + 2 and case.printed.cost <= 2.0
    agreed = case.behind < BEHIND and (printed or case.decoded)
    if case.odds >= TOGETHER and (agreed or well_printed):
        return "sure"
    if case.odds >= ALONE and case.behind < BEHIND_ALONE and reading.worst > 0.8 and not short:
        return "sure"
    return "probable" if case.odds > 2.0 and (case.behind < 2 * BEHIND or case.odds > 2 * BEHIND) else None


def _enough(symbol: str) -> int:
    """How many printed digits must be found in order before they are a witness."""
    return 8 if symbol == "EAN-13" else 6
