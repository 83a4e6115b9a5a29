"""What is heard in the simulated world: sound files, each from its time on, over noise."""

from __future__ import annotations

import bisect
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drivers.audio.files import read_sound

NS = 1_000_000_000
NOISE_BLOCK = 8192


class Soundscape:
    """The same sound at the same time, however it is asked for. ``noise_dbfs`` None is silence behind it all."""

    def __init__(self, noise_dbfs: float | None, seed: int) -> None:
        self._amplitude = 0.0 if noise_dbfs is None else 10 ** (noise_dbfs / 20)
        self._seed = seed
        self._noise: tuple[int, NDArray[np.float32]] = (-1, np.zeros(0, np.float32))
        self._starts: list[tuple[int, Path]] = []  # (ns since the world's start, file), in order
        self._clips: dict[tuple[Path, int], NDArray[np.float32]] = {}

    def add(self, at_ns: int, file: Path) -> None:
        """``file`` is heard from ``at_ns`` after the world's start on."""
        bisect.insort(self._starts, (at_ns, file))

    def heard(self, first: int, n: int, rate_hz: int) -> NDArray[np.float32]:
        """float32[n] in −1…1 from sample ``first`` since the world's start on. Raises ConfigError."""
        sound = self._noise_from(first, n) if self._amplitude else np.zeros(n, np.float32)
        longest = max((len(self._clip(file, rate_hz)) for file in {f for _, f in self._starts}), default=0)
        from_ns = (first - longest) * NS // rate_hz
        begin = bisect.bisect_left(self._starts, from_ns, key=_when)
        end = bisect.bisect_left(self._starts, (first + n) * NS // rate_hz + 1, key=_when)
        for at_ns, file in self._starts[begin:end]:
            _mix(sound, self._clip(file, rate_hz), at_ns * rate_hz // NS - first)
        return np.clip(sound, -1, 1, out=sound)

    def _clip(self, file: Path, rate_hz: int) -> NDArray[np.float32]:
        if (file, rate_hz) not in self._clips:
            self._clips[file, rate_hz] = read_sound(file, rate_hz)
        return self._clips[file, rate_hz]

    def _noise_from(self, first: int, n: int) -> NDArray[np.float32]:
        blocks = range(first // NOISE_BLOCK, (first + n) // NOISE_BLOCK + 1)
        noise = np.concatenate([self._noise_block(k) for k in blocks])
        return noise[first - blocks[0] * NOISE_BLOCK :][:n].copy()

    def _noise_block(self, k: int) -> NDArray[np.float32]:
        if self._noise[0] != k:
            random = np.random.default_rng([self._seed, k % 2**32])
            self._noise = (k, random.normal(0, self._amplitude, NOISE_BLOCK).astype(np.float32))
        return self._noise[1]


def _when(start: tuple[int, Path]) -> int:
    return start[0]


def _mix(onto: NDArray[np.float32], clip: NDArray[np.float32], at: int) -> None:
    """Add ``clip`` where its first sample stands at position ``at``, which may lie outside."""
    first, end = max(0, at), min(len(onto), at + len(clip))
    if first < end:
        onto[first:end] += clip[first - at : end - at]
