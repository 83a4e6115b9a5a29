"""Whisper, loaded: sound in, keys and values of the cross-attention out; tokens in, logits out.

One text is decoded at a time. Its self-attention's keys and values stay where they are, any number of tokens is fed
in a step, and what was fed last can be taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.backends.ort_bound import Binding, BoundSession
from models.base import BackendError
from models.speech.whisper.folder import SpeechFolder
from models.speech.whisper.silence import window


class Sound(msgspec.Struct, frozen=True):
    """What the encoder made of a window of sound; may be decoded any number of times.

    ``cross`` float32[2 · text layers, heads, s, head]: each layer's keys, then its values; ``sizes`` float32[s]: log
    of how many positions a row stands for; ``positions``: how many of 20 ms were spoken.
    """

    cross: NDArray[np.float32]
    sizes: NDArray[np.float32]
    positions: int


class WhisperModel:
    """The graphs, and room for the keys and values of one text. Of one thread."""

    def __init__(self, folder: SpeechFolder, threads: int, *, pack: bool = True) -> None:
        """``pack``: keep the weights beside the model as this CPU wants them. Raises BackendError."""
        self.folder = folder
        self.shape = folder.about.shape
        kept = folder.path if pack else None
        self._encoder = _session(folder, "encoder.onnx", threads, kept)
        # A token is a hundred small steps: two threads that meet after each take twice the time of one as soon as
        # anybody else wants the CPU.
        self._decoder = _session(folder, "decoder.onnx", 1, kept)
        self._head = _session(folder, "head.onnx", 1, kept)
        self._places: NDArray[np.float32] = folder.tensor("text.places")
        room = (1, self.shape.heads, self.shape.text_positions, self.shape.head_size)
        names = [f"{letter}.{i}" for i in range(self.shape.text_layers) for letter in "kv"]
        self._cache = {name: np.zeros(room, np.float32) for name in names}
        self._text: Binding | None = None
        self._position = 0

    def encode(self, mel: NDArray[np.float32]) -> Sound:
        """``mel`` float32[mels, 2n]: the log-mel spectrogram of what is spoken, n positions of 20 ms.

        The rest of the 30 s is digital silence, and costs little (see ``silence``): leave it out. Raises
        BackendError; ValueError for a spectrogram of another form or of more than 30 s.
        """
        shape = self.shape
        if mel.ndim != 2 or len(mel) != shape.mels or mel.shape[1] % 2 or mel.dtype != np.float32:
            raise ValueError(f"mel must be float32[{shape.mels}, 2n], not {mel.dtype}{list(mel.shape)}")
        if mel.shape[1] > 2 * shape.audio_positions:
            raise ValueError(f"mel has {mel.shape[1]} frames, the window {2 * shape.audio_positions}")
        part = window(mel, shape.audio_positions)
        cross = np.empty((2 * shape.text_layers, shape.heads, len(part.sizes), shape.head_size), np.float32)
        feeds: dict[str, NDArray[Any]]
        feeds = {"mel": part.mel[None], "frames": part.frames, "places": part.places, "sizes": part.sizes}
        results = {f"cross.{i}.kv": cross[2 * i : 2 * i + 2] for i in range(shape.text_layers)}
        self._encoder.bind().run(feeds, results)
        if not np.isfinite(cross.sum(dtype=np.float64)):
            raise BackendError(
                f"{self.folder.path} computes no numbers: its weights are damaged, build the model again"
            )
        return Sound(cross, part.sizes, mel.shape[1] // 2)

    def start(self, sound: Sound) -> None:
        """Begin a text over ``sound``: nothing of an earlier one is left."""
        text = self._decoder.bind()
        for i in range(self.shape.text_layers):
            text.hold(f"cross.k.{i}", sound.cross[2 * i][None])
            text.hold(f"cross.v.{i}", sound.cross[2 * i + 1][None])
        text.hold("sizes", sound.sizes)
        for name, array in self._cache.items():
            text.hold(name, array)
            text.into(f"{name}.out", array)
        self._text, self._position = text, 0

    def feed(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """The logits float32[vocabulary] after the last of ``tokens``, which follow what was fed before.

        Raises BackendError; ValueError for no token, one that there is not, or more than there is room for.
        """
        (logits,) = self._logits(self._step(tokens)[-1:])
        return np.asarray(logits, np.float32)

    def feed_all(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """As ``feed``; the logits float32[len(tokens), vocabulary] after each."""
        return self._logits(self._step(tokens))

    @property
    def position(self) -> int:
        """How many tokens the text has so far."""
        return self._position

    def rewind(self, position: int) -> None:
        """Take back all tokens from ``position`` on. Raises ValueError where there are not that many."""
        if not 0 <= position <= self._position:
            raise ValueError(f"the text has {self._position} tokens, there is no way back to {position}")
        self._position = position

    def close(self) -> None:
        """Free the weights; nothing can be asked any more."""
        self._text = None
        for session in (self._encoder, self._decoder, self._head):
            session.close()

    def _step(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """What the decoder made of each token, float32[r, width]."""
        if self._text is None:
            raise ValueError("start a text first")
        ids = np.array(tokens, np.int64)
        end = self._position + len(ids)
        if not len(ids) or not 0 <= ids.min() <= ids.max() < self.shape.vocabulary:
            raise ValueError(f"tokens must be one or more of 0…{self.shape.vocabulary - 1}")
        if end > self.shape.text_positions:
            raise ValueError(f"{end} tokens are more than the {self.shape.text_positions} there is room for")
        embeds = self.folder.embeddings(ids) + self._places[self._position : end]
        hidden = np.empty_like(embeds)
        feeds: dict[str, NDArray[Any]] = {"embeds": embeds[None]}
        feeds |= {"last": np.array([end - 1], np.int32), "total": np.array(end, np.int32)}
        self._text.run(feeds, {"hidden": hidden[None]})
        self._position = end
        return hidden

    def _logits(self, hidden: NDArray[np.float32]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = np.empty((len(hidden), self.shape.vocabulary), np.float32)
        self._head.bind().run({"wanted": hidden[None]}, {"logits": logits[None]})
        return logits


def open_whisper(folder: Path, *, threads: int) -> WhisperModel:
    """A built model (see ``folder``), loaded. Raises ManifestError, BackendError."""
    return WhisperModel(SpeechFolder(folder), threads)


def _session(folder: SpeechFolder, graph: str, threads: int, kept: Path | None) -> BoundSession:
    weights = kept and kept / ("encoder.data" if graph.startswith("encoder") else "decoder.data")
    # Threads that wait with their cores kept take a third more of the CPU here, and save no time.
    return BoundSession(folder.path / graph, threads, weights, spin=False)
