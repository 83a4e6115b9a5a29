"""What the runtime needs from models, as protocols; backends and families stand behind them.

Errors::

    ModelError
    ├── ManifestError (ValueError)   a manifest is wrong, or a file is not what it says
    ├── FetchError (OSError)         no source gave the file; the message lists each one's answer
    │   └── RefusedError             the server said no, and why, by its HTTP status
    ├── ModelMemoryError             the model does not fit the board's budget
    ├── BackendError                 the runtime library refused the model or failed while running it
    ├── CancelledError               the owner gave up
    └── DeadlineError                the time was over
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray


class ModelError(Exception):
    """Root of the models' errors; the message says what to do next."""


class ManifestError(ModelError, ValueError):
    """A manifest is wrong, or a file is not what its manifest says."""


class FetchError(ModelError, OSError):
    """No source gave the file."""


class RefusedError(FetchError):
    """The server said no; ``status`` is HTTP's."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class ModelMemoryError(ModelError):
    """The model does not fit the board's memory budget."""


class BackendError(ModelError):
    """The inference library refused the model or failed while running it."""


class CancelledError(ModelError):
    """The owner cancelled the job."""


class DeadlineError(ModelError):
    """The job's deadline passed before it was done."""


class TextBox(msgspec.Struct, frozen=True):
    """Where text is: four corners in image pixels, clockwise from the text's own top left; score 0…1."""

    quad: tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
    score: float


class TextLine(msgspec.Struct, frozen=True):
    """A line that was read: its text, the mean probability of its characters, where it stands."""

    text: str
    confidence: float
    box: TextBox


class TextDetector(Protocol):
    """Finds lines of text."""

    def detect(self, image: NDArray[np.uint8]) -> list[TextBox]:
        """``image`` uint8[H, W, 3] BGR → boxes in any order."""
        ...


class TextRecogniser(Protocol):
    """Reads upright strips that hold one line of text each."""

    @property
    def alphabet(self) -> str:
        """Class c ≥ 1 of the posteriors stands for ``alphabet[c − 1]``; class 0 is the CTC blank."""
        ...

    def posteriors(self, strips: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        """``strips`` uint8[h, w, 3] BGR → for each the CTC probabilities float32[T, C]."""
        ...

    def read(self, strips: Sequence[NDArray[np.uint8]]) -> list[tuple[str, float]]:
        """Greedy CTC text and its mean probability, for each strip."""
        ...


class VoiceActivity(Protocol):
    """A stream: the probability of speech for each 32 ms of sound."""

    def accept(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """``samples`` float32[N] at 16 kHz → float32[⌊(carry + N) / 512⌋] probabilities."""
        ...

    def reset(self) -> None:
        """Forget the stream's past."""
        ...


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a language model is asked. ``messages`` as in OpenAI's chat API: ``role`` and ``content``.

    A content may be a list of parts, ``{"type": "text", "text": …}`` or ``{"type": "image", "image": …}`` with
    uint8[H, W, 3] in RGB, which may say how many "pixels" of it are looked at. ``limit`` in tokens; ``schema`` is a
    JSON schema the answer follows; ``picture_pixels`` is the most of any picture that is looked at.
    """

    messages: Sequence[Mapping[str, Any]]
    limit: int = 256
    schema: Mapping[str, Any] | None = None
    picture_pixels: int | None = None


class Generator(Protocol):
    """Makes text. Whatever wants words of a model asks this, with a priority; see ``models.runner.Priority``."""

    @property
    def sees(self) -> bool:
        """Whether there is a model that takes pictures."""
        ...

    async def generate(
        self,
        question: Question,
        *,
        job: str,
        priority: int = 0,
        on_text: Callable[[str], None] | None = None,
    ) -> str:
        """The whole answer; ``on_text`` gets each piece as it is made, on the loop.

        ``job`` is the name under which the runner can cancel it. Raises ModelError.
        """
        ...

    async def forget(self) -> None:
        """Drop from memory what was read and seen for earlier answers."""
        ...


class VisualAnswerer(Protocol):
    """Answers a question about a picture in its own words: the socket for a Qwen-VL engine.

    What it says is shown as the model's words, never as something that was read.
    """

    def answer(
        self, picture: NDArray[np.uint8], question: str, facts: dict[str, Any], pixels: int | None = None
    ) -> AsyncIterator[str]:
        """``picture`` uint8[H, W, 3] BGR and what is already known → words as they are made.

        ``pixels`` is the most of the picture that is looked at.
        """
        ...
