"""A recording played into a bus at its own times: what the drivers once said goes through the same code."""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from runtime.core import codec
from runtime.core.bus import Bus
from runtime.core.clock import NS, Clock
from runtime.core.errors import RecordingError
from runtime.core.topics import TOPICS, Topic

BATCH = 256
LATEST_NS = 2**62  # a century and a half of up-time: later is no time
RECORD_LIMIT = 256 * 2**20  # bytes; a broken length must not ask for the whole memory


class Recorded(NamedTuple):
    """A message and when it was published, in the recording's monotonic time."""

    t_ns: int
    topic: Topic[Any]
    message: Any


class Played(msgspec.Struct):
    """What a replay did. ``unread``: messages of topics or shapes this Browline does not know;
    ``complete`` False: the recording was cut off (its process was killed) and ended early.
    """

    messages: int = 0
    unread: int = 0
    complete: bool = False


def read(path: Path, topics: Sequence[str] = (), played: Played | None = None) -> Iterator[Recorded]:
    """The messages of a recording in their order, of ``topics`` only when any is named; ``played`` is kept
    up to date. A file that was cut off is read as far as it is whole. Raises RecordingError.
    """
    played = Played() if played is None else played
    for name in topics:
        if name not in TOPICS:
            raise RecordingError(f"there is no topic {name!r}; there are: {', '.join(TOPICS)}")
    try:
        with path.open("rb") as file:
            yield from _read(file, path, frozenset(topics or TOPICS), played)
    except OSError as error:
        raise RecordingError(f"can't read {path}: {error.strerror}") from error


def about(path: Path) -> dict[str, str]:
    """What a recording says of its making: ``wall_ns``, ``board`` and its ``imu`` as JSON. Raises RecordingError."""
    from mcap.records import Chunk, Message, Metadata

    try:
        with path.open("rb") as file:
            for record in _records(file, path, Played()):
                if isinstance(record, Metadata) and record.name == "browline":
                    return dict(record.metadata)
                if isinstance(record, Message | Chunk):
                    break
    except OSError as error:
        raise RecordingError(f"can't read {path}: {error.strerror}") from error
    return {}


def _read(file: BinaryIO, path: Path, wanted: frozenset[str], played: Played) -> Iterator[Recorded]:
    from mcap.records import Channel, Message

    known: dict[int, Topic[Any] | None] = {}
    for record in _records(file, path, played):
        if isinstance(record, Channel):
            known[record.id] = TOPICS.get(record.topic) if record.message_encoding == "msgpack" else None
        elif isinstance(record, Message):
            topic = known.get(record.channel_id)
            if topic is not None and topic.name not in wanted:
                continue
            message = _decoded(topic, record.data) if record.log_time < LATEST_NS else None
            if topic is None or message is None:
                played.unread += 1
                continue
            played.messages += 1
            yield Recorded(record.log_time, topic, message)


def _records(file: BinaryIO, path: Path, played: Played) -> Iterator[Any]:
    from mcap.exceptions import McapError
    from mcap.stream_reader import StreamReader
    from zstandard import ZstdError

    reader = StreamReader(file, validate_crcs=True, record_size_limit=RECORD_LIMIT)
    try:
        yield from reader.records
        played.complete = True
    except (McapError, ZstdError, *_BROKEN) as error:
        if file.tell() <= _MAGIC_SIZE:
            raise RecordingError(f"{path} is not a recording: choose an .mcap file") from error


_MAGIC_SIZE = 8
# What mcap lets through when lengths and numbers in a file make no sense.
_BROKEN = (struct.error, ValueError, RuntimeError, OverflowError, MemoryError)


def _decoded(topic: Topic[Any] | None, data: bytes) -> Any:
    if topic is None:
        return None
    try:
        return codec.decoder(topic).decode(data)
    except msgspec.MsgspecError:
        return None


async def play(path: Path, bus: Bus, clock: Clock, topics: Sequence[str] = (), speed: float = 1.0) -> Played:
    """Publish a recording's messages on ``bus``, ``speed`` times as fast as they came.

    Their own times (``t_ns``) are moved to now and keep their distances, so that filters see the recorded
    steps at any speed. Raises RecordingError.
    """
    played = Played()
    await publish(read(path, topics, played), bus, clock, speed)
    return played


async def publish(messages: Iterator[Recorded], bus: Bus, clock: Clock, speed: float = 1.0) -> None:
    """``play`` for messages from anywhere, in the order of their times. Raises RecordingError."""
    if not (math.isfinite(speed) and speed > 0):
        raise RecordingError(f"the speed must be more than 0, not {speed:g}")
    start_ns, first_ns = clock.now_ns(), None
    while batch := await clock.call("replay", _some, messages):
        for t_ns, topic, message in batch:
            first_ns = t_ns if first_ns is None else first_ns
            wait_ns = start_ns + round((t_ns - first_ns) / speed) - clock.now_ns()
            if wait_ns > 0:
                await clock.sleep(wait_ns / NS)
            bus.publish(topic, moved(message, start_ns - first_ns))


def _some(messages: Iterator[Recorded]) -> list[Recorded]:
    return list(itertools.islice(messages, BATCH))


def moved(message: Any, by_ns: int) -> Any:
    """The same message, so much later; one without a time of its own as it is."""
    t_ns = getattr(message, "t_ns", None)
    return message if t_ns is None else msgspec.structs.replace(message, t_ns=t_ns + by_ns)
