"""What is said goes into a transcript while the wearer wants it kept; what can't be kept is told in one calm line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from runtime.core.clock import NS, Clock
from runtime.core.errors import StoreError
from runtime.features.captions.conversation import Said
from runtime.features.captions.transcripts import Segment, Transcripts

PART = "transcript"
Report = Callable[[str, str | None], None]


class Keeping:
    """Of one task. Segments are written in the order they are put."""

    def __init__(self, clock: Clock, transcripts: Transcripts, report: Report) -> None:
        self._clock, self._transcripts, self._report = clock, transcripts, report
        self._began_ns: int | None = None  # None while nothing is kept
        self._jobs: asyncio.Queue[Callable[[], None]] = asyncio.Queue()
        self._id: int | None = None  # of the transcript that is open on the disk; of the store's thread

    def keep(self, wanted: bool) -> None:
        """Begin a transcript, or end it."""
        if wanted and self._began_ns is None:
            self._began_ns = self._clock.now_ns()
        elif not wanted and self._began_ns is not None:
            self._began_ns = None
            self._jobs.put_nowait(self._end)

    def put(self, said: Said, translation: str = "") -> None:
        """A stretch that is final. What was said before the transcript began is not in it."""
        if self._began_ns is None or said.t_ns < self._began_ns:
            return
        wall_ns = self._clock.wall_ns() - (self._clock.now_ns() - said.t_ns)
        start_s = (said.t_ns - self._began_ns) / NS
        end_s = start_s + said.words.until_s
        text = said.words.settled.strip()
        segment = Segment(wall_ns, start_s, end_s, text, said.language, translation)
        self._jobs.put_nowait(lambda: self._add(segment))

    async def run(self) -> None:
        """Write until cancelled; what is still to be written then, is."""
        try:
            while True:
                await self._write(await self._jobs.get())
        finally:
            self.keep(False)
            while not self._jobs.empty():
                await self._write(self._jobs.get_nowait())

    async def _write(self, job: Callable[[], None]) -> None:
        try:
            await self._clock.call("store", job)
        except StoreError as error:
            self._report(PART, f"The transcript is not kept: {error}")
        else:
            self._report(PART, None)

    def _add(self, segment: Segment) -> None:
        if self._id is None:
            self._id = self._transcripts.begin()
        self._transcripts.add(self._id, segment)

    def _end(self) -> None:
        if self._id is not None:
            self._transcripts.end(self._id)
            self._id = None
