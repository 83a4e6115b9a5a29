"""Places that leap: a reflection of a wall puts the wearer 80 m away for some seconds. Such a place has to last."""

from __future__ import annotations

import math

from runtime.core.clock import NS
from runtime.core.messages import Place
from runtime.features.navigate.following.line import Vector, metres

LASTS_S = 4.5
FASTER = 2.0  # than now or than usual: what nobody becomes within a second
SD = 3.0
MARGIN_M = 5.0


class Jumps:
    """Remembers the last place that was believed."""

    def __init__(self, nominal_mps: float) -> None:
        self._nominal = nominal_mps
        self._place: Place | None = None
        self._at: Vector | None = None
        self._since_ns: int | None = None

    def believe(self, place: Place, at: Vector) -> bool:
        """False for a place that nobody can have got to, until such places lasted."""
        if self._place is None or self._at is None or self._reachable(place, at) or self._lasted(place.t_ns):
            self._place, self._at, self._since_ns = place, at, None
            return True
        return False

    def _reachable(self, place: Place, at: Vector) -> bool:
        assert self._place is not None
        assert self._at is not None
        dt = (place.t_ns - self._place.t_ns) / NS
        speed = FASTER * max(self._nominal, self._place.speed_mps, place.speed_mps)
        doubt = SD * math.hypot(self._place.accuracy_m, place.accuracy_m)
        return metres(at, self._at) <= speed * dt + doubt + MARGIN_M

    def _lasted(self, t_ns: int) -> bool:
        if self._since_ns is None:
            self._since_ns = t_ns
        return t_ns - self._since_ns >= LASTS_S * NS
