"""A Qwen, loaded: questions in, one step at a time out.

One engine serves any number of conversations; each answer is a loop of its own (see ``generate``), and what it
read is kept for the next one that begins alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from models.backends.ort_bound import BoundSession
from models.qwen_vl import selftest
from models.qwen_vl.constraint import Constraint, Grammars
from models.qwen_vl.decoder import Decoder
from models.qwen_vl.folder import ModelFolder
from models.qwen_vl.generate import Answer, Job, Machine, PromptError, Steps, generate
from models.qwen_vl.kv_cache import STEP, KvCache
from models.qwen_vl.prefix import Prefixes
from models.qwen_vl.prompt import Prompt, text_prompt
from models.qwen_vl.sampling import Sampler, Sampling
from models.qwen_vl.tables import embedding
from models.qwen_vl.template import Template, load_template
from models.qwen_vl.words import Words

PREFIX_BYTES = 256 << 20

Message = Mapping[str, Any]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A question. ``messages`` as in OpenAI's chat API: ``role`` and ``content``.

    ``schema`` or ``regex`` give the answer a form; ``thinking`` lets a model that can think aloud first.
    """

    messages: Sequence[Message]
    limit: int = 512
    sampling: Sampling = Sampling()
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    regex: str | None = None
    tools: Sequence[Mapping[str, Any]] | None = None
    thinking: bool = False
    speculate: bool = True


class Engine:
    """Opened from a built model's folder; ``close`` frees it. One step at a time, from any one thread."""

    def __init__(
        self,
        folder: ModelFolder,
        *,
        threads: int = 2,
        today: date | None = None,
        prefix_bytes: int = PREFIX_BYTES,
    ) -> None:
        """Raises ManifestError, BackendError."""
        about = folder.about
        self.folder = folder
        self.words = Words(folder.path / "tokenizer.json")
        self._template = Template(load_template(folder.path), today)
        decoder = Decoder(BoundSession(folder.path / "decoder.onnx", threads), about.text)
        self.machine = Machine(
            decoder, decoder, embedding(folder), self.words, frozenset(about.stops), about.text.context
        )
        self._prefixes = Prefixes(prefix_bytes)
        self._grammars: Grammars | None = None

    def prompt(self, request: Request) -> Prompt:
        """What the model will read. Raises ManifestError, PromptError."""
        if not request.messages:
            raise PromptError("there is nothing to answer: give at least one message")
        text = self._template.render(request.messages, tools=request.tools, thinking=request.thinking)
        contents = [str(message.get("content") or "") for message in request.messages]
        return text_prompt(self.words.encode(text, contents))

    def answer(self, request: Request) -> Steps:
        """The loop of one answer. Raises PromptError, ConstraintError, ManifestError, BackendError."""
        return self.complete(self.prompt(request), request)

    def complete(self, prompt: Prompt, request: Request) -> Steps:
        """The loop that goes on from ``prompt``; of the request everything but its messages counts.

        Raises PromptError, ConstraintError, BackendError.
        """
        if not prompt.items:
            raise PromptError("there is nothing to go on from: the prompt is empty")
        job = Job(
            prompt=prompt,
            sampler=Sampler(request.sampling),
            limit=max(1, request.limit),
            stop_words=request.stop,
            constraint=self._constraint(request),
            speculate=request.speculate,
        )
        return self._run(job)

    def _run(self, job: Job) -> Steps:
        about = self.folder.about
        cache = self._prefixes.take(job.prompt.items)
        if cache is None:
            room = min(len(job.prompt.items) + STEP, about.text.context + 1)
            cache = KvCache(about.text, about.kv, room)
        try:
            return (yield from generate(self.machine, cache, job))
        finally:  # after an answer, an error or a cancel: what was read is right
            # Only what was read: a decoded row is not the same bits as one that was read (see ``decoder``).
            cache.keep(min(cache.length, len(job.prompt.items)))
            self._prefixes.give(cache)

    def _constraint(self, request: Request) -> Constraint | None:
        if request.schema is None and request.regex is None:
            return None
        if self._grammars is None:
            self._grammars = Grammars(self.words, self.folder.about.text.vocab, self.folder.about.stops)
        if request.schema is not None:
            return self._grammars.json(request.schema)
        return self._grammars.regex(request.regex or "")

    def self_test(self) -> float:
        """How far this CPU's answer is from the builder's. Raises BackendError, ManifestError."""
        prompt = text_prompt(selftest.tokens(self.folder))
        cache = KvCache(self.folder.about.text, self.folder.about.kv)
        rows = prompt.rows(self.machine.table, 0, len(prompt.items))
        logits = self.machine.many.feed(cache, prompt.items, rows, prompt.positions)
        return selftest.check(self.folder, logits[0])

    def forget(self) -> None:
        """Drop what was read for earlier answers."""
        self._prefixes.forget()

    def close(self) -> None:
        """Free the weights; answers that are being made fail at their next step."""
        self.forget()
        self.machine.one.close()
        self.machine.many.close()


def run(steps: Steps) -> Answer:
    """Take every step and give the whole answer."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            answer: Answer = end.value
            return answer


def open_engine(path: Path, *, threads: int = 2, today: date | None = None) -> Engine:
    """The engine of a built model's folder. Raises ManifestError, BackendError."""
    return Engine(ModelFolder(path), threads=threads, today=today)
