"""One stretch of listening: a microphone's chunks in, what is said out. Of one thread; knows no loop, no device."""

from __future__ import annotations

import contextlib
import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.base import AudioChunk
from models.base import ModelError, VoiceActivity
from models.speech.segments import Segmenter, SpeechEvent
from runtime.sense.hearing.card_clock import NS, CardClock
from runtime.sense.hearing.condition import RATE_HZ, Gain, HighPass, Resampler
from runtime.sense.hearing.ring import Ring

QUIETEST_DB = -100.0
LEVEL_S = 0.3  # over which the level is averaged
SHORTEST_S, FLOOR_RISE_DB = (
    0.01,
    2.0,
)  # the floor is the least level of such stretches, and rises so much a second
NOTHING = np.zeros(0, np.float32)


class Heard(msgspec.Struct, frozen=True):
    """How it sounds. Levels are RMS in dBFS before the gain; ``probability`` of speech in the last 32 ms.

    ``speaking`` while a stretch is open, which has been silent for ``pause_s``: it ends at 0.5 s.
    ``t_ns`` is when the newest sound entered the microphone, ``lag_s`` how long after that it was understood.
    ``overruns`` and ``lost_s`` count sound that never came, ``dropped_s`` such as came but was not looked at in time.
    ``drift_ppm`` is how much slower than ours the card's clock runs.
    """

    rate_hz: int = 0
    t_ns: int = 0
    level_db: float = QUIETEST_DB
    floor_db: float = QUIETEST_DB
    gain_db: float = 0.0
    probability: float = 0.0
    speaking: bool = False
    pause_s: float = 0.0
    overruns: int = 0
    lost_s: float = 0.0
    dropped_s: float = 0.0
    drift_ppm: float = 0.0
    lag_s: float = 0.0


class _Stream:
    """Sound without a gap: the card's clock, and how far it has been resampled."""

    def __init__(self, rate_hz: int, t_ns: int, drift: float) -> None:
        self.rate_hz = rate_hz
        self.clock = CardClock(rate_hz, t_ns, drift)
        self.resampler = Resampler(rate_hz)
        self.given = 0

    def end_ns(self) -> int:
        """When the sample behind the last one given out was heard."""
        return self.clock.time_ns(self.given * self.rate_hz / RATE_HZ)


class Ear:
    """Resamples, clears, levels, keeps the last 30 s, and cuts what is said out of the stream."""

    def __init__(self, voice: VoiceActivity) -> None:
        self._segmenter = Segmenter(voice)
        self._ring = Ring(RATE_HZ)
        self._stream: _Stream | None = None
        self._due_ns: int | None = None  # when the sound went on, if some was lost
        self._high_pass, self._gain = HighPass(), Gain()
        self._power: float | None = None
        self._floor_db: float | None = None
        self._drift: dict[int, float] = {}
        self._overruns, self._lost_s, self._rate_hz, self._t_ns = 0, 0.0, 0, 0

    @property
    def heard(self) -> Heard:
        """How it sounds now."""
        drift = self._drift.get(self._rate_hz, 0.0)
        return Heard(
            rate_hz=self._rate_hz, t_ns=self._t_ns, level_db=_db(self._power or 0.0),
            floor_db=QUIETEST_DB if self._floor_db is None else self._floor_db, gain_db=self._gain.db,
            probability=self._segmenter.probability, speaking=self._segmenter.speaking,
            pause_s=self._segmenter.pause_s, overruns=self._overruns, lost_s=self._lost_s, drift_ppm=1e6 * drift,
        )  # fmt: skip

    def accept(self, chunk: AudioChunk) -> list[SpeechEvent]:
        """What the chunk makes known. Raises BackendError."""
        events, stream = [], self._stream
        if stream is not None and (
            chunk.overruns
            or chunk.rate_hz != stream.rate_hz
            or not stream.clock.follows(len(chunk.samples), chunk.t_ns)
        ):
            events = self.cut()
        self._overruns += chunk.overruns
        if len(chunk.samples) == 0:
            return events
        if self._stream is None:
            stream = self._begin(chunk)
            stream.clock.follows(len(chunk.samples), chunk.t_ns)
        assert stream is not None
        self._drift[stream.rate_hz] = stream.clock.drift
        return events + self._take(stream, stream.resampler.accept(chunk.samples))

    def cut(self) -> list[SpeechEvent]:
        """What comes next does not follow: end what is open. A model that fails ends it all the same."""
        events, stream = [], self._stream
        if stream is not None:
            with contextlib.suppress(ModelError):
                events += self._take(stream, stream.resampler.accept(NOTHING, last=True))
            self._due_ns, self._stream = stream.end_ns(), None
        return events + self._segmenter.finish()

    def last(self, seconds: float) -> tuple[int, NDArray[np.float32]]:
        """When it began and the last ``seconds`` of sound, 30 at most: float32[N] at 16 kHz."""
        return self._ring.last(seconds)

    def wipe(self) -> None:
        """Forget all sound."""
        self._ring.wipe()

    def _begin(self, chunk: AudioChunk) -> _Stream:
        if self._due_ns is not None:
            self._lost_s += max(0, chunk.t_ns - self._due_ns) / NS
        self._rate_hz = chunk.rate_hz
        self._high_pass = HighPass()
        self._stream = _Stream(chunk.rate_hz, chunk.t_ns, self._drift.get(chunk.rate_hz, 0.0))
        return self._stream

    def _take(self, stream: _Stream, samples: NDArray[np.float32]) -> list[SpeechEvent]:
        """``samples`` float32[N] at 16 kHz, behind those that were given before."""
        if len(samples) == 0:
            return []
        t_ns = stream.end_ns()
        stream.given += len(samples)
        self._t_ns = stream.end_ns()
        clear = self._high_pass.accept(samples)
        self._measure(clear)
        loud = self._gain.accept(clear, speech=self._segmenter.speaking)
        self._ring.append(loud, self._t_ns)
        return self._segmenter.accept(loud, t_ns)

    def _measure(self, samples: NDArray[np.float32]) -> None:
        seconds = len(samples) / RATE_HZ
        new = 1 - math.exp(-seconds / LEVEL_S)
        power = float(samples @ samples) / len(samples)
        self._power = power if self._power is None else self._power + new * (power - self._power)
        if seconds >= SHORTEST_S:
            risen = _db(power) if self._floor_db is None else self._floor_db + FLOOR_RISE_DB * seconds
            self._floor_db = min(_db(power), risen)


def _db(power: float) -> float:
    return max(QUIETEST_DB, 10 * math.log10(max(power, 1e-12)))
