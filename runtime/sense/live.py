"""Whether the sensors are heard: while a recording plays, its samples stand for theirs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class Live:
    """``held`` is true while a recording plays: what the drivers read is then dropped.

    ``epoch`` counts the changes, so that a filter knows when its past is another's; ``heads`` counts how often the
    IMU began anew, after which a pose's yaw counts from another direction. ``exact`` is false while it plays at
    another speed than its own: the times in what is heard then say nothing of now.
    """

    def __init__(self) -> None:
        self.held = False
        self.epoch = 0
        self.exact = True
        self.heads = 0

    @contextlib.contextmanager
    def hold(self, speed: float = 1.0) -> Iterator[None]:
        """Drop what the drivers read while inside, where a recording plays ``speed`` times as fast."""
        self.held, self.exact, self.epoch = True, speed == 1.0, self.epoch + 1
        try:
            yield
        finally:
            self.held, self.exact, self.epoch = False, True, self.epoch + 1
