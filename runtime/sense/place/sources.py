"""Which of two sources is believed, the glasses' own receiver or the phone: one at a time, and no hopping about.

The errors of a source are slow, and two sources err differently: who takes them in turn sees a wearer who leaps.
So one is held on to while it is fresh. The other takes over when the held one is lost, or after it has been better
for some seconds. Where the two contradict each other by more than both admit, one of them lies: the glasses' own
receiver, which is where the wearer is, has the last word, and the phone's fine numbers count for nothing.
"""

from __future__ import annotations

import math
from typing import Literal

from drivers.base import Fix
from drivers.gnss.ground import RADIUS_68, metres_per_degree, wrap_degrees
from runtime.core.clock import NS

Choice = Literal["no", "take", "anew"]

LOST_S = 3.0  # without a fix that was believed, and the other source may take over
STEADY_S = 5.0  # so long must the other one be better
DISPUTED_S = 10.0  # so long must the receiver contradict the phone
PHONE_BETTER, OWN_BETTER = 0.6, 1.2  # of the held one's accuracy: between the two nothing changes hands
CREDIBLE_M = 20.0  # a receiver vaguer than that contradicts nobody
PHONE_BEST_M = (
    3.0  # finer accuracies of a phone's are not believed (van Diggelen, Enge 2015: 4.9 m under open sky)
)
DISTRUST_S = 60.0  # since the phone contradicted the receiver: it is no better for so long
ODDS_SD, ODDS_M = 3.0, 3.0


class Sources:
    """``choose`` for every fix, ``believed`` for each that the filter then took."""

    def __init__(self) -> None:
        self._held: Fix | None = None
        self._heard_ns = 0
        self._rival_since_ns: int | None = None
        self._rival_ns = 0
        self._odds_ns: int | None = None

    def choose(self, fix: Fix, now_ns: int) -> Choice:
        """Whether a fix that came at ``now_ns`` is taken: with what is known, or in the place of all of it."""
        held = self._held
        if held is None or fix.source == held.source or self.is_lost(now_ns):
            return "take"
        odds = _at_odds(held, fix)
        if odds:
            self._odds_ns = now_ns
        if not _is_better(held, fix, odds) or (fix.source == "phone" and self._is_distrusted(now_ns)):
            self._rival_since_ns = None
            return "no"
        if self._rival_since_ns is None or now_ns - self._rival_ns > LOST_S * NS:
            self._rival_since_ns = now_ns
        self._rival_ns = now_ns
        if now_ns - self._rival_since_ns < (DISPUTED_S if odds else STEADY_S) * NS:
            return "no"
        return "anew" if odds else "take"

    def is_lost(self, now_ns: int) -> bool:
        """Whether the held source has been silent, or told nothing believable, for too long."""
        return self._held is None or now_ns - self._heard_ns > LOST_S * NS

    def _is_distrusted(self, now_ns: int) -> bool:
        return self._odds_ns is not None and now_ns - self._odds_ns < DISTRUST_S * NS

    def is_held(self, fix: Fix) -> bool:
        """Whether ``fix`` is from the source that is held on to."""
        return self._held is not None and self._held.source == fix.source

    def believed(self, fix: Fix, now_ns: int) -> None:
        """The filter took it: its source is the one that is held."""
        if not self.is_held(fix):
            self._rival_since_ns = None
        self._held, self._heard_ns = fix, now_ns


def _is_better(held: Fix, fix: Fix, odds: bool) -> bool:
    own = fix.source == "gnss"
    if odds:
        return own and fix.accuracy_m <= CREDIBLE_M
    return _accuracy(fix) <= (OWN_BETTER if own else PHONE_BETTER) * _accuracy(held)


def _accuracy(fix: Fix) -> float:
    return fix.accuracy_m if fix.source == "gnss" else max(PHONE_BEST_M, fix.accuracy_m)


def _at_odds(held: Fix, fix: Fix) -> bool:
    """Farther from each other than both accuracies, and the way between the two times, allow."""
    north, east = metres_per_degree(held.latitude)
    aside = wrap_degrees(fix.longitude - held.longitude) * east
    apart = math.hypot((fix.latitude - held.latitude) * north, aside)
    way = (held.speed_mps or 0.0) * abs(fix.t_ns - held.t_ns) / NS
    allowed = ODDS_SD * math.hypot(_accuracy(held), _accuracy(fix)) / RADIUS_68
    return apart > allowed + way + ODDS_M
