"""What travels on the bus besides the drivers' own samples: plain frozen structs, SI units, no behaviour."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Certainty = Literal["sure", "probable", "not read"]


class Pose(msgspec.Struct, frozen=True):
    """Where the head points: unit quaternion w, x, y, z (earth ← head), angles in degrees.

    ``yaw`` is positive to the left, ``pitch`` positive up, ``roll`` positive to the right; without a
    magnetometer yaw is relative to where the head pointed at start. ``rate`` in rad/s, head axes.
    """

    t_ns: int
    quaternion: tuple[float, float, float, float]
    yaw: float
    pitch: float
    roll: float
    rate: tuple[float, float, float]


class Place(msgspec.Struct, frozen=True):
    """Where the wearer is: degrees (WGS 84) at ``t_ns``.

    ``accuracy_m`` is one standard deviation of either axis, honest: it grows while nothing confirms the place.
    ``course_deg`` is where the wearer goes, clockwise from true north; None while standing or unknown. ``source`` is
    what was last believed: satellites, the phone, or counted steps.
    """

    t_ns: int
    latitude: float
    longitude: float
    accuracy_m: float
    speed_mps: float = 0.0
    course_deg: float | None = None
    source: Literal["gnss", "phone", "steps"] = "gnss"


class Heading(msgspec.Struct, frozen=True):
    """Where the head points over the ground: clockwise from true north, with its standard deviation, in degrees.

    ``offset_deg`` takes a pose there: heading = offset − yaw. ``disturbed``: iron near by, the magnetometer is not
    believed.
    """

    t_ns: int
    degrees: float
    sd_deg: float
    offset_deg: float
    disturbed: bool = False


class Gesture(msgspec.Struct, frozen=True):
    """A movement that means something."""

    t_ns: int
    kind: Literal["nod", "shake", "look_up", "double_tap"]


class Line(msgspec.Struct, frozen=True):
    """One line of a card. ``style`` picks its size and grey; ``certainty`` below sure is drawn dimmer."""

    text: str
    style: Literal["title", "value", "body", "small", "hint", "model"] = "body"
    certainty: Certainty = "sure"


class Card(msgspec.Struct, frozen=True, tag=True):
    """A panel on the HUD. A new card with the same ``key`` takes the old one's place.

    ``icon`` is a name in ``runtime.hud.icons``, ``then`` another, small below it, of what comes next.
    ``progress`` 0…1 draws a thin bar; ``ttl_s`` takes the card
    down by itself; of several cards the highest ``priority`` is shown, the newest among equals.
    """

    key: str
    lines: tuple[Line, ...]
    icon: str = ""
    progress: float | None = None
    ttl_s: float | None = None
    priority: int = 0
    then: str = ""


class CardDown(msgspec.Struct, frozen=True, tag=True):
    """Take the card with this key down; unknown keys are fine."""

    key: str


class Caption(msgspec.Struct, frozen=True):
    """Spoken words: ``committed`` never changes once shown, ``tentative`` may; ``source`` above, small.

    A line feed in ``committed`` begins a new line: a pause, or somebody else. Old words are left out by whole such
    lines, so that those which stay do not move in theirs. ``t_ns`` is when the newest words entered the microphone.
    ``mark`` is a word above at the end, dim: "paused".
    """

    committed: str
    tentative: str = ""
    source: str = ""
    t_ns: int = 0
    mark: str = ""


class Arrow(msgspec.Struct, frozen=True):
    """A direction relative to the head, in degrees, positive to the left; None takes it down."""

    degrees: float | None


class Guidance(msgspec.Struct, frozen=True):
    """Something that happened on the way, told once: ``event`` as in ``features.navigate.cues.events``, and words.

    ``maneuver`` is its index in the route, -1 where it is about none; the place is the wearer's. ``arrow_deg`` is
    where to go, to the left of where the head points, None where no arrow is drawn; ``sd_deg`` how sure the heading
    is.
    """

    t_ns: int
    event: str
    maneuver: int
    text: str
    latitude: float
    longitude: float
    arrow_deg: float | None = None
    sd_deg: float | None = None


class Reading(msgspec.Struct, frozen=True):
    """The lines of text that a snap read, each with how sure the reader is of it, 0…1."""

    t_ns: int
    lines: tuple[tuple[str, float], ...]


class Shown(msgspec.Struct, frozen=True):
    """The panel took a canvas: when, how many pixels were sent, and which trace it ends."""

    t_ns: int
    pixels: int
    trace_id: int = 0


class Fault(msgspec.Struct, frozen=True):
    """A part failed (``up`` False) or came back (``up`` True); ``text`` is one calm line for the wearer."""

    t_ns: int
    part: str
    text: str
    up: bool = False


class Health(msgspec.Struct, frozen=True):
    """The device once a second: CPU 0…1 of one core, resident memory, faults that stand."""

    t_ns: int
    cpu: float
    rss_bytes: int
    temperature_c: float | None
    faults: tuple[str, ...]


class Request(msgspec.Struct, frozen=True):
    """Ask a feature to act ("snap", "next", "save", "forget"): from a key, a gesture or the console."""

    t_ns: int
    action: str
    argument: str = ""


Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]
Extent = Annotated[int, msgspec.Meta(ge=20, le=100)]  # less than a fifth holds no readable line


class WearerSettings(msgspec.Struct, frozen=True):
    """What the wearer may set; published whole after each change.

    ``text_size`` scales every letter; ``text_area`` is left, top, width, height in percent of the panel's
    safe area; ``brightness`` scales every grey; ``language`` is that of the glasses' own words (BCP 47).
    """

    text_size: Annotated[float, msgspec.Meta(ge=0.5, le=3.0)] = 1.0
    text_area: tuple[Percent, Percent, Extent, Extent] = (0, 0, 100, 100)
    brightness: Annotated[float, msgspec.Meta(ge=0.1, le=1.0)] = 1.0
    language: Literal["en", "zh"] = "en"

    def __post_init__(self) -> None:
        left, top, width, height = self.text_area
        if left + width > 100 or top + height > 100:
            raise ValueError("left + width and top + height may be 100 at most")
