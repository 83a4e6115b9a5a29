"""What the guide shows → a card of the HUD: the maneuver's icon, how far, what to do, onto which street."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.core.clock import NS
from runtime.core.messages import Card, Line
from runtime.features.navigate.arrow import Pointing
from runtime.features.navigate.asks import KEY
from runtime.features.navigate.cues.events import Panel
from runtime.features.navigate.cues.guide import Guide

QUIET, URGENT = 0, 1  # beside a snap's card: the newer one, or navigation's


def cue_card(panel: Panel, now_ns: int, pointing: Pointing, more: Sequence[str] = ()) -> Card:
    """The card of a moment; it takes itself down when nobody renews it.

    Where the heading is too vague for an arrow ("words") it says towards what to go. ``more`` are further lines: the
    lanes to take, what a street sign told.
    """
    lines = [Line(panel.distance, "value")] if panel.distance else []
    lines.append(Line(panel.text, "title"))
    towards = panel.doubtful if pointing == "words" else ""
    lines += [Line(text) for text in (towards or panel.name, panel.local, *more) if text]
    return Card(
        KEY,
        tuple(lines),
        icon=panel.icon,
        then=panel.then,
        ttl_s=max(0.0, (panel.until_ns - now_ns) / NS),
        priority=QUIET if panel.phase == "prepare" else URGENT,
    )


def further_lines(guide: Guide, panel: Panel, sign: str = "") -> tuple[str, ...]:
    """Below the street: which lanes to take, and ``sign``, what a street sign told. Empty ones are left out."""
    lanes = guide.words.lanes(guide.route.maneuvers[panel.maneuver].lanes) if panel.maneuver >= 0 else ""
    return tuple(text for text in (lanes, sign) if text)
