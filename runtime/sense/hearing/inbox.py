"""Chunks between the reading of the microphone, which never waits, and their understanding, which takes its time."""

from __future__ import annotations

from collections import deque

import msgspec

from drivers.base import AudioChunk

HELD_S = 10.0
BATCH = 32


class Inbox:
    """Holds 10 s; then the oldest sound goes, and the chunk behind it says that something is missing."""

    def __init__(self) -> None:
        self._chunks: deque[AudioChunk] = deque()
        self._held_s = 0.0
        self.dropped_s = 0.0

    def __len__(self) -> int:
        return len(self._chunks)

    def put(self, chunk: AudioChunk) -> None:
        """One more chunk; never waits."""
        self._chunks.append(chunk)
        self._held_s += _seconds(chunk)
        while self._held_s > HELD_S and len(self._chunks) > 1:
            self._drop()

    def take(self) -> list[AudioChunk]:
        """The oldest chunks, about a second of them."""
        chunks = [self._chunks.popleft() for _ in range(min(BATCH, len(self._chunks)))]
        self._held_s -= sum(_seconds(chunk) for chunk in chunks)
        return chunks

    def _drop(self) -> None:
        gone, first = self._chunks.popleft(), self._chunks.popleft()
        self._held_s -= _seconds(gone)
        self.dropped_s += _seconds(gone)
        broken = msgspec.structs.replace(first, overruns=first.overruns + max(1, gone.overruns))
        self._chunks.appendleft(broken)


def _seconds(chunk: AudioChunk) -> float:
    return len(chunk.samples) / chunk.rate_hz
