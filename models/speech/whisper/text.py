"""A text over one sound, on a model that other texts are decoded on, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.speech.whisper.model import Sound
from models.speech.whisper.shape import Shape


class Hearer(Protocol):
    """What is asked of a model; ``models.speech.whisper.model.WhisperModel`` says what each does."""

    shape: Shape

    def encode(self, mel: NDArray[np.float32]) -> Sound:
        """Hear a spectrogram float32[mels, 2n]."""
        ...

    def start(self, sound: Sound) -> None:
        """Begin a text over ``sound``."""
        ...

    def feed(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """Logits float32[vocabulary] after the last of ``tokens``."""
        ...

    def feed_all(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """Logits float32[n, vocabulary] after each of ``tokens``."""
        ...

    def rewind(self, position: int) -> None:
        """Take back all tokens from ``position`` on."""
        ...

    def close(self) -> None:
        """Free the weights."""
        ...


class Turns:
    """A model, and whose keys and values are in it now."""

    def __init__(self, model: Hearer) -> None:
        self.model = model
        self.whose: Text | None = None


class Text:
    """The tokens fed so far. When another text was decoded in between, they are fed once more, all at once."""

    def __init__(self, turns: Turns, sound: Sound) -> None:
        self._turns = turns
        self._sound = sound
        self._fed: list[int] = []

    def __len__(self) -> int:
        return len(self._fed)

    def feed(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """The logits float32[vocabulary] after the last of ``tokens``. Raises BackendError."""
        logits = self._ours().feed(tokens)
        self._fed += tokens
        return logits

    def feed_all(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """The logits float32[n, vocabulary] after each of ``tokens``. Raises BackendError."""
        logits = self._ours().feed_all(tokens)
        self._fed += tokens
        return logits

    def rewind(self, length: int) -> None:
        """Take back all tokens from ``length`` on."""
        del self._fed[length:]
        if self._turns.whose is self:
            self._turns.model.rewind(length)

    def _ours(self) -> Hearer:
        model = self._turns.model
        if self._turns.whose is not self:
            model.start(self._sound)
            if self._fed:
                model.feed(self._fed)
            self._turns.whose = self
        return model
