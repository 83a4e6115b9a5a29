"""What the guide shows → a card of the HUD: the maneuver's icon, how far, what to do, onto which street."""

from __future__ import annotations

from runtime.core.clock import NS
from runtime.core.messages import Card, Line
from runtime.features.navigate.arrow import Pointing
from runtime.features.navigate.asks import KEY
from runtime.features.navigate.cues.events import Panel

# Beside what the wearer asked for (a snap's card has 0): nothing stands below it that is due now.
QUIET, URGENT = -2, 1
NEWS_S = 8.0  # that one has left the way is news, and then known


class Urgency:
    """Whether navigation's card goes before what the wearer asked for, or waits behind it.

    A maneuver that is still ahead waits; one that is due now, and the arrival, go before. So does the news that the
    way was left; who then snaps a product (it may be a shop beside the way) sees the product.
    """

    def __init__(self) -> None:
        self._phase = ""
        self._since_ns = 0

    def of(self, panel: Panel, now_ns: int) -> int:
        """The priority of this moment's card."""
        if panel.phase != self._phase:
            self._phase, self._since_ns = panel.phase, now_ns
        known = panel.phase in ("off", "wrong way") and now_ns - self._since_ns >= NEWS_S * NS
        return QUIET if known or panel.phase == "prepare" else URGENT


def cue_card(panel: Panel, now_ns: int, pointing: Pointing, sign: str = "", priority: int = URGENT) -> Card:
    """The card of a moment; it takes itself down when nobody renews it.

    Where the heading is too vague for an arrow ("words") it says towards what to go. ``sign`` is what a street sign
    told: who snapped it waits for that.
    """
    lines = [Line(panel.distance, "value")] if panel.distance else []
    lines.append(Line(panel.text, "title"))
    towards = panel.doubtful if pointing == "words" else ""
    lines += [Line(text) for text in (towards or panel.name, panel.local, panel.lanes, sign) if text]
    return Card(
        KEY,
        tuple(lines),
        icon=panel.icon,
        then=panel.then,
        ttl_s=_seconds(now_ns, panel.until_ns),
        priority=URGENT if sign else priority,
    )


def sign_card(sign: str, now_ns: int, until_ns: int) -> Card:
    """What a street sign told where there is nothing else to say."""
    return Card(KEY, (Line(sign, "title"),), ttl_s=_seconds(now_ns, until_ns), priority=URGENT)


def _seconds(now_ns: int, until_ns: int) -> float:
    return max(0.0, (until_ns - now_ns) / NS)
