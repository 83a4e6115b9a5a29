"""What can be asked of navigation, and under which words it is kept; console and feature share it.

A route is kept in the store before the wearer is told so; ``Request(ACTION, verb)`` then makes the feature act:

- "start": follow the kept route from where the wearer is; after a restart it goes on by itself.
- "stop": follow no more; the route is kept.
- "skip": the next maneuver is not wanted.
- "mute" and "unmute": follow on without a word on the HUD.
"""

from __future__ import annotations

from typing import Literal, Protocol, TypeVar

import msgspec

from runtime.features.navigate.cues.events import GuideState

T = TypeVar("T")

KEY = "navigate"
ACTION = "navigate"
Verb = Literal["start", "stop", "skip", "mute", "unmute"]
ROUTE, JOURNEY, SERVER = "navigate.route", "navigate.journey", "navigate.server"


class Journey(msgspec.Struct, frozen=True):
    """What survives a kill: whether a route is followed, how far, and whether the wearer wants quiet."""

    on: bool = False
    muted: bool = False
    guide: GuideState | None = None


class Reads(Protocol):
    """What of the store reads a setting."""

    def get(self, key: str, kind: type[T], default: T) -> T:
        """The setting ``key``; ``default`` when it is missing or of another kind."""
        ...


class Keeps(Reads, Protocol):
    """What of the store keeps one, too."""

    def set(self, key: str, value: object) -> None:
        """Raises StoreError."""
        ...
