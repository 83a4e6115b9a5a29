"""What a walk is made of for those who watch it, and what the wearer sees of it."""

from __future__ import annotations

from typing import Literal

import msgspec

from runtime.features.navigate.following.state import FollowerState

EventKind = Literal["prepare", "cue", "off_route", "wrong_way", "rejoined", "reroute", "withdrawn", "arrived"]
Phase = Literal["prepare", "now"]


class Event(msgspec.Struct, frozen=True):
    """Something that happened at ``t_ns``, said in the wearer's language.

    ``maneuver`` is an index of the route's, −1 where it is about none. ``latitude`` and ``longitude`` are the
    wearer's place; ``bearing`` is where to go from there, clockwise from north, None where nobody can say.
    """

    t_ns: int
    kind: EventKind
    maneuver: int
    text: str
    latitude: float
    longitude: float
    bearing: float | None = None


class Panel(msgspec.Struct, frozen=True):
    """What may stand on the HUD until ``until_ns``, and not a moment longer, unless a newer one takes its place.

    ``distance`` is "" at the maneuver itself; ``text`` what to do, ``name`` of which street, ``local`` what its sign
    says where that is another script or language, ``doubtful`` the words to show where the heading is too vague for
    an arrow; ``lanes`` which to take; ``then`` the icon of a maneuver right behind, "" for none.
    ``bearing`` is where to go, clockwise from north; None where no arrow may be drawn.
    """

    maneuver: int
    phase: Phase | Literal["off", "wrong way", "arrived"]
    icon: str
    text: str
    until_ns: int
    distance: str = ""
    name: str = ""
    local: str = ""
    doubtful: str = ""
    lanes: str = ""
    then: str = ""
    bearing: float | None = None


class GuideState(msgspec.Struct, frozen=True):
    """What survives a restart: the progress, and which maneuvers were announced last (−1: none)."""

    follower: FollowerState
    prepared: int = -1
    cued: int = -1
