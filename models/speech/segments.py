"""What a stream of sound is cut into: stretches of speech, each from its first word to the pause behind it.

Two thresholds, a shortest speech and a shortest silence, sound kept from before and behind: the rules of Silero's own
``get_speech_timestamps`` (silero_vad/utils_vad.py), made to run while the sound comes.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.base import VoiceActivity
from models.speech.timed import TimedSound

RATE_HZ = 16_000
STEP = 512  # samples for each probability: see ``models.base.VoiceActivity``
AROUND = (
    5  # steps that a quiet place is judged by: 160 ms, so that the closure of a stop is not taken for one
)
BEHIND = (
    STEP * 7 // 2
)  # from the middle of a quiet place to the end of the step that shows it was the quietest
DEEP = 0.25  # a quiet place is 6 dB below what is usual, until half of the time to find one is over
GAP_NS = 40_000_000  # what the incoming times may be off before sound is taken for lost


class SpeechEvent(msgspec.Struct, frozen=True):
    """Somebody begins to speak, goes on, or is done. Between "begin" and "end" the sound is without a gap.

    ``samples`` float32[N] at 16 kHz: with "begin" what was heard just before as well, with "end" what still belongs
    to the stretch. ``t_ns`` is when the first of them entered the microphone. ``cut`` tells an end that was made at
    the quietest place of speech that does not pause: the next stretch begins there.
    """

    kind: Literal["begin", "more", "end"]
    t_ns: int
    samples: NDArray[np.float32]
    cut: bool = False


class Cutting(msgspec.Struct, frozen=True):
    """Where speech begins and ends. ``start`` and ``end`` are probabilities, the rest is in seconds.

    Speech shorter than ``speech_s`` is none; a pause shorter than ``silence_s`` is part of it. ``before_s`` and
    ``after_s`` of sound are kept around it. From ``cut_from_s`` on a quiet place ends the stretch, ever less quiet
    ones as it nears ``cut_by_s``, where it is ended in any case.
    """

    start: float = 0.5
    end: float = 0.35
    speech_s: float = 0.25
    silence_s: float = 0.5
    before_s: float = 0.25
    after_s: float = 0.25
    cut_from_s: float = 12.0
    cut_by_s: float = 24.0


CUTTING = Cutting()


class Segmenter:
    """One stream of sound, cut into stretches of speech by ``voice``, which is this stream's own.

    However the stream is handed over in parts, the stretches are the same. Positions are in samples since the last
    gap.
    """

    def __init__(self, voice: VoiceActivity, cutting: Cutting = CUTTING) -> None:
        self._voice, self._cutting = voice, cutting
        self._need = _steps(cutting.speech_s)
        self._silence, self._before = _samples(cutting.silence_s), _samples(cutting.before_s)
        self._after = min(_samples(cutting.after_s), self._silence)
        self._from, self._by = _samples(cutting.cut_from_s), _samples(cutting.cut_by_s)
        self._last_ns = self._over_ns = 0  # of the last event; when the last sound was over
        self._ahead_ns = 0  # by how much times are moved so as not to go back
        self._restart()

    @property
    def speaking(self) -> bool:
        """Whether a stretch is open."""
        return self._begun

    @property
    def probability(self) -> float:
        """That the last 32 ms were speech, 0…1."""
        return self._probability

    @property
    def pause_s(self) -> float:
        """How long the open stretch has been silent; the "end" comes at ``silence_s`` of it."""
        return (self._at - self._spoken) / RATE_HZ if self._begun else 0.0

    @property
    def held(self) -> int:
        """How many samples are kept for what is still to be decided."""
        return len(self._sound)

    def accept(self, samples: NDArray[np.float32], t_ns: int) -> list[SpeechEvent]:
        """``samples`` float32[N] at 16 kHz, the first of which was heard at ``t_ns``. Raises BackendError.

        A time that does not follow from the last one (sound was lost, the clock jumped) ends the stretch; the
        events' times never go back all the same.
        """
        events = self._follow(t_ns)
        self._sound.append(samples)
        for probability in self._voice.accept(samples):
            events += self._step(float(probability))
        if self._begun and self._limit() > self._given:
            events.append(self._event("more", self._limit()))
        self._sound.drop(self._needed())
        return events

    def finish(self) -> list[SpeechEvent]:
        """No more sound comes, or not right behind this: end what is open. ``accept`` may go on afresh."""
        end = min(self._sound.end, self._spoken + self._after)
        events = [self._event("end", end)] if self._begun else []
        self._over_ns = max(self._over_ns, self._sound.due_ns or 0)
        self._restart()
        return events

    def _restart(self) -> None:
        self._voice.reset()
        self._sound = TimedSound(RATE_HZ)
        self._at = 0  # the end of the last step
        self._given = 0  # the end of what events have held
        self._spoken = 0  # the end of the last step with speech
        self._start = -1  # where the stretch begins, or perhaps begins; -1: nobody speaks
        self._count = 0  # steps with speech since then
        self._wanted = self._need
        self._begun = False
        self._probability = 0.0
        self._powers: list[float] = []  # of the steps since the start

    def _follow(self, t_ns: int) -> list[SpeechEvent]:
        due_ns, events = self._sound.due_ns, []
        if due_ns is not None and abs(t_ns + self._ahead_ns - due_ns) > GAP_NS:
            events, due_ns = self.finish(), None
        if due_ns is None:
            self._ahead_ns = max(0, self._over_ns - t_ns)
        self._sound.mark(t_ns + self._ahead_ns)
        return events

    def _step(self, probability: float) -> list[SpeechEvent]:
        self._at += STEP
        self._probability = probability
        speech = probability >= (self._cutting.start if self._start < 0 else self._cutting.end)
        if self._start >= 0:
            self._powers.append(self._power())
        events = self._on_speech() if speech else self._on_silence()
        if self._begun and self._at - self._start >= self._from:
            events += self._cut()
        return events

    def _on_speech(self) -> list[SpeechEvent]:
        if self._start < 0:
            self._start = max(self._given, self._at - STEP - self._before)
            self._count, self._wanted, self._powers = 0, self._need, [self._power()]
        self._count += 1
        self._spoken = self._at
        return self._begin() if not self._begun and self._count >= self._wanted else []

    def _begin(self) -> list[SpeechEvent]:
        self._begun, self._given = True, self._start
        return [self._event("begin", self._limit())]

    def _on_silence(self) -> list[SpeechEvent]:
        if self._start < 0 or self._at - self._spoken < self._silence:
            return []
        events = [self._event("end", self._spoken + self._after)] if self._begun else []
        self._start, self._begun = -1, False
        return events

    def _cut(self) -> list[SpeechEvent]:
        place = self._at - BEHIND
        if place < self._given or not (self._is_quiet() or self._at + STEP - self._start > self._by):
            return []
        events = [self._event("end", place, cut=True)]
        self._start, self._begun, self._count, self._wanted = place, False, 0, 1
        self._powers = self._powers[-(BEHIND // STEP + 1) :]
        return events + (self._begin() if self._spoken > place else [])

    def _is_quiet(self) -> bool:
        """Whether ``BEHIND`` the end lies a dip that is quiet among all places of the stretch."""
        levels = np.convolve(self._powers, np.full(AROUND, 1 / AROUND), "valid")
        before, here, behind = levels[-3:]
        late = (self._at - self._start - self._from) / max(1, self._by - self._from)
        deep = late > 0.5 or here <= DEEP * np.median(levels)
        return bool(here <= before and here <= behind and deep and (levels < here).mean() <= late**2)

    def _power(self) -> float:
        step = self._sound.part(self._at - STEP, self._at)
        return float(step @ step) / STEP

    def _limit(self) -> int:
        """How far the stretch's sound may be given out: not what may be silence behind it, or behind a cut."""
        far = self._at - self._start >= self._from - STEP
        return max(self._given, min(self._at - (BEHIND - STEP if far else 0), self._spoken + self._after))

    def _needed(self) -> int:
        """From where on sound may still be asked for."""
        first = self._at - self._before if self._start < 0 else self._start
        return min(self._at - STEP, self._given if self._begun else first)

    def _event(self, kind: Literal["begin", "more", "end"], end: int, *, cut: bool = False) -> SpeechEvent:
        first, self._given = self._given, max(self._given, end)
        self._last_ns = max(self._last_ns, self._sound.time_ns(first))
        return SpeechEvent(kind, self._last_ns, self._sound.part(first, self._given), cut)


def _samples(seconds: float) -> int:
    return round(seconds * RATE_HZ)


def _steps(seconds: float) -> int:
    return max(1, round(seconds * RATE_HZ / STEP))
