"""Whether the wearer left the route, walks it backwards, or is back on it: by distance, accuracy and time.

Ferrostar takes 20 to 50 m for a deviation, OsmAnd 12 and 60 m. Distance alone is slow or cries wolf: here 22 m or
four standard deviations are enough by themselves, but half of it is when the wearer's own velocity led away from the
line. A fix's error drifts, the velocity does not know of it.
"""

from __future__ import annotations

import math

FAR_M, FAR_SD, FAR_S = 22.0, 4.0, 5.0
LEFT_M, LEFT_SD, LEFT_S = 9.0, 3.0, 2.0
WALKED_M, WALKED_S = 7.0, 3.0  # away from the line by one's own velocity, before LEFT_M counts
ON_M, ON_SD, ON_KEEP = 2.0, 0.8, 0.6  # so near, some of it was not walked away at all
FORGET_S = 15.0  # of what was: a corner taken late, and then on beside the line
POOR_M = 25.0  # an accuracy that tells nothing: indoors, a tunnel
BACK_S = 3.0  # near and along the line again
LINGER_S = 10.0  # near it whatever the course
BACKWARDS_M = 12.0
FORWARDS_M = 6.0
LONGEST_S = 2.0  # what one place may add: silence is no evidence


class Deviation:
    """Evidence of having left the line, while the wearer is taken to be on it."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """No evidence."""
        self._far_s = self._left_s = self._walked_m = 0.0

    def hear(self, dt: float, off_m: float, accuracy_m: float, away_mps: float, speed_mps: float) -> bool:
        """One place: ``off_m`` from the line, moving away from it at ``away_mps``. True: off the route."""
        if accuracy_m > POOR_M:
            return False
        dt = min(dt, LONGEST_S)
        keep = ON_KEEP if off_m < max(ON_M, ON_SD * accuracy_m) else math.exp(-dt / FORGET_S)
        self._walked_m = max(self._walked_m * keep + away_mps * dt, 0.0)
        self._far_s = _leaky(self._far_s, dt, off_m > max(FAR_M, FAR_SD * accuracy_m))
        walked = self._walked_m >= max(WALKED_M, WALKED_S * speed_mps)
        left = walked and off_m > max(LEFT_M, LEFT_SD * accuracy_m)
        self._left_s = _leaky(self._left_s, dt, left)
        return self._far_s >= FAR_S or self._left_s >= LEFT_S


class Backwards:
    """Evidence of walking the route in the wrong direction."""

    def __init__(self) -> None:
        self._back_m = self._forth_m = 0.0
        self._furthest_m = 0.0

    def reset(self, along_m: float) -> None:
        """No evidence; the wearer is at ``along_m``."""
        self._back_m = self._forth_m = 0.0
        self._furthest_m = along_m

    def hear(self, dt: float, along_m: float, forward_mps: float, accuracy_m: float) -> bool:
        """One place on the line. True: the wearer came back a good way, both by velocity and by place."""
        moved = forward_mps * min(dt, LONGEST_S)
        self._back_m = max(self._back_m - moved, 0.0)
        self._forth_m = max(self._forth_m + moved, 0.0) if self._back_m else 0.0
        self._furthest_m = max(self._furthest_m, along_m)
        back = self._furthest_m - along_m
        return (self._back_m >= BACKWARDS_M and back >= 8.0) or back >= max(30.0, 5.0 * accuracy_m)

    def turned(self, dt: float, forward_mps: float) -> bool:
        """While on the wrong way: True when the wearer goes forwards again."""
        moved = forward_mps * min(dt, LONGEST_S)
        self._forth_m = max(self._forth_m + moved, 0.0)
        return self._forth_m >= FORWARDS_M


class Return:
    """Evidence of being back on the line, while the wearer is taken to be off it."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """No evidence."""
        self._along_s = self._near_s = 0.0
        self._at_m: float | None = None

    def hear(self, dt: float, at_m: float | None, along: bool, reach_m: float) -> bool:
        """One place that is near the line at ``at_m`` (None: not near it), going ``along`` it or not.

        ``reach_m`` is how far the match may have moved since: a match that leaps is another one.
        """
        dt = min(dt, LONGEST_S)
        leapt = at_m is not None and self._at_m is not None and abs(at_m - self._at_m) > reach_m
        if leapt:
            self.reset()
        near = at_m is not None and not leapt
        self._at_m = at_m if at_m is not None else self._at_m
        self._near_s = _leaky(self._near_s, dt, near)
        self._along_s = _leaky(self._along_s, dt, near and along)
        return self._along_s >= BACK_S or self._near_s >= LINGER_S


class Backoff:
    """When to ask for another route: at once, then after 5, 10, 20 … at most 120 seconds, while still off."""

    FIRST_S, LONGEST_S, CALM_S = 5.0, 120.0, 60.0

    def __init__(self) -> None:
        self._wait_s = 0.0
        self._due_s: float | None = None
        self._calm_since_s: float | None = None

    def off(self, t_s: float) -> bool:
        """Off the route at ``t_s``: True when a new route should be asked for now."""
        if self._calm_since_s is not None and t_s - self._calm_since_s >= self.CALM_S:
            self._wait_s = 0.0
        self._calm_since_s = None
        if self._due_s is None:
            self._due_s = t_s + self._wait_s
        if t_s < self._due_s:
            return False
        self._wait_s = min(max(2 * self._wait_s, self.FIRST_S), self.LONGEST_S)
        self._due_s = t_s + self._wait_s
        return True

    def on(self, t_s: float) -> None:
        """On the route. The waits begin anew after a calm minute only, so that flapping asks no server to death."""
        if self._calm_since_s is None:
            self._calm_since_s, self._due_s = t_s, None


def _leaky(seconds: float, dt: float, holds: bool) -> float:
    return seconds + dt if holds else max(seconds - dt, 0.0)
