"""Models of sherpa-onnx as a ``models.base.Recogniser``: Paraformer and SenseVoice whole, Zipformer streamed.

An extra, ``pip install browline[sherpa]``; nothing imports it before a model of it is opened. It brings an ONNX
Runtime of its own, and ends the whole process when a model's metadata is not what it expects: open a folder that you
know (https://k2-fsa.github.io/sherpa/onnx/pretrained_models). These models give no probabilities and don't translate.
"""

from __future__ import annotations

import os
from collections.abc import Generator as Steps
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.base import BackendError, Hypothesis, ManifestError, Piece, Task
from models.speech.whisper.pieces import spans

RATE_HZ = 16_000
LANGUAGES = ("zh", "en", "ja", "ko", "yue")  # SenseVoice's
TAIL_S = 0.66  # of silence, so that a streaming model says its last words (sherpa-onnx, python-api-examples)
LAST_S = 0.3  # how long the last piece of a text takes
TASKS: tuple[Task, ...] = ("transcribe",)

Kind = Literal["paraformer", "sense_voice", "zipformer"]
FILES: dict[Kind, tuple[str, ...]] = {
    "paraformer": ("model",),
    "sense_voice": ("model",),
    "zipformer": ("encoder", "decoder", "joiner"),
}


class SherpaRecogniser:
    """One model. Implements ``models.base.Recogniser``; of one thread."""

    def __init__(self, engine: Any, languages: Sequence[str], *, streams: bool) -> None:
        """``engine``: a sherpa_onnx.OnlineRecognizer when it ``streams``, else a sherpa_onnx.OfflineRecognizer."""
        self._engine: Any = engine
        self._languages = tuple(languages)
        self._streams = streams

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 codes it understands; it finds out itself which is spoken."""
        return self._languages

    @property
    def tasks(self) -> tuple[Task, ...]:
        """It writes down what is said, and no more."""
        return TASKS

    def utterance(
        self, *, language: str = "", task: Task = "transcribe", prompt: str = ""
    ) -> OnlineUtterance | OfflineUtterance:
        """A new utterance; ``prompt`` is of no use to these models. Raises BackendError, ValueError."""
        if self._engine is None:
            raise BackendError("the speech model was unloaded: ask the runner for it again")
        if task not in TASKS:
            raise ValueError(
                "this speech model does not translate: build a Whisper, or choose a language model"
            )
        if language and language not in self._languages:
            raise ValueError(
                f"it does not know the language {language!r}; it knows {' '.join(self._languages)}"
            )
        known = language or (self._languages[0] if len(self._languages) == 1 else "")
        return (OnlineUtterance if self._streams else OfflineUtterance)(self._engine, known)

    def close(self) -> None:
        """Unload the model."""
        self._engine = None


class OfflineUtterance:
    """Speech that is heard anew, whole, each time. Implements ``models.base.Utterance``."""

    def __init__(self, engine: Any, language: str) -> None:
        self._engine, self._language = engine, language
        self._sound: list[NDArray[np.float32]] = []
        self._last = Hypothesis(language=language)

    def accept(self, samples: NDArray[np.float32]) -> None:
        """Append ``samples`` float32[N] at 16 kHz."""
        self._sound.append(samples)

    def decode(self, *, settled: int = 0, final: bool = False) -> Steps[None, None, Hypothesis]:
        """Understand all that was accepted, in one step: these models can't be paused. Raises BackendError.

        The first ``settled`` pieces stay; of what is heard now, what was said behind them follows.
        """
        yield
        sound = np.concatenate([np.zeros(0, np.float32), *self._sound])
        if not len(sound):
            return self._last
        try:
            stream = self._engine.create_stream()
            stream.accept_waveform(RATE_HZ, sound)
            self._engine.decode_stream(stream)
            result = stream.result
        except Exception as error:  # the library's errors have no root of their own
            raise BackendError(f"sherpa-onnx failed: {error}") from error
        found = pieces_of(result.tokens, result.timestamps, len(sound) / RATE_HZ)
        language = str(result.lang).strip("<|>") if result.lang else self._language
        self._last = Hypothesis(behind(self._last.pieces[:settled], found), language)
        return self._last


class OnlineUtterance:
    """Speech that is heard once, as it comes. Implements ``models.base.Utterance``."""

    def __init__(self, engine: Any, language: str) -> None:
        self._engine, self._language = engine, language
        self._stream = engine.create_stream()
        self._seconds = 0.0
        self._ended = False
        self._last = Hypothesis(language=language)

    def accept(self, samples: NDArray[np.float32]) -> None:
        """Append ``samples`` float32[N] at 16 kHz."""
        self._stream.accept_waveform(RATE_HZ, samples)
        self._seconds += len(samples) / RATE_HZ

    def decode(self, *, settled: int = 0, final: bool = False) -> Steps[None, None, Hypothesis]:
        """Understand what is new of what was accepted; yields between its chunks. Raises BackendError."""
        if final and not self._ended:
            self._stream.accept_waveform(RATE_HZ, np.zeros(round(TAIL_S * RATE_HZ), np.float32))
            self._stream.input_finished()
            self._ended = True
        try:
            while self._engine.is_ready(self._stream):
                self._engine.decode_stream(self._stream)
                yield
            tokens, times = self._engine.tokens(self._stream), self._engine.timestamps(self._stream)
        except Exception as error:  # as above
            raise BackendError(f"sherpa-onnx failed: {error}") from error
        found = pieces_of(tokens, times, self._seconds)
        self._last = Hypothesis(behind(self._last.pieces[:settled], found), self._language)
        return self._last


def pieces_of(tokens: Sequence[str], times: Sequence[float], seconds: float) -> tuple[Piece, ...]:
    """Words or characters of ``tokens``, which begin at ``times``, in a sound of ``seconds``.

    "▁" begins a word (SentencePiece), "@@" says that it goes on (Paraformer's BPE).
    """
    texts = [token.replace("▁", " ") for token in tokens]
    whole = [f" {text}" if _begins(texts, k) else text.removesuffix("@@") for k, text in enumerate(texts)]
    whole = [text.removesuffix("@@") for text in whole]
    starts = [*times[: len(tokens)], *[seconds] * (len(tokens) - len(times))]
    ends = [*starts[1:], min(seconds, starts[-1] + LAST_S) if starts else 0.0]
    found = spans(range(len(whole)), lambda at: whole[at].encode())
    return tuple(
        Piece(s.text, float(starts[s.first]), float(max(starts[s.first], ends[s.last]))) for s in found
    )


def _begins(texts: Sequence[str], k: int) -> bool:
    """Whether a Paraformer's word begins here: these mark what goes on, and leave the blanks to the reader."""
    marked = any(text.endswith("@@") for text in texts)
    return marked and k > 0 and not texts[k - 1].endswith("@@") and texts[k][:1].isascii()


def behind(settled: tuple[Piece, ...], found: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """``settled``, and of what was ``found`` the pieces whose middle is behind them."""
    if not settled:
        return found
    end = settled[-1].end_s
    return settled + tuple(piece for piece in found if (piece.start_s + piece.end_s) / 2 > end)


def open_sherpa(
    folder: Path, kind: Kind, languages: Sequence[str] = LANGUAGES, *, threads: int = 2
) -> SherpaRecogniser:
    """A model as sherpa-onnx publishes it, loaded: ``tokens.txt`` and its ONNX files, int8 first.

    Raises ManifestError for a file that is missing, BackendError without the extra.
    """
    tokens = str(_only(folder, "tokens", ".txt"))
    files = [str(_only(folder, name, ".onnx")) for name in FILES[kind]]
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # see models.backends.ort
    try:
        import sherpa_onnx
    except ImportError as error:
        raise BackendError("sherpa-onnx is not installed: pip install 'browline[sherpa]'") from error
    if kind == "zipformer":
        encoder, decoder, joiner = files
        engine = sherpa_onnx.OnlineRecognizer.from_transducer(
            tokens=tokens, encoder=encoder, decoder=decoder, joiner=joiner, num_threads=threads
        )
        return SherpaRecogniser(engine, languages, streams=True)
    offline = sherpa_onnx.OfflineRecognizer
    make = offline.from_paraformer if kind == "paraformer" else offline.from_sense_voice
    return SherpaRecogniser(make(files[0], tokens, num_threads=threads), languages, streams=False)


def _only(folder: Path, name: str, ending: str) -> Path:
    """The file whose name begins with ``name``; of several the one of 8 bits."""
    found = sorted(folder.glob(f"{name}*{ending}"), key=lambda path: (".int8." not in path.name, path.name))
    if not found:
        raise ManifestError(f"{folder} has no {name}*{ending}: unpack the model's whole archive there")
    return found[0]
