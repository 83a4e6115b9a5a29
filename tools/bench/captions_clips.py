"""Spoken sentences with what was said in them, and how far a text is from that."""

from __future__ import annotations

import re
import unicodedata
import wave
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.speech.vad import RATE_HZ
from tools.bench.figures import fixtures

# shared/fixtures/README.md; a clip with a NAME.txt beside its NAME.wav brings its own truth
TRUTHS = {
    "zh_aishell_BAC009S0724W0121": "广州市房地产中介协会分析",
    "en_librispeech_1995-1837-0001": (
        "it was the first great sorrow of his life it was not so much the loss of the cotton itself but the "
        "fantasy the hopes the dreams built around it"
    ),
}


class Clip(msgspec.Struct, frozen=True):
    """Sound float32[N] at 16 kHz, the language spoken and the words."""

    name: str
    path: Path
    language: str
    truth: str
    samples: NDArray[np.float32]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / RATE_HZ


def clips() -> list[Clip]:
    """The fixtures, by name; the first two letters of a name are its language."""
    return [
        Clip(path.stem, path, path.stem[:2], truth, read(path))
        for path in sorted((fixtures() / "speech").glob("*.wav"))
        if (truth := _truth(path))
    ]


def read(path: Path) -> NDArray[np.float32]:
    """A 16-bit mono WAV file at 16 kHz, float32[N]."""
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE_HZ, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / np.float32(32768)


def errors(truth: str, text: str, language: str) -> tuple[int, int]:
    """Wrong characters (zh) or words (else), and how many there are: CER and WER are their quotient."""
    right, said = units(truth, language), units(text, language)
    return distance(right, said), len(right)


def units(text: str, language: str) -> list[str]:
    """Characters or words without case and punctuation; traditional characters count as their simplified form."""
    plain = "".join(
        c if unicodedata.category(c)[0] in "LNM" or c == "'" else " "
        for c in unicodedata.normalize("NFKC", text).casefold()
    )
    if language == "zh":
        from models.speech.chinese import simplified

        return list("".join(simplified([re.sub(r"\s+", "", plain)])))
    return plain.split()


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Levenshtein's: how many were put in, left out or taken for another."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def noisy(
    samples: NDArray[np.float32], signal_to_noise_db: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """``samples`` float32[N] with pink noise behind them, as a street or a fan makes it."""
    spectrum = np.fft.rfft(rng.standard_normal(len(samples)))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    noise = np.fft.irfft(spectrum, len(samples))
    loud = float(np.std(samples)) / max(float(np.std(noise)), 1e-10)
    return (samples + noise * loud * 10 ** (-signal_to_noise_db / 20)).astype(np.float32)


def _truth(path: Path) -> str:
    beside = path.with_suffix(".txt")
    return beside.read_text("utf-8").strip() if beside.exists() else TRUTHS.get(path.stem, "")
