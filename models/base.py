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
from collections.abc import Generator as Steps
from typing import Any, Literal, Protocol

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


class Piece(msgspec.Struct, frozen=True):
    """A word of an utterance, or a character where words are not spaced.

    ``text`` with the blank before it, if any; ``start_s`` and ``end_s`` from the utterance's first sample;
    ``probability`` 0…1.
    """

    text: str
    start_s: float
    end_s: float
    probability: float = 1.0


class Hypothesis(msgspec.Struct, frozen=True):
    """What was understood of an utterance so far: ``pieces`` joined are its text.

    ``language`` is ISO 639-1 ("zh"), empty when not known; ``no_speech`` 0…1 is how sure the model is that nobody
    spoke; ``doubt`` says in a word why the text is not to be believed ("loop", "long", "unlikely"), empty when it is.
    ``spent``: seconds of work by stage ("mel", "encoder", "decoder"), where the model tells.
    """

    pieces: tuple[Piece, ...] = ()
    language: str = ""
    no_speech: float = 0.0
    doubt: str = ""
    spent: Mapping[str, float] = {}

    @property
    def text(self) -> str:
        """The whole text, without blanks at its ends."""
        return "".join(piece.text for piece in self.pieces).strip()


Task = Literal["transcribe", "translate"]


class Utterance(Protocol):
    """One stretch of speech while it grows: sound in, hypotheses out. Of one thread."""

    def accept(self, samples: NDArray[np.float32]) -> None:
        """Append ``samples`` float32[N] at 16 kHz."""
        ...

    def decode(self, *, settled: int = 0, final: bool = False) -> Steps[None, None, Hypothesis]:
        """Understand all that was accepted; yields between steps (tokens), so that a runner may pause it.

        The first ``settled`` pieces of the last hypothesis are kept as they are. ``final`` when no more sound comes.
        Raises BackendError.
        """
        ...


class Recogniser(Protocol):
    """A speech model; many utterances share it."""

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 codes it understands."""
        ...

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What it can do; "translate" is into English."""
        ...

    def utterance(self, *, language: str = "", task: Task = "transcribe", prompt: str = "") -> Utterance:
        """A new utterance. An empty ``language`` is found out; ``prompt`` is text that came before, or a glossary."""
        ...

    def close(self) -> None:
        """Unload the model."""
        ...


class Spoken(msgspec.Struct, frozen=True):
    """A finished sentence that is to be translated: its text and, for models that hear, its sound.

    ``samples`` float32[N] at 16 kHz, empty where there is none; ``before`` holds the last sentences, each with its
    translation, oldest first.
    """

    text: str
    language: str
    samples: NDArray[np.float32]
    before: tuple[tuple[str, str], ...] = ()


class Translator(Protocol):
    """Puts what was said into another language."""

    async def translate(
        self, spoken: Spoken, target: str, *, on_text: Callable[[str], None] | None = None
    ) -> str:
        """The translation into ``target`` (ISO 639-1); ``on_text`` gets each piece as it is made, on the loop.

        Raises ModelError.
        """
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
