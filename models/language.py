"""The wearer's language model: which of the built ones it is, and asking it on the runner.

It is opened when it is first asked and stays on the runner's shelf until others need the room. An answer is made a
token at a time, so that whatever is more urgent (captions, the text of a snap) goes between any two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from models.base import ManifestError, ModelMemoryError, Question
from models.qwen_vl.adapter import list_adapters
from models.qwen_vl.folder import DESCRIPTION, Description, ModelFolder
from models.qwen_vl.kernels import holds_two, told
from models.runner import Priority, Runner
from models.store import cache_folder

if TYPE_CHECKING:  # it brings tokenizers and templates: the first HUD frame does not wait for them
    from models.qwen_vl.engine import Engine
    from models.qwen_vl.generate import Answer, Reading, Steps, Word
    from models.qwen_vl.measure import Speed

MISSING = "There is no language model: run `browline models build CHECKPOINT`"
LANGUAGE_SETTING = "model.language"  # under which the choice is kept
PRESSED_S = 2.0  # how long after something urgent an answer goes on in short steps
MEASURING = "bench"  # the job of ``measure``
ADAPTER_SETTING = "model.adapter"
MB = 1 << 20
CONTEXT = 4096  # tokens of a talk with the glasses; their keys and values take about 60 KB each
WORKING_MB = 160  # buffers, tokenizer and a short conversation beside the weights


def built_folder(environ: Mapping[str, str]) -> Path:
    """Where ``browline models build`` puts what it made."""
    return cache_folder(environ) / "built"


def list_built(folder: Path) -> dict[str, Path]:
    """Name → folder of every built model, in the order of names."""
    return {path.parent.name: path.parent for path in sorted(folder.glob(f"[!.]*/{DESCRIPTION}"))}


class Language:
    """A ``Generator`` over the built models in ``folder``; ``choose`` picks one, the only one is picked already."""

    def __init__(self, runner: Runner, folder: Path, threads: int, today: Callable[[], date]) -> None:
        self._runner, self._folder, self._threads, self._today = runner, folder, threads, today
        self._chosen = self._adapter = ""

    @property
    def folder(self) -> Path:
        """Where the built models lie."""
        return self._folder

    def names(self) -> list[str]:
        """Every built model."""
        return list(list_built(self._folder))

    @property
    def name(self) -> str:
        """The model that answers; empty when there is none, or none was chosen of several."""
        built = self.names()
        if self._chosen in built:
            return self._chosen
        return built[0] if len(built) == 1 else ""

    def choose(self, name: str) -> None:
        """Let this model answer from now on. Raises ManifestError for one that was not built."""
        if name not in self.names():
            raise ManifestError(
                f"no model is called {name!r}; built are: {', '.join(self.names()) or 'none'}"
            )
        if name != self.name:
            self._adapter = ""
        self._chosen = name

    @property
    def adapter(self) -> str:
        """The adapter that the model answers with; empty for none."""
        return self._adapter

    def adapters(self) -> list[str]:
        """Those of the model that answers. Raises ManifestError when there is none."""
        return list_adapters(self._place())

    def adapt(self, name: str) -> None:
        """Answer with this adapter from now on; without any for an empty name. Raises ManifestError."""
        if name and name not in (there := self.adapters()):
            raise ManifestError(
                f"{self.name} has no adapter {name!r}; there are: {', '.join(there) or 'none'}"
            )
        self._adapter = name

    @property
    def sees(self) -> bool:
        """Whether the model takes pictures."""
        try:
            return self._about().vision is not None
        except ManifestError:
            return False

    async def load(self) -> int:
        """Open the model, and its adapter, now, so that the first answer does not wait for it.

        Says how many MB it is counted for. Raises ModelError.
        """
        about, place = self._about(), self._place()
        await self._runner.load(about.name, self._memory(about), lambda: self._open(place))
        if adapter := self._adapter:
            await self._runner.run(lambda: self._ready(adapter), name="adapter", priority=Priority.ANSWER)
        return self._memory(about)

    def _ready(self, adapter: str) -> None:
        about, place = self._about(), self._place()
        with self._runner.shelf.hold(about.name, self._memory(about), lambda: self._open(place)) as engine:
            engine.open_adapter(adapter)

    def unload(self) -> bool:
        """Free the model's memory; says whether it was loaded and idle."""
        return self._runner.shelf.drop(self._about().name)

    async def generate(
        self,
        question: Question,
        *,
        job: str,
        priority: int = Priority.ANSWER,
        on_text: Callable[[str], None] | None = None,
    ) -> str:
        """Answer; ``on_text`` gets, on the loop, each piece of text as it is made. ``runner.cancel(job)`` ends it.

        Raises ModelError.
        """
        self._place()  # say at once when there is none

        def hear(step: Any) -> None:
            text: str = getattr(step, "text", "")  # reading the prompt makes none
            if on_text is not None and text:
                on_text(text)

        steps = self.steps(question, priority)
        try:
            answer = await self._runner.run(steps, name=job, priority=priority, on_step=hear)
        except MemoryError as error:
            raise ModelMemoryError("There is not enough memory for this: ask something shorter") from error
        return answer.text

    async def measure(self, now_ns: Callable[[], int], name: str = "") -> Speed:
        """How fast a built model is here, the one that answers unless ``name`` says another.

        It is loaded for that if need be; captions go between its steps, and cancelling the waiting task ends it.
        Raises ModelError.
        """
        place = self._place(name)
        return await self._runner.run(
            self._measuring(place, now_ns), name=MEASURING, priority=Priority.ANSWER
        )

    def _measuring(self, place: Path, now_ns: Callable[[], int]) -> Generator[Reading | Word, None, Speed]:
        from models.qwen_vl.measure import measure

        about = ModelFolder(place).about
        with self._runner.shelf.hold(about.name, self._memory(about), lambda: self._open(place)) as engine:
            return (yield from measure(engine, now_ns))

    async def forget(self) -> None:
        """Drop from memory what was read and seen for earlier answers."""
        if self.name not in {entry.name for entry in self._runner.shelf.loaded()}:
            return
        await self._runner.run(self._forget, name="forget", priority=Priority.CAPTION)

    def _forget(self) -> None:
        for entry in self._runner.shelf.loaded():
            if entry.name == self.name:
                entry.model.forget()

    def steps(self, question: Question, priority: int) -> Steps:
        """The loop of one answer, for the runner: the model is opened, and pictures are encoded, in its first step.

        While something more urgent than ``priority`` runs, its steps are short.
        """

        def pressed() -> bool:
            return self._runner.pressed(priority, PRESSED_S)

        return self._steps(question, pressed, self._adapter)

    def _steps(self, question: Question, pressed: Callable[[], bool], adapter: str) -> Steps:
        about, place = self._about(), self._place()
        with self._runner.shelf.hold(about.name, self._memory(about), lambda: self._open(place)) as engine:
            answer: Answer = yield from engine.answer(_request(question, pressed, adapter))
            return answer

    def _open(self, place: Path) -> Engine:
        from models.qwen_vl.engine import open_engine

        return open_engine(
            place,
            threads=self._threads,
            today=self._today(),
            now_ns=self._runner.now_ns,
            spare_bytes=self._runner.shelf.budget_mb * MB,
            context=CONTEXT,
        )

    def _memory(self, about: Description) -> int:
        """MB that it is counted for: where the board has room, with the second packing of its weights."""
        two = holds_two(about, self._runner.shelf.budget_mb * MB)
        return memory_of(about.weights_bytes * (2 if two else 1))

    def kernels(self, name: str) -> str:
        """What was measured of a built model's kernels here, for people; empty where nothing was."""
        try:
            return told(ModelFolder(self._place(name)))
        except ManifestError:
            return ""

    def _place(self, name: str = "") -> Path:
        built, name = list_built(self._folder), name or self.name
        if not built:
            raise ManifestError(MISSING)
        if not name:
            raise ManifestError(f"Choose a language model: `models load NAME`, of {', '.join(built)}")
        return built[name]

    def _about(self) -> Description:
        return ModelFolder(self._place()).about


def memory_mb(about: Description) -> int:
    """What a built model is counted for on the runner's shelf."""
    return memory_of(about.weights_bytes)


def memory_of(weights_bytes: int) -> int:
    """MB that a model of such weights takes, its work included."""
    return weights_bytes // MB + WORKING_MB


def _request(question: Question, pressed: Callable[[], bool], adapter: str) -> Any:
    from models.qwen_vl.engine import Request

    return Request(**msgspec.structs.asdict(question), pressed=pressed, adapter=adapter)
