"""What following a route says at any time, and what of it outlives the process.

Errors::

    WrongRouteError (ValueError)    a saved progress belongs to another route
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from runtime.features.navigate.routes.route import Route

Status = Literal["waiting", "on", "off", "wrong way", "arrived"]
Doubt = Literal["", "silent", "poor"]


class WrongRouteError(ValueError):
    """A saved progress belongs to another route; start the route anew."""


class Following(msgspec.Struct, frozen=True):
    """Where the wearer is on the route at ``t_ns``, and what comes next.

    ``point`` is the matched place (latitude, longitude), ``off_m`` how far the wearer is from the line, ``along_m``
    and ``left_m`` metres along it. ``next`` is the index of the first maneuver not yet passed, ``to_next_m`` the
    way to it, 0 while in it. ``bearing`` is where to go from here, clockwise from north. ``status`` is "waiting"
    before the first place. ``doubt`` says why nothing must be shown: no place for some seconds, or one that is too
    vague. ``reroute`` is True in the one state that asks for another route.
    """

    t_ns: int
    status: Status = "waiting"
    doubt: Doubt = ""
    point: tuple[float, float] = (0.0, 0.0)
    along_m: float = 0.0
    left_m: float = 0.0
    off_m: float = 0.0
    accuracy_m: float = 0.0
    speed_mps: float = 0.0
    next: int = 0
    to_next_m: float = 0.0
    bearing: float = 0.0
    reroute: bool = False

    @property
    def sure(self) -> bool:
        """A cue may be shown."""
        return self.status == "on" and not self.doubt


class FollowerState(msgspec.Struct, frozen=True):
    """What survives a restart; ``route`` is the fingerprint of the route it belongs to."""

    route: str
    along_m: float = 0.0
    next: int = 0
    started: bool = False
    arrived: bool = False


def fingerprint(route: Route) -> str:
    """The same for the same line and maneuvers, whatever file or server they came from."""
    digest = hashlib.blake2b(route.line.tobytes(), digest_size=8)
    digest.update(msgspec.msgpack.encode(route.maneuvers))
    return digest.hexdigest()
