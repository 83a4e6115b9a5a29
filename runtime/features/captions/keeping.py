"""What is said goes into a transcript while the wearer wants it kept; what can't be kept is told in one calm line."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from runtime.core.clock import NS, Clock
from runtime.core.errors import DiskFullError, ReadOnlyError, StoreError
from runtime.core.log import Log
from runtime.features.captions.conversation import Said
from runtime.features.captions.transcripts import Segment, Transcripts, UnknownTranscriptError

PART = "transcript"
FULL = "Storage is full: the transcript waits."
SEALED = "Storage can't be written: the transcript waits."
FAILED = "The transcript can't be written. Trying again."
AGAIN_S = 5.0
MOST_WAITING = 2000  # stretches that wait for a disk: hours of talk, a megabyte; then the oldest go
Report = Callable[[str, str | None], None]
Job = Callable[[], None]


class Keeping:
    """Of one task. Segments are written in the order they are put, and wait while the disk takes none."""

    def __init__(self, clock: Clock, transcripts: Transcripts, log: Log, report: Report) -> None:
        self._clock, self._transcripts, self._log, self._report = clock, transcripts, log, report
        self._began_ns: int | None = None  # None while nothing is kept
        self._jobs: deque[Job] = deque()
        self._news = asyncio.Event()
        self._failing = False
        self._id: int | None = None  # of the transcript that is open on the disk; of the store's thread

    def keep(self, wanted: bool) -> None:
        """Begin a transcript, or end it."""
        if wanted and self._began_ns is None:
            self._began_ns = self._clock.now_ns()
        elif not wanted and self._began_ns is not None:
            self._began_ns = None
            self._put(self._end)

    def put(self, said: Said, translation: str = "") -> None:
        """A stretch that is final. What was said before the transcript began is not in it."""
        if self._began_ns is None or said.t_ns < self._began_ns:
            return
        wall_ns = self._clock.wall_ns() - (self._clock.now_ns() - said.t_ns)
        start_s = (said.t_ns - self._began_ns) / NS
        end_s = start_s + said.words.until_s
        text = said.words.settled.strip()
        segment = Segment(wall_ns, start_s, end_s, text, said.language, translation)
        self._put(lambda: self._add(segment))

    def _put(self, job: Job) -> None:
        self._jobs.append(job)
        if len(self._jobs) > MOST_WAITING:
            self._jobs.popleft()
        self._news.set()

    async def run(self) -> None:
        """Write until cancelled; what is still to be written then, is, if the disk takes it."""
        writing: asyncio.Future[bool] | None = None
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                while self._jobs:
                    writing = asyncio.ensure_future(self._write())
                    if not await asyncio.shield(writing):
                        await self._clock.sleep(AGAIN_S)
        finally:
            self.keep(False)
            if writing is not None:  # nothing is written twice
                await asyncio.wait({writing})
            while self._jobs and await self._write():
                pass

    async def _write(self) -> bool:
        """Do the oldest job, which then is none any more; false when the disk does not take it."""
        job = self._jobs[0]
        try:
            await self._clock.call("store", job)
        except StoreError as error:
            self._report(PART, _told(error))
            if not self._failing:
                self._log.warning("the transcript waits", part=PART, error=str(error))
            self._failing = True
            return False
        self._failing = False
        if self._jobs and self._jobs[0] is job:
            self._jobs.popleft()
        self._report(PART, None)
        return True

    def _add(self, segment: Segment) -> None:
        if self._id is None:
            self._id = self._transcripts.begin()
        try:
            self._transcripts.add(self._id, segment)
        except UnknownTranscriptError:  # deleted meanwhile: what follows is another one
            self._id = self._transcripts.begin()
            self._transcripts.add(self._id, segment)

    def _end(self) -> None:
        if self._id is not None:
            self._transcripts.end(self._id)
            self._id = None


def _told(error: StoreError) -> str:
    if isinstance(error, DiskFullError):
        return FULL
    return SEALED if isinstance(error, ReadOnlyError) else FAILED
