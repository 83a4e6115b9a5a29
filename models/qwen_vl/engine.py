"""A Qwen, loaded: questions in, one step at a time out.

One engine serves any number of conversations; each answer is a loop of its own (see ``generate``), and what it
read is kept for the next one that begins alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from models.backends.ort_bound import BoundSession
from models.backends.ort_packed import machine
from models.qwen_vl import rows, selftest
from models.qwen_vl.adapter import Adapter, Adapters
from models.qwen_vl.constraint import Constraint, Grammars
from models.qwen_vl.decoder import Decoder
from models.qwen_vl.folder import ModelFolder
from models.qwen_vl.generate import Answer, Job, Machine, Steps, generate, nobody_waits
from models.qwen_vl.kernels import BUILT, Kernels, Timer, choose
from models.qwen_vl.kv_cache import STEP, KvCache
from models.qwen_vl.preamble import preamble
from models.qwen_vl.prefix import Prefixes
from models.qwen_vl.prefix_disk import FOLDER, PrefixDisk
from models.qwen_vl.prompt import Prompt, PromptError, text_prompt
from models.qwen_vl.sampling import Sampler, Sampling
from models.qwen_vl.sight import Sight
from models.qwen_vl.tables import embedding
from models.qwen_vl.template import Template, load_template
from models.qwen_vl.turns import View, told
from models.qwen_vl.vision import Encoder
from models.qwen_vl.words import Words
from models.steps import finished

PREFIX_BYTES = 256 << 20

Message = Mapping[str, Any]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A question. ``messages`` as in OpenAI's chat API: ``role`` and ``content``; for pictures see ``turns``.

    ``picture_pixels`` is the most a picture may have when it is looked at; ``schema`` or ``regex`` give the answer
    a form; ``thinking`` lets a model that can think aloud first. ``pressed``: see ``generate.Job``; ``adapter`` names
    one of the model's, or none.
    """

    messages: Sequence[Message]
    limit: int = 512
    picture_pixels: int | None = None
    sampling: Sampling = Sampling()
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    regex: str | None = None
    tools: Sequence[Mapping[str, Any]] | None = None
    thinking: bool = False
    speculate: bool = True
    pressed: Callable[[], bool] = nobody_waits
    adapter: str = ""


