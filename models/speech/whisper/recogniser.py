"""Whisper as a ``models.base.Recogniser``: a growing utterance is heard anew each time, what is settled is kept.

Encoding costs what is spoken (see ``silence``), so that hearing four seconds again is cheaper than one window of
thirty. The settled pieces are fed as the beginning of the text; what follows them is free to change.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Generator as Steps
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.base import Hypothesis, Piece, Task
from models.qwen_vl.sampling import Sampling, log_probability
from models.speech.chinese import simplified
from models.speech.mel import HALF, HOP, RATE_HZ, WINDOW_FRAMES, LogMel
from models.speech.whisper import doubt, phantoms
from models.speech.whisper.decode import Draft, Limits, listen, without_times, write
from models.speech.whisper.language import LanguageBelief
from models.speech.whisper.model import Sound, open_whisper
from models.speech.whisper.pieces import Span, spans
from models.speech.whisper.rules import Rules
from models.speech.whisper.spent import Spent
from models.speech.whisper.text import Hearer, Text, Turns
from models.speech.whisper.timing import Timeline
from models.speech.whisper.tokens import Vocabulary

SHORTEST_S = 0.1  # less sound than this says nothing
PROMPT_TOKENS = 64  # of what was said before; a long one costs time and tempts to repeat it
TEXT_TOKENS = 224  # the longest text, half of the decoder's room (openai/whisper, ``sample_len``)
MORE_FRAMES = 100  # 1 s of silence that is not merged


class Attempt(msgspec.Struct, frozen=True):
    """A way to hear a sound: how many of the silent frames behind it stay single, and the temperature."""

    silent: int
    heat: float = 0.0


FIRST = Attempt(0)
# What is in doubt is heard again. Merging the silence behind a sound is what lets a text run away now and then:
# with more of it single, and all of it, none was left of those that did. The temperatures are the last resort.
AGAIN = (
    Attempt(MORE_FRAMES),
    Attempt(WINDOW_FRAMES),
    Attempt(WINDOW_FRAMES, 0.4),
    Attempt(WINDOW_FRAMES, 0.8),
)


def _no_clock() -> int:
    return 0


class WhisperRecogniser:
    """One model and the languages that were heard. Of one thread. Implements ``models.base.Recogniser``.

    With ``timestamps`` the model says when each sentence is spoken, as long as nothing is settled; without, pieces
    are spread over the time in which somebody is heard. Whisper base understands less when it tells times: 18.8 % of
    characters wrong instead of 13.5 in nine Mandarin clips, and now and then it leaves out a clause. ``now_ns`` is a
    clock by which hypotheses tell what they cost.
    """

    def __init__(
        self,
        model: Hearer,
        vocabulary: Vocabulary,
        *,
        timestamps: bool = False,
        now_ns: Callable[[], int] = _no_clock,
    ) -> None:
        self.model, self.now_ns = model, now_ns
        self.vocabulary = vocabulary
        self.turns = Turns(model)
        self.timestamps = timestamps
        self.rules = Rules(vocabulary, timestamps=False)
        self.timed_rules = Rules(vocabulary, timestamps=True)
        self.belief = LanguageBelief(tuple(vocabulary.languages))
        self._silence: Sound | None = None

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 codes it understands."""
        return tuple(self.vocabulary.languages)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """An English model does not translate."""
        return ("transcribe", "translate") if self.vocabulary.multilingual else ("transcribe",)

    def utterance(
        self, *, language: str = "", task: Task = "transcribe", prompt: str = ""
    ) -> WhisperUtterance:
        """A new utterance. An empty ``language`` is found out; ``prompt`` is text that came before, or a glossary.

        Raises ValueError for a language or a task that it does not know.
        """
        if language and language not in self.languages:
            raise ValueError(
                f"it does not know the language {language!r}; it knows {' '.join(self.languages)}"
            )
        if task not in self.tasks:
            raise ValueError("this Whisper knows only English and can't translate: build a multilingual one")
        return WhisperUtterance(self, language, task, prompt)

    def silence(self) -> Sound:
        """What the encoder makes of nothing."""
        if self._silence is None:
            self._silence = self.model.encode(LogMel(self.model.shape.mels).frames(2))
        return self._silence

    def close(self) -> None:
        """Unload the model."""
        self.model.close()


