"""The wearer's speech model: which of the built ones it is, and its place on the runner.

It is held in memory while somebody listens: a language model must not take it from the next sentence.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Generator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeVar

from models.base import ManifestError, Recogniser
from models.runner import Priority, Runner
from models.speech.whisper.folder import SpeechFolder, list_speech

T = TypeVar("T")


class NoSpeechModelError(ManifestError):
    """None was built, or none of several chosen; the message is one calm line for the wearer."""


MISSING = "There is no speech model: run `browline models build whisper-base`"
UNCHOSEN = "Choose a speech model: `models load NAME`"
SPEECH_SETTING = "model.speech"  # under which the choice is kept
JOB = "captions"
MB = 1 << 20
WORKING_MB = 160  # buffers, keys and values, and the tokenizer, beside the weights


class Speech:
    """The speech models in ``folder``; ``choose`` picks one, the only one is picked already."""

    def __init__(self, runner: Runner, folder: Path, threads: int) -> None:
        self._runner, self._folder, self._threads = runner, folder, threads
        self._chosen = ""
        self._leaving: set[asyncio.Future[None]] = set()

    def names(self) -> list[str]:
        """Every built model."""
        return list(list_speech(self._folder))

    @property
    def name(self) -> str:
        """The model that listens; empty when there is none, or none was chosen of several."""
        built = self.names()
        if self._chosen in built:
            return self._chosen
        return built[0] if len(built) == 1 else ""

    def choose(self, name: str) -> None:
        """Let this model listen from now on. Raises ManifestError for one that was not built."""
        if name not in self.names():
            raise ManifestError(
                f"no speech model is called {name!r}; built are: {', '.join(self.names()) or 'none'}"
            )
        self._chosen = name

    def recogniser(self) -> Recogniser:
        """The model, opened if need be: to be asked on the runner's worker. Raises ModelError."""
        place = self._place()
        return self._runner.shelf.get(place.name, memory_of(SpeechFolder(place)), lambda: self._open(place))

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Recogniser]:
        """The model, in memory while the block lasts. Raises ModelError."""
        place = self._place()
        memory_mb = memory_of(SpeechFolder(place))
        hold = self._runner.shelf.hold(place.name, memory_mb, lambda: self._open(place))
        loading = asyncio.ensure_future(
            self._runner.run(hold.__enter__, name=f"load {place.name}", priority=Priority.CAPTION)
        )
        try:
            yield await asyncio.shield(loading)
        finally:
            leaving = asyncio.ensure_future(self._let_go(loading, hold))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _let_go(
        self, loading: asyncio.Future[Recogniser], hold: AbstractContextManager[Recogniser]
    ) -> None:
        """On the worker: the shelf may be busy. Whoever gave up while it was being loaded does not hold it either."""
        await asyncio.wait({loading})
        if not loading.cancelled() and loading.exception() is None:
            leave = functools.partial(hold.__exit__, None, None, None)
            await self._runner.run(leave, name=JOB, priority=Priority.CAPTION)

    async def run(self, job: Generator[None, None, T]) -> T:
        """Wait for ``job``, behind nothing but what was asked for before. Raises ModelError."""
        return await self._runner.run(job, name=JOB, priority=Priority.CAPTION)

    def _open(self, place: Path) -> Recogniser:
        from models.speech.whisper.recogniser import open_recogniser

        return open_recogniser(place, threads=self._threads, now_ns=self._runner.now_ns)

    def _place(self) -> Path:
        built = list_speech(self._folder)
        if not built:
            raise NoSpeechModelError(MISSING)
        if not self.name:
            raise NoSpeechModelError(UNCHOSEN)
        return built[self.name]


def memory_of(folder: SpeechFolder) -> int:
    """MB that a built model is counted for on the runner's shelf."""
    return sum(mark.bytes for mark in folder.about.files.values()) // MB + WORKING_MB