class Engine:
    """Opened from a built model's folder; ``close`` frees it. One step at a time, from any one thread."""

    def __init__(
        self,
        folder: ModelFolder,
        *,
        threads: int = 2,
        today: date | None = None,
        prefix_bytes: int = PREFIX_BYTES,
        kernels: Kernels = BUILT,
        context: int | None = None,
    ) -> None:
        """``context``: the most tokens of a prompt and its answer, where that is to be less than the model's own.

        Raises ManifestError, BackendError.
        """
        about = folder.about
        self.folder = folder
        self.words = Words(folder.path / "tokenizer.json")
        self._template = Template(load_template(folder.path), today)
        weights = folder.path / "decoder.data"
        one = Decoder(
            BoundSession(folder.path / "decoder.onnx", threads, weights), about.text, alone=kernels.alone
        )
        many = one
        if kernels.many != "blocks":
            many = _by_rows(folder, kernels.many, threads) or one
        self.machine = Machine(
            many,
            one,
            embedding(folder),
            self.words,
            frozenset(about.stops),
            min(about.text.context, context or about.text.context),
        )
        self._adapters = Adapters(folder, threads, alone=kernels.alone)
        self._prefixes = Prefixes(prefix_bytes)
        chosen = f"{threads} {kernels.many} {kernels.alone} {many is one}"
        build = f"{msgspec.json.encode(about).decode()} {machine()} {chosen}"
        self._disk = PrefixDisk(folder.path / FOLDER, build)
        self._grammars: Grammars | None = None
        self._encoder = Encoder(folder, about.vision, threads) if about.vision else None

    def prompt(self, request: Request) -> Prompt:
        """What the model will read, pictures encoded. Raises ModelError for what it can't read."""
        if not request.messages:
            raise PromptError("there is nothing to answer: give at least one message")
        turns = told(request.messages)
        text = self._template.render(turns.messages, tools=request.tools, thinking=request.thinking)
        tokens = self.words.encode(text, turns.words)
        views, most = turns.views, request.picture_pixels
        prompt = self.look(tokens, views, most) if views else text_prompt(tokens)
        begin = preamble(self._template, self.words, request.messages, request.tools, prompt.items)
        return msgspec.structs.replace(prompt, preamble=begin)

    def look(self, tokens: Sequence[int], views: Sequence[View], most: int | None = None) -> Prompt:
        """``tokens``, in which one token stands for each view; at most ``most`` pixels of a picture are looked at.

        Raises PictureError, PromptError, BackendError, ManifestError.
        """
        about = self.folder.about
        if self._encoder is None or about.vision is None:
            raise PromptError(f"{about.name} can't see: ask a Qwen-VL about pictures")
        return Sight(about, about.vision, self._encoder, self.words).prompt(tokens, views, most)

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
            pressed=request.pressed,
        )
        return self._run(job, self._adapters.get(request.adapter))

    def adapters(self) -> list[str]:
        """The names of the adapters that lie with the model now."""
        return self._adapters.names()

    def open_adapter(self, name: str) -> None:
        """Have an adapter ready, so that the first answer with it does not wait.

        Raises ManifestError, BackendError.
        """
        self._adapters.get(name)

    def _run(self, job: Job, adapter: Adapter | None) -> Steps:
        machine, reader = self.machine, ""
        if adapter is not None:
            machine = msgspec.structs.replace(machine, many=adapter.decoder, one=adapter.decoder)
            reader = adapter.mark
        cache = self._begin(job.prompt, reader)
        try:
            return (yield from generate(machine, cache, job))
        finally:  # after an answer, an error or a cancel: every row is that of its item
            self._disk.keep(cache, job.prompt.preamble)
            self._prefixes.give(cache)

    def _begin(self, prompt: Prompt, reader: str) -> KvCache:
        """The longest of the prompt's beginnings that was read: in memory, on the disk, or nothing."""
        about = self.folder.about
        known = self._prefixes.take(prompt.items, reader)
        if known is not None and known.length >= prompt.preamble:
            return known
        room = min(len(prompt.items) + STEP, about.text.context + 1)
        cache = KvCache(about.text, about.kv, room, reader)
        if self._disk.load(prompt.items[: prompt.preamble], cache) or known is None:
            return cache
        return known

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
        if self._encoder is not None:
            self._encoder.forget()

    def close(self) -> None:
        """Free the weights; answers that are being made fail at their next step."""
        self.forget()
        self._disk.close()
        for decoder in {self.machine.one, self.machine.many}:
            decoder.close()
        self._adapters.close()
        if self._encoder is not None:
            self._encoder.close()


def run(steps: Steps) -> Answer:
    """Take every step and give the whole answer."""
    return finished(steps)


def open_engine(
    path: Path,
    *,
    threads: int = 2,
    today: date | None = None,
    now_ns: Timer | None = None,
    spare_bytes: int = 0,
    context: int | None = None,
) -> Engine:
    """The engine of a built model's folder, with the kernels that are fastest here.

    With ``now_ns`` they are measured the first time; ``spare_bytes`` of memory may be taken for a second packing of
    the weights; ``context`` as for ``Engine``. Raises ManifestError, BackendError.
    """
    folder = ModelFolder(path)
    kernels = choose(folder, threads, now_ns, spare_bytes)
    return Engine(folder, threads=threads, today=today, kernels=kernels, context=context)


def _by_rows(folder: ModelFolder, packing: rows.Packing, threads: int) -> Decoder | None:
    """The decoder over the second packing; None where there is no room for it on the disk."""
    try:
        session = BoundSession(
            folder.path / rows.GRAPHS[packing],
            threads,
            folder.path / "decoder.data",
            beside=partial(rows.derived, folder, packing),
        )
    except OSError:
        return None
    # Its thin float32 products give a lone row other bits.
    return Decoder(session, folder.about.text, alone=False)
