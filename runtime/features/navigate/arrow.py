"""The arrow of the moment: where to go, seen from where the head points now.

Where the head points over the ground comes ten times a second with how sure that is; the pose comes at the IMU's
rate, and turning it with the last offset costs nothing, so that the arrow follows the head without delay.
"""

from __future__ import annotations

from typing import Literal

from drivers.gnss.ground import wrap_degrees
from runtime.core.clock import NS
from runtime.core.messages import Arrow, Heading, Pose

Pointing = Literal["arrow", "words", "nothing"]

# Standard deviations in degrees above which an arrow gives way to words, and words to nothing. A wrong arrow is
# worse than none: at 25° one in twenty would point into the next street of a crossing. At 60° not even "towards"
# is meant.
ARROW_SD, WORDS_SD = 25.0, 60.0
BACK = 0.85  # of these, below which it comes back: nothing flickers
STALE_S = 2.0  # without a heading


class HeadArrow:
    """Keeps what is known of the heading; ``update`` with every pose."""

    def __init__(self) -> None:
        self._heading: Heading | None = None
        self._pose: Pose | None = None
        self._told: float | None = None
        self._told_ns = 0
        self.pointing: Pointing = "nothing"

    def hear(self, heading: Heading) -> None:
        """Where the head points over the ground."""
        self._heading = heading
        self._choose(heading.sd_deg)

    @property
    def sd_deg(self) -> float | None:
        """How sure the heading is, in degrees; None without one."""
        return self._heading.sd_deg if self._heading is not None else None

    def tick(self, t_ns: int) -> None:
        """Time went by, with or without a pose: what was known of the heading is so no more."""
        if self._heading is not None and t_ns - self._heading.t_ns > STALE_S * NS:
            self._heading, self.pointing = None, "nothing"

    def update(self, pose: Pose, bearing: float | None) -> Arrow | None:
        """``bearing`` is where to go, clockwise from north; None for nowhere → the arrow to show, if it is
        another.
        """
        self._pose = pose
        self.tick(pose.t_ns)
        degrees = self.towards(bearing)
        shown = None if degrees is None else float(round(degrees))
        if shown is None and self._told is None:
            return None
        renew = pose.t_ns - self._told_ns >= NS  # the HUD takes down what nobody renews
        if shown == self._told and not renew:
            return None
        self._told, self._told_ns = shown, pose.t_ns
        return Arrow(shown)

    def towards(self, bearing: float | None) -> float | None:
        """Degrees to the left of where the head points, −180 … 180; None where nobody can say."""
        if bearing is None or self._heading is None or self._pose is None or self.pointing != "arrow":
            return None
        points = self._heading.offset_deg - self._pose.yaw
        return wrap_degrees(points - bearing)

    def _choose(self, sd: float) -> None:
        for limit, here, below in ((ARROW_SD, "arrow", ("arrow",)), (WORDS_SD, "words", ("arrow", "words"))):
            if sd <= limit * (1.0 if self.pointing in below else BACK):
                self.pointing = here  # type: ignore[assignment]
                return
        self.pointing = "nothing"
