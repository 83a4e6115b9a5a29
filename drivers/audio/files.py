"""Sound files as a sound card would give them: any width and rate that libsndfile reads, at the rate asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.base import ConfigError

BLOCK = 1 << 15  # frames read at once


class SoundReader:
    """A file read from its beginning on as mono at ``rate_hz`` (0: its own); ``channel`` −1 mixes all.

    Only a block of it is in memory, however long it is. Raises ConfigError when it can't be read.
    """

    def __init__(self, path: Path, rate_hz: int = 0, channel: int = -1) -> None:
        self._path, self._channel = path, channel
        self._open()
        if channel >= self._file.channels:
            raise ConfigError(f"microphone.channel: {channel}, but {path} has {self._file.channels}")
        self.rate_hz = rate_hz or int(self._file.samplerate)
        self.rewind()

    @property
    def seconds(self) -> float:
        """How long the file says it is."""
        return float(self._file.frames / self._file.samplerate)

    def rewind(self) -> None:
        """Begin anew. Raises ConfigError."""
        self.close()
        self._open()
        self._ready, self._ended = np.zeros(0, np.float32), False
        self.damage = ""  # why the file ended before its end
        self._resampler: Any = None
        if self.rate_hz != self._file.samplerate:
            import soxr

            self._resampler = soxr.ResampleStream(self._file.samplerate, self.rate_hz, 1, dtype="float32")

    def read(self, n: int) -> NDArray[np.float32]:
        """The next samples float32[≤ n]: fewer than ``n`` only at the end."""
        parts, have = [self._ready], len(self._ready)
        while have < n and not self._ended:
            parts.append(self._block())
            have += len(parts[-1])
        whole = np.concatenate(parts)
        self._ready = whole[n:]
        return whole[:n]

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def _open(self) -> None:
        import soundfile

        try:
            self._file: Any = soundfile.SoundFile(str(self._path))
        except (OSError, RuntimeError, ValueError, TypeError) as error:
            raise ConfigError(
                f"{self._path}: is no sound file that can be read ({error}); WAV, FLAC, OGG and MP3 are"
            ) from error

    def _block(self) -> NDArray[np.float32]:
        try:
            frames = self._file.read(BLOCK, dtype="float32", always_2d=True)
        except RuntimeError as error:  # the file is damaged here: what came before was heard
            self.damage = str(error)
            frames = np.zeros((0, self._file.channels), np.float32)
        self._ended = len(frames) < BLOCK
        sound = frames.mean(axis=1) if self._channel < 0 else frames[:, self._channel]
        sound = np.clip(np.nan_to_num(sound, posinf=1, neginf=-1), -1, 1)  # float files hold anything
        if self._resampler is not None:
            sound = np.clip(self._resampler.resample_chunk(sound, last=self._ended), -1, 1)
        heard: NDArray[np.float32] = np.ascontiguousarray(sound, np.float32)
        return heard


def read_sound(path: Path, rate_hz: int) -> NDArray[np.float32]:
    """A whole file as float32[N] mono at ``rate_hz``. Raises ConfigError."""
    reader = SoundReader(path, rate_hz)
    parts = [np.zeros(0, np.float32)]
    while len(part := reader.read(BLOCK)):
        parts.append(part)
    reader.close()
    return np.concatenate(parts)
