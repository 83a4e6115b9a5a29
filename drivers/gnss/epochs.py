"""From sentences to fixes: one an epoch, whatever the order they come in, as soon as all has come.

A receiver computes once an epoch and tells it in a burst of sentences, which bear its time or none. A fix goes out
when every kind that the epoch before had has come; where one stays away, when the line has been quiet for
``QUIET_NS`` or the next epoch begins.
"""

from __future__ import annotations

import datetime
import math

import msgspec

from drivers.base import Fix
from drivers.gnss.ground import RADIUS_68
from drivers.gnss.sentences import Said

NS = 1_000_000_000
QUIET_NS = 60_000_000  # no gap inside a burst is so long, none between two (10 Hz) is shorter
# What one range is off by, of a one-frequency receiver: under open sky, where HDOP is about 1, 4.9 m hold 68 of 100
# fixes (van Diggelen, Enge, "The World's first GPS MOOC and Worldwide Laboratory", ION GNSS+ 2015).
UERE_M = 4.6
UNKNOWN_HDOP = 5.0
HDOP_KEPT_NS = 10 * NS
DAY_S = 86_400.0
TELLING = frozenset({"GGA", "RMC", "GNS", "GLL", "VTG", "GST"})  # what a fix is made of


class Epoch(msgspec.Struct):
    """What an epoch's sentences have said: the first began to arrive at ``t_ns``, the last ended at ``end_ns``."""

    t_ns: int
    end_ns: int
    stamp_s: float | None = None
    kinds: set[str] = msgspec.field(default_factory=set)
    denied: bool = False
    latitude: float | None = None
    longitude: float | None = None
    altitude_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    sd_m: float | None = None
    satellites: int | None = None
    told: bool = False

    def add(self, said: Said) -> None:
        """Take in what one sentence says."""
        self.kinds.add(said.kind)
        self.denied = self.denied or said.good is False
        for name in _MERGED:
            value = getattr(said, name)
            if value is not None:
                setattr(self, name, value)


_MERGED = (
    "stamp_s", "latitude", "longitude", "altitude_m", "speed_mps", "course_deg", "sd_m", "satellites",
)  # fmt: skip


class Epochs:
    """Sentences in, fixes out. ``uere_m`` turns dilution into metres where the receiver gives no deviation."""

    def __init__(self, uere_m: float = UERE_M) -> None:
        self._uere_m = uere_m
        self._now: Epoch | None = None
        self._usual: set[str] = set()
        self._told_stamp: float | None = None
        self._calendar = Calendar()
        self._hdop: tuple[int, float] | None = None

    @property
    def hdop(self) -> float | None:
        """The dilution last told."""
        return None if self._hdop is None else self._hdop[1]

    def take(self, said: Said, t_ns: int, end_ns: int) -> list[Fix]:
        """A sentence that arrived from ``t_ns`` to ``end_ns`` → the fixes complete with it: none, one or two."""
        fixes = self._before(said, t_ns)
        if said.hdop is not None:
            self._hdop = (t_ns, said.hdop)
        if said.date is not None and said.stamp_s is not None:
            self._calendar.set(said.date)
        if said.kind not in TELLING:
            return fixes
        epoch = self._now = self._now or Epoch(t_ns, end_ns)
        epoch.end_ns = end_ns
        epoch.add(said)
        if self._usual and self._usual <= epoch.kinds:
            fixes += self._tell(epoch)
        return fixes

    def idle(self, quiet_ns: int) -> list[Fix]:
        """No byte has come for so long: what waited goes out."""
        return self._close(self._now) if self._now is not None and quiet_ns > QUIET_NS else []

    def _before(self, said: Said, t_ns: int) -> list[Fix]:
        """End the epoch that ``said`` no longer belongs to."""
        epoch = self._now
        if epoch is None or said.kind not in TELLING:
            return []
        other = None not in (said.stamp_s, epoch.stamp_s) and said.stamp_s != epoch.stamp_s
        timeless = epoch.stamp_s is None and said.kind in epoch.kinds
        return self._close(epoch) if other or timeless or t_ns - epoch.end_ns > QUIET_NS else []

    def _close(self, epoch: Epoch) -> list[Fix]:
        self._now, self._usual = None, set(epoch.kinds)
        return self._tell(epoch)

    def _tell(self, epoch: Epoch) -> list[Fix]:
        """The epoch's fix, once; a stamp that was told before is an old one again."""
        again = epoch.stamp_s is not None and epoch.stamp_s == self._told_stamp
        if epoch.told or again or epoch.denied or epoch.latitude is None or epoch.longitude is None:
            return []
        epoch.told, self._told_stamp = True, epoch.stamp_s
        return [
            Fix(
                epoch.t_ns, epoch.latitude, epoch.longitude, self._accuracy(epoch), epoch.speed_mps,
                epoch.course_deg, epoch.altitude_m, epoch.satellites, self._calendar.utc(epoch.stamp_s),
            )
        ]  # fmt: skip

    def _accuracy(self, epoch: Epoch) -> float:
        """Metres that hold the place in 68 of 100 cases: of the stated deviation, else of dilution."""
        if epoch.sd_m:
            return epoch.sd_m * RADIUS_68
        fresh = self._hdop is not None and epoch.t_ns - self._hdop[0] < HDOP_KEPT_NS
        hdop = self._hdop[1] if fresh and self._hdop is not None else UNKNOWN_HDOP
        return hdop * self._uere_m / math.sqrt(2) * RADIUS_68


class Calendar:
    """The day that a time of day belongs to: as last told, and the next one after midnight."""

    def __init__(self) -> None:
        self._day_s: float | None = None
        self._last_s = 0.0

    def set(self, date: datetime.date) -> None:
        """The receiver said the date."""
        self._day_s = (date - datetime.date(1970, 1, 1)).days * DAY_S

    def utc(self, stamp_s: float | None) -> float | None:
        """Seconds since 1970 of this time of day; None while no date was told."""
        if stamp_s is None:
            return None
        if self._day_s is not None and self._day_s + stamp_s < self._last_s - DAY_S / 2:
            self._day_s += DAY_S  # midnight passed and no date has come since
        if self._day_s is None:
            return None
        self._last_s = self._day_s + stamp_s
        return self._last_s
