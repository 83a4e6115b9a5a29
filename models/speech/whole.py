"""A recording, from its first sample to its last: cut where nobody speaks, each stretch understood in turn.

Only one stretch is in memory, however long the recording is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.base import Recogniser, Spoken
from models.speech.segments import RATE_HZ, Cutting, Segmenter, SpeechEvent
from models.speech.sentences import sentences
from models.steps import finished

# A recording can wait: stretches are longer than those of live captions, which gives the model more to go by.
CUTTING = Cutting(silence_s=0.8, cut_from_s=22.0, cut_by_s=29.0)
NS = 1_000_000_000

Translate = Callable[[Spoken], str]
"""A finished stretch → its translation, empty where there is none. Raises ModelError."""


class Segment(msgspec.Struct, frozen=True):
    """What was said from ``start`` to ``end``, in seconds from the recording's first sample."""

    start: float
    end: float
    text: str
    language: str
    translation: str = ""


class Transcriber:
    """Understands recordings, one after the other, in ``language`` or, where that is empty, in what it hears."""

    def __init__(
        self,
        recogniser: Recogniser,
        segmenter: Segmenter,
        *,
        language: str = "",
        translate: Translate | None = None,
    ) -> None:
        self._recogniser = recogniser
        self._segmenter = segmenter
        self._language = language
        self._translate = translate

    def transcribe(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[Segment]:
        """``blocks`` float32[N] at 16 kHz that follow each other → segments, as soon as each is known.

        A segment is a sentence; with a translation it is a stretch, since sentences need not match. Raises
        BackendError, and what ``translate`` raises.
        """
        heard: list[NDArray[np.float32]] = []
        start_s = 0.0
        for event in self._events(blocks):
            if event.kind == "begin":
                heard, start_s = [], event.t_ns / NS
            heard.append(event.samples)
            if event.kind == "end":
                yield from self._understand(np.concatenate(heard), start_s)

    def _events(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[SpeechEvent]:
        at = 0
        for block in blocks:
            yield from self._segmenter.accept(block, at * NS // RATE_HZ)
            at += len(block)
        yield from self._segmenter.finish()

    def _understand(self, samples: NDArray[np.float32], start_s: float) -> Iterator[Segment]:
        utterance = self._recogniser.utterance(language=self._language)
        utterance.accept(samples)
        found = finished(utterance.decode(final=True))
        if not found.text:
            return
        groups = [found.pieces] if self._translate else sentences(found.pieces)
        for pieces in groups:
            text = "".join(piece.text for piece in pieces).strip()
            spoken = Spoken(text, found.language, samples)
            translation = self._translate(spoken) if self._translate else ""
            start, end = start_s + pieces[0].start_s, start_s + pieces[-1].end_s
            yield Segment(round(start, 3), round(end, 3), text, found.language, translation)
