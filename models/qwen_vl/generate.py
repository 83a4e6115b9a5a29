"""Generation as a loop its caller owns: a Python generator that yields after each step of work.

Between two steps the caller may do something else, for as long as it likes, or close the loop; what was
computed stays in the cache, so going on costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.qwen_vl.constraint import Constraint
from models.qwen_vl.decoder import Decoder
from models.qwen_vl.kv_cache import KvCache
from models.qwen_vl.lookup import MOST, Lookup
from models.qwen_vl.prompt import Prompt, PromptError
from models.qwen_vl.sampling import Sampler
from models.qwen_vl.stops import StopWords
from models.qwen_vl.tables import Table
from models.qwen_vl.words import Words

CHUNK = 128  # rows of a prompt in one step
SHORT_CHUNK = 16  # where others must not wait long: a tenth of the time, at 6 % less speed (AVX2, 0.5B, int8)

Reason = Literal["stop", "length"]


class Reading(msgspec.Struct, frozen=True):
    """A step over the prompt: ``done`` of ``total`` tokens; ``cached`` of them were known."""

    done: int
    total: int
    cached: int


class Word(msgspec.Struct, frozen=True):
    """A step of the answer: the text that is certain now (it may be empty), its token and log-probability."""

    text: str
    token: int
    logprob: float


class Answer(msgspec.Struct, frozen=True):
    """A whole answer. ``reason``: it came to its end, or to the limit."""

    text: str
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    reason: Reason
    prompt_tokens: int
    cached_tokens: int
    steps: int


Steps = Generator[Reading | Word, None, Answer]


class Machine(msgspec.Struct, frozen=True):
    """What generation runs on: ``many`` reads prompts, ``one`` decodes; they may be the same graph."""

    many: Decoder
    one: Decoder
    table: Table
    words: Words
    stops: frozenset[int]
    context: int


def nobody_waits() -> bool:
    """As where one answer is all there is to do."""
    return False


class Job(msgspec.Struct, frozen=True):
    """One answer's task. ``speculate``: guess tokens by prompt lookup; the answer is the same.

    ``pressed`` says before each step whether somebody must not wait long: a step is then a few rows of the prompt, or
    one token without guesses; the answer is the same, too.
    """

    prompt: Prompt
    sampler: Sampler
    limit: int
    stop_words: tuple[str, ...] = ()
    constraint: Constraint | None = None
    speculate: bool = True
    pressed: Callable[[], bool] = nobody_waits


def generate(machine: Machine, cache: KvCache, job: Job) -> Steps:
    """Read the prompt into ``cache``, which may hold its beginning already, then answer.

    Raises PromptError, ConstraintError, BackendError.
    """
    total = len(job.prompt.items)
    if total >= machine.context:
        raise PromptError(
            f"the prompt has {total} tokens, the model reads {machine.context - 1}: shorten it or leave out old turns"
        )
    cached = cache.length
    logits = yield from _read(machine, cache, job, cached)
    talk = _Talk(machine, cache, job, cached)
    return (yield from talk.answer(logits))


def _read(
    machine: Machine, cache: KvCache, job: Job, cached: int
) -> Generator[Reading, None, NDArray[np.float32]]:
    prompt, total = job.prompt, len(job.prompt.items)
    logits = np.empty((0, 0), np.float32)
    while cache.length < total:
        start = cache.length
        stop = min(total, start + (SHORT_CHUNK if job.pressed() else CHUNK))
        if cache.states is not None:
            stop = min([stop, *(place for place in prompt.partings() if place > start)])
        rows = prompt.rows(machine.table, start, stop)
        take = [-1] if stop == total else [0]
        logits = machine.many.feed(
            cache,
            prompt.items[start:stop],
            rows,
            prompt.positions[:, start:stop],
            take,
            prompt.deep(start, stop),
        )
        if stop < total:
            cache.mark()
        yield Reading(stop, total, cached)
    return logits


class _Talk:
    """The answer while it is made."""

    def __init__(self, machine: Machine, cache: KvCache, job: Job, cached: int) -> None:
        self.machine = machine
        self.cache = cache
        self.job = job
        self.cached = cached
        self.tokens: list[int] = []
        self.logprobs: list[float] = []
        self.steps = 0
        self._stream = machine.words.stream()
        self._held = StopWords(job.stop_words)
        self._lookup = Lookup(job.prompt.items) if job.speculate else None

    def answer(self, logits: NDArray[np.float32]) -> Steps:
        guess: list[int] = []
        while True:
            known = len(self.tokens)
            for row in range(len(logits)):
                word, over = self._next(logits[row])
                yield word
                if over:
                    return self._end("length" if over == "length" else "stop")
                if row >= len(guess) or guess[row] != word.token:
                    break
            if self._lookup:
                self._lookup.learn(len(self.tokens) - known - 1)
            # The rows of guesses that were wrong are forgotten; the last token has no row yet.
            self.cache.keep(self._before() + len(self.tokens) - 1)
            guess = self._guess()
            logits = self._feed(guess)

    def _before(self) -> int:
        return len(self.job.prompt.items)

    def _next(self, logits: NDArray[np.float32]) -> tuple[Word, str]:
        """Choose one token; also why it is the last one, or an empty string."""
        job = self.job
        allowed = job.constraint.allowed() if job.constraint else None
        token, logprob = job.sampler.choose(logits, self.tokens, allowed)
        if token in self.machine.stops:
            return Word(self._held.flush(), token, logprob), "stop"
        if job.constraint:
            job.constraint.take(token)
        self.tokens.append(token)
        self.logprobs.append(logprob)
        if self._lookup:
            self._lookup.extend([token])
        text, hit = self._held.add(self._stream.add(token))
        return Word(text, token, logprob), self._over(hit)

    def _over(self, hit: bool) -> str:
        if hit or (self.job.constraint and self.job.constraint.done()):
            return "stop"
        full = self._before() + len(self.tokens) >= self.machine.context
        return "length" if full or len(self.tokens) >= self.job.limit else ""

    def _guess(self) -> list[int]:
        if self._lookup is None:
            return []
        room = min(
            self.job.limit - len(self.tokens),
            self.machine.context - self._before() - len(self.tokens) - 1,
            0 if self.job.pressed() else MOST,
        )
        forced = self.job.constraint.forced() if self.job.constraint and room > 0 else []
        looked_up = self._lookup.guess(0 if forced else max(0, room))
        return forced[:room] or looked_up

    def _feed(self, guess: Sequence[int]) -> NDArray[np.float32]:
        """The logits after the last token and after each guess."""
        self.steps += 1
        # One token has no row yet; where states went back further, the rows since are fed again.
        waiting = self.tokens[self.cache.length - self._before() :]
        items = [*waiting, *guess]
        at = self.cache.next_position
        positions = np.tile(np.arange(at, at + len(items)), (3, 1))
        decoder = self.machine.one
        wanted = range(len(waiting) - 1, len(items))
        return decoder.feed(self.cache, items, self.machine.table.rows(items), positions, wanted)

    def _end(self, reason: Reason) -> Answer:
        self.cache.keep(min(self.cache.length, self._before() + len(self.tokens)))
        return Answer(
            self._held.said,
            tuple(self.tokens),
            tuple(self.logprobs),
            reason,
            len(self.job.prompt.items),
            self.cached,
            self.steps,
        )
