"""What the guide shows → a card of the HUD: the maneuver's icon, how far, what to do, onto which street."""

from __future__ import annotations

from runtime.core.clock import NS
from runtime.core.messages import Card, Line
from runtime.features.navigate.arrow import Pointing
from runtime.features.navigate.asks import KEY
from runtime.features.navigate.cues.events import Panel

QUIET, URGENT = 0, 1  # beside a snap's card: the newer one, or navigation's


def cue_card(panel: Panel, now_ns: int, pointing: Pointing, sign: str = "") -> Card:
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
        priority=QUIET if panel.phase == "prepare" and not sign else URGENT,
    )


def sign_card(sign: str, now_ns: int, until_ns: int) -> Card:
    """What a street sign told where there is nothing else to say."""
    return Card(KEY, (Line(sign, "title"),), ttl_s=_seconds(now_ns, until_ns), priority=URGENT)


def _seconds(now_ns: int, until_ns: int) -> float:
    return max(0.0, (until_ns - now_ns) / NS)
