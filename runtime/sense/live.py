"""Whether the sensors are heard: while a recording plays, its samples stand for theirs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class Live:
    """``held`` is true while a recording plays: what the drivers read is then dropped.

    ``epoch`` counts the changes, so that a filter knows when its past is another's.
    """

    def __init__(self) -> None:
        self.held = False
        self.epoch = 0

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Drop what the drivers read while inside."""
        self.held, self.epoch = True, self.epoch + 1
        try:
            yield
        finally:
            self.held, self.epoch = False, self.epoch + 1
