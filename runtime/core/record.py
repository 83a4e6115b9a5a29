"""Recordings: chosen topics into an MCAP file (https://mcap.dev/spec), started and stopped at run time.

Camera and microphone go in only when they are asked for by name. Each second a chunk is complete on the
disk, so that a killed process leaves a file that ``replay`` reads up to its last second.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from runtime.core import codec
from runtime.core.bus import Bus
from runtime.core.clock import Clock
from runtime.core.errors import RecordingError, describe
from runtime.core.log import Log
from runtime.core.messages import Card, Line
from runtime.core.topics import CARD, TOPICS, Topic

FLUSH_S = 0.5
BACKLOG = 20_000  # messages that may wait for a slow disk; 40 s of every topic's rate


class Recording(msgspec.Struct, frozen=True):
    """A finished recording: messages written, and those a slow disk made us leave out."""

    path: Path
    messages: int
    dropped: int
    bytes: int


def chosen(topics: Sequence[str] = (), include: Sequence[str] = ()) -> list[Topic[Any]]:
    """The topics to record: those named (all that are recorded by default when none is) and those of
    ``include``, the one place where camera and microphone may be named. Raises RecordingError.
    """
    for name in (*topics, *include):
        if name not in TOPICS:
            raise RecordingError(f"there is no topic {name!r}; there are: {', '.join(TOPICS)}")
    for name in topics:
        if not TOPICS[name].recorded and name not in include:
            raise RecordingError(f"{name} is recorded only when you ask for it: include {name}")
    names = {*(topics or (t.name for t in TOPICS.values() if t.recorded)), *include}
    return [topic for topic in TOPICS.values() if topic.name in names]


class Recorder:
    """One recording at a time; ``about`` goes into each, beside the time of its start."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        log: Log,
        create: Callable[[Path], Output] | None = None,
        about: Mapping[str, str] | None = None,
    ) -> None:
        self._bus, self._clock, self._log, self._about = bus, clock, log, dict(about or {})
        self._create = create or Output
        self._session: Session | None = None
        self._taps: list[Callable[[], None]] = []
        self._pump: asyncio.Task[None] | None = None

    @property
    def path(self) -> Path | None:
        """Where the running recording goes; None when none runs."""
        return self._session.path if self._session else None

    async def start(self, path: Path, topics: Sequence[str] = (), include: Sequence[str] = ()) -> None:
        """Begin to record into a new file; ``chosen`` says what. Raises RecordingError."""
        names = chosen(topics, include)
        if self._session is not None:
            raise RecordingError(f"already recording to {self._session.path}: stop that first")
        session = self._session = Session(path)
        try:
            about = {"wall_ns": str(self._clock.wall_ns())} | self._about
            await self._clock.call("record", session.begin, self._create, names, about)
        except OSError as error:
            self._session = None
            raise RecordingError(f"can't record to {path}: {error.strerror}; choose another") from error
        self._taps = [self._bus.tap(topic, self._keeper(session, topic)) for topic in names]
        self._pump = asyncio.get_running_loop().create_task(self._run(session), name="record")

    async def stop(self) -> Recording:
        """End the recording. Raises RecordingError when none runs, or when its end could not be written
        (what came before can still be replayed).
        """
        session = self._session
        if session is None:
            raise RecordingError("nothing is being recorded")
        self._detach()
        try:
            return await self._clock.call("record", session.finish)
        except OSError as error:
            raise RecordingError(f"the end of {session.path} is missing: {error.strerror}") from error

    def _keeper(self, session: Session, topic: Topic[Any]) -> Callable[[Any], None]:
        now_ns, name = self._clock.now_ns, topic.name

        def keep(message: Any) -> None:
            if len(session.waiting) < BACKLOG:
                session.waiting.append((name, now_ns(), message))
            else:
                session.dropped += 1

        return keep

    async def _run(self, session: Session) -> None:
        try:
            while True:
                await self._clock.sleep(FLUSH_S)
                await self._clock.call("record", session.drain)
        except OSError as error:
            self._detach()
            await self._clock.call("record", session.close)
            self._log.error("recording stopped", part="record", path=str(session.path), error=describe(error))
            why = "Storage is full." if error.errno == errno.ENOSPC else "Storage failed."
            self._bus.publish(CARD, Card("recording", (Line(f"{why} Recording stopped."),), ttl_s=6.0))

    def _detach(self) -> None:
        for close in self._taps:
            close()
        self._taps, self._session = [], None
        if self._pump is not None and self._pump is not asyncio.current_task():
            self._pump.cancel()


class Session:
    """One file, written on the thread "record"; only ``waiting`` is shared with the loop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.waiting: deque[tuple[str, int, Any]] = deque()
        self.messages = self.dropped = 0
        self._failed: OSError | None = None

    def begin(
        self, create: Callable[[Path], Output], topics: Sequence[Topic[Any]], about: dict[str, str]
    ) -> None:
        """Create the file and write its head. Raises OSError."""
        from mcap.writer import Writer  # 60 ms that the first HUD frame need not wait for

        self._file = create(self.path)
        writer: Any = Writer
        self._writer = writer(self._file)
        try:
            self._writer.start("browline", "browline")
            self._writer.add_metadata("browline", about)
        except OSError:
            self._file.close()
            self.path.unlink(missing_ok=True)
            raise
        self._channels = {topic.name: self._channel(topic) for topic in topics}

    def _channel(self, topic: Topic[Any]) -> int:
        schema = self._writer.register_schema(codec.type_name(topic), "jsonschema", codec.schema(topic))
        return int(self._writer.register_channel(topic.name, "msgpack", schema))

    def drain(self) -> None:
        """Write what waits, as one complete chunk. Raises OSError; nothing is written after that."""
        if self._failed is not None:
            raise self._failed
        try:
            while self.waiting:
                self._add(*self.waiting.popleft())
            self._writer.flush()
        except OSError as error:
            self._failed = error
            raise

    def _add(self, name: str, t_ns: int, message: Any) -> None:
        try:
            data = codec.encode(message)
        except TypeError:  # what no decoder could read back
            self.dropped += 1
            return
        self._writer.add_message(self._channels[name], t_ns, data, t_ns, self.messages)
        self.messages += 1

    def finish(self) -> Recording:
        """Complete the file and close it. Raises OSError."""
        try:
            self.drain()
            self._writer.finish()
        finally:
            self.close()
        return Recording(self.path, self.messages, self.dropped, self._file.tell())

    def close(self) -> None:
        """Leave the file as it is: replay reads what is complete."""
        self._file.close()


class Output:
    """A new file without a buffer, so that a failed write leaves nothing behind to be written later."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._size = 0

    def write(self, data: bytes) -> None:
        """Write all of ``data``. Raises OSError."""
        rest = memoryview(data)
        while rest:
            done = os.write(self._fd, rest)
            self._size += done
            rest = rest[done:]

    def tell(self) -> int:
        """Bytes written so far."""
        return self._size

    def flush(self) -> None:
        """There is nothing to flush."""

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)
