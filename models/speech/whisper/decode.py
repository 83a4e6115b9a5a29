"""From logits to tokens, one a step: greedy, or sampled at a temperature from a seed."""

from __future__ import annotations

from collections.abc import Generator as Steps
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.sampling import Sampler, Sampling
from models.speech.whisper import doubt
from models.speech.whisper.rules import Rules
from models.speech.whisper.text import Text
from models.speech.whisper.tokens import Vocabulary


class Draft(msgspec.Struct):
    """A text as tokens, without opening and end, and the log-probability of each; ``end_log`` is that of the end.

    ``doubt`` as in ``models.base.Hypothesis``.
    """

    tokens: list[int]
    logs: list[float]
    end_log: float = 0.0
    doubt: str = ""

    @property
    def mean_log(self) -> float:
        """Mean log-probability of a token, the end counted (openai/whisper, ``avg_logprob``)."""
        return (sum(self.logs) + self.end_log) / (len(self.logs) + 1)


class Limits(msgspec.Struct, frozen=True):
    """Seconds of sound, and how many tokens the model has room for behind the opening."""

    seconds: float
    room: int


def listen(text: Text, vocabulary: Vocabulary) -> tuple[NDArray[np.float32], float]:
    """Feed the start token: how likely each language is, float32[languages], and that nobody speaks, 0…1."""
    logits = text.feed([vocabulary.start])
    odds = np.exp(logits - logits.max())
    languages = (
        odds[list(vocabulary.languages.values())] if vocabulary.multilingual else np.ones(1, np.float32)
    )
    return languages / languages.sum(), float(odds[vocabulary.no_speech] / odds.sum())


def write(
    text: Text, opening: Sequence[int], kept: Draft, rules: Rules, limits: Limits, how: Sampling
) -> Steps[None, None, Draft]:
    """Feed ``opening`` and what is ``kept`` of an earlier draft, and go on to the text's end; yields between tokens.

    Ends early, in doubt, when the text is longer than anybody speaks ("long") or goes round in circles ("loop").
    Raises BackendError.
    """
    sampler, vocabulary = Sampler(how), rules.vocabulary
    draft = Draft([*kept.tokens], [*kept.logs])
    most, spent = min(doubt.most_tokens(limits.seconds), limits.room), _characters(kept.tokens, vocabulary)
    logits = text.feed([*opening, *kept.tokens])
    while True:
        yield
        token, log = sampler.choose(logits, (), rules.allowed(logits, draft.tokens))
        if token == vocabulary.end:
            draft.end_log = log
            return draft
        draft.tokens.append(token)
        draft.logs.append(log)
        spent += _characters([token], vocabulary)
        if size := doubt.period(draft.tokens, limits.seconds):
            return _cut(draft, size)
        if spent >= most or len(draft.tokens) >= limits.room:
            draft.doubt = "long"
            return draft
        logits = text.feed([token])


def without_times(draft: Draft, vocabulary: Vocabulary) -> tuple[Draft, list[tuple[int, float]]]:
    """The draft without timestamps, and of each how many tokens stand before it and its seconds."""
    marks: list[tuple[int, float]] = []
    words = Draft([], [], draft.end_log, draft.doubt)
    for token, log in zip(draft.tokens, draft.logs, strict=True):
        if token >= vocabulary.first_timestamp:
            marks.append((len(words.tokens), vocabulary.seconds(token)))
        else:
            words.tokens.append(token)
            words.logs.append(log)
    return words, marks


def _cut(draft: Draft, size: int) -> Draft:
    length = doubt.without_loop(draft.tokens, size)
    return Draft(draft.tokens[:length], draft.logs[:length], doubt="loop")


def _characters(tokens: Sequence[int], vocabulary: Vocabulary) -> int:
    """How many of ``tokens`` begin a character: bytes that go on with one cost no time to say."""
    return sum(not vocabulary.goes_on(token) for token in tokens if token < vocabulary.end)
