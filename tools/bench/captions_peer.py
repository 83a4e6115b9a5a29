"""What people transcribe with today, over the same weights: faster-whisper, where it is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tools.bench.captions_clips import read
from tools.bench.captions_weights import checkpoint

THREADS = 2
Sound = NDArray[np.float32]


class Word(msgspec.Struct, frozen=True):
    """A word and when it ended, in seconds."""

    text: str
    end_s: float


class Peer(msgspec.Struct, frozen=True):
    """``text`` transcribes float32[N] at 16 kHz in a language; ``words`` also says when each word was spoken."""

    name: str
    text: Callable[[Sound, str], str]
    words: Callable[[Sound, str], list[Word]]


def faster_whisper() -> Peer | None:
    """faster-whisper in int8, beam 1; None where it is not installed."""
    if find_spec("faster_whisper") is None:
        return None
    from faster_whisper import WhisperModel, __version__

    model: Any = WhisperModel(str(checkpoint()), device="cpu", compute_type="int8", cpu_threads=THREADS)

    def heard(samples: Sound, language: str, **options: Any) -> list[Any]:
        return list(model.transcribe(samples, language=language, beam_size=1, **options)[0])

    def text(samples: Sound, language: str) -> str:
        return "".join(segment.text for segment in heard(samples, language))

    def words(samples: Sound, language: str) -> list[Word]:
        found = heard(samples, language, word_timestamps=True)
        return [Word(word.word, word.end) for segment in found for word in segment.words]

    return Peer(f"faster-whisper {__version__}", text, words)


if __name__ == "__main__":  # its memory, in a process of its own
    from tools.bench.captions_speed import peak_bytes

    peer = faster_whisper()
    assert peer is not None
    peer.text(read(Path(sys.argv[1])), sys.argv[2])
    print(peak_bytes())
