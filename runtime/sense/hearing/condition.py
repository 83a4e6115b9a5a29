"""Sound as a model wants it: 16 kHz, without an offset, and not too quiet."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
LOW_HZ = 20.0  # below this is no speech: the offset of a converter, wind, steps
BLOCK = 2048  # samples for which the powers of the high-pass's pole stay well within float64


class Resampler:
    """``rate_hz`` → 16 kHz by soxr's polyphase filter. Output sample k lies at the time of input k·rate/16000.

    It comes up to 20 ms after its input (44.1 and 48 kHz), as the filter looks ahead.
    """

    def __init__(self, rate_hz: int) -> None:
        self._stream: Any = None
        if rate_hz != RATE_HZ:
            import soxr

            self._stream = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="float32", quality="HQ")

    def accept(self, samples: NDArray[np.float32], *, last: bool = False) -> NDArray[np.float32]:
        """float32[N] → float32[M]; with ``last`` what the filter still holds comes as well."""
        if self._stream is None:
            return samples
        heard: NDArray[np.float32] = self._stream.resample_chunk(np.ascontiguousarray(samples), last=last)
        return heard


class HighPass:
    """One pole at 20 Hz: what is left when the slow mean is taken away."""

    def __init__(self) -> None:
        self._keep = math.exp(-2 * math.pi * LOW_HZ / RATE_HZ)
        self._powers = self._keep ** np.arange(BLOCK + 1)  # float64[BLOCK + 1]
        self._mean: float | None = None

    def accept(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32[N] at 16 kHz → float32[N], however it is cut up."""
        parts = [self._block(samples[at : at + BLOCK]) for at in range(0, len(samples), BLOCK)]
        return np.concatenate(parts) if parts else samples

    def _block(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        n = len(samples)
        self._mean = float(samples[0]) if self._mean is None else self._mean
        # mean[k] = keep·mean[k−1] + (1−keep)·x[k], unrolled: keep^(k+1)·(mean₀ + Σ (1−keep)·x[j]/keep^(j+1))
        added = np.cumsum((1 - self._keep) * samples / self._powers[1 : n + 1])
        mean = self._powers[1 : n + 1] * (self._mean + added)
        self._mean = float(mean[-1])
        high: NDArray[np.float32] = (samples - mean).astype(np.float32)
        return high


TARGET_DB = -23.0  # RMS of speech, EBU R 128's loudness
MOST_DB = 18.0
RISE_DB, FALL_DB = 6.0, 1.0  # a second: towards the target in speech, back to none in silence
SPEECH_S = 1.0  # over which speech's level is averaged
PEAK = 0.97


class Gain:
    """A slow gain of 0 … 18 dB that learns from speech alone: silence is never made loud, it loses the gain."""

    def __init__(self) -> None:
        self.db = 0.0
        self._power: float | None = None

    def accept(self, samples: NDArray[np.float32], *, speech: bool) -> NDArray[np.float32]:
        """float32[N] → float32[N], nowhere louder than 0.97 by this gain's doing."""
        if len(samples) == 0:
            return samples
        before, seconds = self.db, len(samples) / RATE_HZ
        if speech:
            self._measure(samples, seconds)
        wanted = self._wanted() if speech else 0.0
        most, least = RISE_DB * seconds, (RISE_DB if speech else FALL_DB) * seconds
        self.db = min(max(wanted, before - least), before + most)
        loudest = float(np.abs(samples).max())
        room_db = 20 * math.log10(PEAK / max(loudest, 1e-6))
        if room_db < max(before, self.db):
            self.db = before = max(0.0, room_db)
        if before == self.db == 0:
            return samples
        ramp = np.linspace(before, self.db, len(samples), dtype=np.float32)
        louder: NDArray[np.float32] = samples * np.power(np.float32(10), ramp / np.float32(20))
        return louder

    def _measure(self, samples: NDArray[np.float32], seconds: float) -> None:
        power = float(samples @ samples) / len(samples)
        new = 1 - math.exp(-seconds / SPEECH_S)
        self._power = power if self._power is None else self._power + new * (power - self._power)

    def _wanted(self) -> float:
        level_db = 10 * math.log10(max(self._power or 0.0, 1e-12))
        return min(max(0.0, TARGET_DB - level_db), MOST_DB)
