"""What a route is: a line on the ground, and where along it something has to be done.

Read from OSRM, Valhalla or GPX by the modules beside this one, or made from a bare line. Angles are clockwise from
true north in degrees, 0…360; distances are metres along the line.

Errors::

    RouteError (ValueError)         nothing can be followed; the message names the place and says what to do
    ├── RouteFormatError            it is not what it claims to be: not JSON, no GPX, a field of the wrong kind
    └── NoRouteError                the server or the file says that there is no way
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray


class RouteError(ValueError):
    """Root of the errors about routes; the message names the place and says what to do."""


class RouteFormatError(RouteError):
    """What was read is not what it claims to be."""


class NoRouteError(RouteError):
    """The source itself says that there is no way."""


Kind = Literal[
    "depart", "turn", "fork", "roundabout", "exit roundabout", "continue", "u-turn", "ferry", "via", "arrive"
]
Side = Literal["", "left", "right"]
Modifier = Literal[
    "", "straight", "slight left", "left", "sharp left", "slight right", "right", "sharp right", "uturn"
]
Mode = Literal["walking", "cycling", "driving"]


class Name(msgspec.Struct, frozen=True):
    """A way's name in the script of its signs, in other languages by their BCP 47 tag, and how it is said."""

    text: str
    others: dict[str, str] = {}
    pronunciation: str = ""


class Lane(msgspec.Struct, frozen=True):
    """One lane before a maneuver: where it leads ("left", "straight", …), and whether it is one to take."""

    directions: tuple[str, ...]
    take: bool


class Maneuver(msgspec.Struct, frozen=True):
    """Something to do at ``at_m`` along the route's line; ``point`` is that place, latitude and longitude.

    ``before`` and ``after`` are the bearings of arriving and leaving. ``name`` is the way that it leads onto (""
    where it has none), ``towards`` what a sign there says; ``exit`` counts a roundabout's exits from 1,
    0 where unknown. ``ref`` is the way's number ("A 8"), ``sign_exit`` that of the exit as its sign has it ("12A"),
    ``junction`` the name of the roundabout or crossing itself. An "arrive" has ``modifier`` "left" or "right" where
    the destination stands on that side; a roundabout's is its way out, seen from where it is entered.
    """

    kind: Kind
    at_m: float
    point: tuple[float, float]
    before: float
    after: float
    modifier: Modifier = ""
    name: Name = Name("")
    towards: str = ""
    exit: int = 0
    lanes: tuple[Lane, ...] = ()
    ref: str = ""
    sign_exit: str = ""
    junction: str = ""

    @property
    def side(self) -> Side:
        """To which side it leads, or where a destination stands; "" for neither."""
        word = self.modifier.rpartition(" ")[2]
        return "left" if word == "left" else "right" if word == "right" else ""


class Route(msgspec.Struct, frozen=True):
    """A line and its maneuvers, the first at its start ("depart"), the last at its end ("arrive").

    ``line`` float64[N, 2] latitude, longitude; N ≥ 2, no two neighbours alike, longitudes unwrapped (past ±180 they
    go on). ``along_m`` float64[N] rises from 0 to ``length_m``. ``maneuvers`` are in the order of the way.
    ``source`` names the file or server, for messages; ``traffic`` the side of the road on which one drives there, ""
    where it is unknown.
    """

    line: NDArray[np.float64]
    along_m: NDArray[np.float64]
    maneuvers: tuple[Maneuver, ...]
    mode: Mode = "walking"
    source: str = ""
    traffic: Side = ""

    @property
    def length_m(self) -> float:
        """From start to end."""
        return float(self.along_m[-1])