class WhisperUtterance:
    """One stretch of speech of up to 30 s while it grows. Implements ``models.base.Utterance``."""

    def __init__(self, recogniser: WhisperRecogniser, language: str, task: Task, prompt: str) -> None:
        self._of = recogniser
        self._task: Task = task
        self._locked = bool(language)
        self._language = language
        self._before = recogniser.vocabulary.prompt(prompt, PROMPT_TOKENS)
        self._mel, self._spent = LogMel(recogniser.model.shape.mels), Spent(recogniser.now_ns)
        self._weighed: NDArray[np.float64] | None = None
        self._no_speech = 0.0
        self._heard = 0  # samples that the last hypothesis is of
        self._marks: list[tuple[int, float]] = []
        self._draft, self._spans, self._last = Draft([], []), list[Span](), Hypothesis(language=language)

    def accept(self, samples: NDArray[np.float32]) -> None:
        """Append ``samples`` float32[N] at 16 kHz; what is behind 30 s is not heard."""
        with self._spent.on("mel"):
            self._mel.accept(samples)

    def decode(self, *, settled: int = 0, final: bool = False) -> Steps[None, None, Hypothesis]:
        """Understand all that was accepted; yields between tokens.

        The first ``settled`` pieces of the last hypothesis are kept as they are. When ``final``, what is in doubt is
        heard again in other ways. Raises BackendError; ValueError when there are not that many pieces.
        """
        hypothesis = yield from self._spent.rest_on("decoder", self._understand(settled, final=final))
        return msgspec.structs.replace(hypothesis, spent=self._spent.take())

    def _understand(self, settled: int, *, final: bool) -> Steps[None, None, Hypothesis]:
        if settled > len(self._spans):
            raise ValueError(f"{settled} pieces can't be settled: the last hypothesis had {len(self._spans)}")
        sure = self._last.pieces and not self._last.doubt
        nothing_new = self._mel.samples == self._heard and (sure or not final)
        if self._seconds < SHORTEST_S or nothing_new:
            self._remember(final=final)
            return self._last
        kept, spoken = self._keep(settled), self._last.pieces[:settled]
        draft = yield from self._attempt(FIRST, kept)
        for attempt in AGAIN if final else ():
            mumbled = draft.doubt == "unlikely" and len(draft.tokens) >= self._seconds
            if not draft.doubt or (mumbled and attempt is not AGAIN[0]):
                break  # what is mumbled stays so, but a word in several seconds is not all that was said
            other = yield from self._attempt(attempt, kept)
            draft = _better(draft, other)
        if not kept.tokens and (yield from self._is_unspoken(draft)):
            draft = Draft([], [])
        self._take(draft, kept, spoken)
        self._remember(final=final)
        return self._last

    def _remember(self, *, final: bool) -> None:
        """What is over, and was speech, tells the language of what follows."""
        if final and self._weighed is not None and self._last.pieces:
            self._of.belief.remember(self._weighed)

    @property
    def _seconds(self) -> float:
        return self._mel.samples / RATE_HZ

    def _attempt(self, attempt: Attempt, kept: Draft) -> Steps[None, None, Draft]:
        """Encode and write. The language is found out, and whether anybody speaks, while nothing is kept."""
        of = self._of
        sounding = -(-(self._mel.samples + HALF) // (2 * HOP)) * 2
        with self._spent.on("mel"):
            mel = self._mel.frames(min(WINDOW_FRAMES, sounding + attempt.silent))
        with self._spent.on("encoder"):
            sound = of.model.encode(mel)
        yield
        text = Text(of.turns, sound)
        if not kept.tokens:
            self._listen(text)
        timed = of.timestamps and not kept.tokens
        opening, rules = self._opening(timed=timed), of.timed_rules if timed else of.rules
        limits = Limits(self._seconds, min(TEXT_TOKENS, of.model.shape.text_positions - len(opening) - 1))
        how = Sampling(temperature=attempt.heat, seed=self._mel.samples)
        draft = yield from write(text, opening, kept, rules, limits, how)
        draft, self._marks = without_times(draft, of.vocabulary)
        return _judged(draft, of.vocabulary)

    def _listen(self, text: Text) -> None:
        of = self._of
        languages, self._no_speech = listen(text, of.vocabulary)
        text.rewind(0)
        if not self._locked:
            self._weighed = of.belief.weigh(languages, self._seconds)
            self._language = of.belief.languages[int(self._weighed.argmax())]

    def _opening(self, *, timed: bool = False) -> list[int]:
        return [*self._before, *self._of.vocabulary.opening(self._language, self._task, timestamps=timed)]

    def _is_unspoken(self, draft: Draft) -> Steps[None, None, bool]:
        """Whether the text is none of the sound's: unlikely where nobody seems to speak, or said of silence, too."""
        silent, unlikely = self._no_speech > doubt.NO_SPEECH, draft.mean_log < doubt.UNLIKELY
        text = self._of.vocabulary.text(draft.tokens)
        if not (silent or unlikely or draft.doubt or phantoms.is_phantom(text)):
            return False
        yield
        return self._gain(draft) < (doubt.WELL_SUPPORTED if silent and unlikely else doubt.SUPPORTED)

    def _gain(self, draft: Draft) -> float:
        """How much likelier the sound makes the text than silence does, in log-probability a token."""
        opening = self._opening()
        silence = Text(self._of.turns, self._of.silence())
        logits = silence.feed_all([*opening, *draft.tokens])[len(opening) - 1 : -1]
        anyway = [
            log_probability(np.where(self._of.rules.allowed(row, draft.tokens[:at]), row, -np.inf), token)
            for at, (row, token) in enumerate(zip(logits, draft.tokens, strict=True))
        ]
        return float(np.mean(np.subtract(draft.logs, anyway)))

    def _keep(self, settled: int) -> Draft:
        """The part of the last draft that holds the first ``settled`` pieces, and no character more."""
        if not settled:
            return Draft([], [])
        vocabulary, draft, last = self._of.vocabulary, self._draft, self._spans[settled - 1]
        wanted = "".join(span.text for span in self._spans[:settled])
        if vocabulary.text(draft.tokens[: last.last + 1]) == wanted:
            return Draft(draft.tokens[: last.last + 1], draft.logs[: last.last + 1])
        rest = vocabulary.encode(wanted[len(vocabulary.text(draft.tokens[: last.last])) :])
        return Draft(
            draft.tokens[: last.last] + rest, draft.logs[: last.last] + [draft.logs[last.last]] * len(rest)
        )

    def _take(self, draft: Draft, kept: Draft, spoken: tuple[Piece, ...]) -> None:
        """Make the hypothesis: the pieces that were kept, and those of the new tokens, each with its time."""
        old = len(kept.tokens)
        new = spans(draft.tokens[old:], self._of.vocabulary.bytes_of)
        for span in new:
            span.first, span.last = span.first + old, span.last + old
        timeline = Timeline(self._mel.frames(-(-self._mel.samples // HOP)))
        start = spoken[-1].end_s if spoken else timeline.bounds[0]
        times = timeline.place(new, self._marks, start)
        chances = [float(np.exp(np.mean(draft.logs[span.first : span.last + 1]))) for span in new]
        shown = [span.text for span in new]
        if self._language == "zh" and self._task == "transcribe":
            shown = simplified(shown)
        pieces = tuple(Piece(text, *time, p) for text, time, p in zip(shown, times, chances, strict=True))
        self._draft, self._spans, self._heard = draft, self._spans[: len(spoken)] + new, self._mel.samples
        self._last = Hypothesis(spoken + pieces, self._language, self._no_speech, draft.doubt)


def open_recogniser(
    folder: Path, *, threads: int = 2, timestamps: bool = False, now_ns: Callable[[], int] = _no_clock
) -> WhisperRecogniser:
    """A built model (see ``models.speech.whisper.folder``), loaded. Raises ManifestError, BackendError."""
    model = open_whisper(folder, threads=threads)
    shape = model.shape
    vocabulary = Vocabulary(folder / "tokenizer.json", shape.vocabulary, multilingual=shape.multilingual)
    return WhisperRecogniser(model, vocabulary, timestamps=timestamps, now_ns=now_ns)


def _judged(draft: Draft, vocabulary: Vocabulary) -> Draft:
    if not draft.doubt and doubt.compression(vocabulary.text(draft.tokens)) > doubt.COMPRESSED:
        draft.doubt = "loop"
    if not draft.doubt and draft.mean_log < doubt.UNLIKELY:
        draft.doubt = "unlikely"
    return draft


def _better(one: Draft, other: Draft) -> Draft:
    """The one that is not in doubt; of two that are, the one whose text ends, then the likelier."""

    def rank(draft: Draft) -> tuple[bool, bool, float]:
        return not draft.doubt, draft.doubt == "unlikely", draft.mean_log

    return max(one, other, key=rank)
