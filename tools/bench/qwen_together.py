"""A long answer among everything else, real weights: captions that come in between, the HUD and the IMU beside it."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import msgspec
import numpy as np

from drivers.base import ImuSamples
from models.base import Question
from models.language import Language
from models.qwen_vl.generate import Answer, Reading, Steps
from models.runner import Priority
from runtime.app import Glasses
from runtime.core.clock import RealClock
from runtime.core.topics import IMU
from tools.bench import latency, qwen_weights
from tools.bench.figures import Figure, median, percentile
from tools.bench.probes import loaded, make

GAP_S = 0.2  # between two captions, on average
QUESTIONS, SENTENCES, LIMIT = 2, 24, 64
TEXT = "Shop {0} on the left sells milk, bread, tea and {1} kinds of noodles. "


class Step(msgspec.Struct, frozen=True):
    """A step of an answer, on the worker."""

    reading: bool
    start_ns: int
    end_ns: int

    @property
    def ms(self) -> float:
        """How long it took."""
        return (self.end_ns - self.start_ns) / 1e6


class Told(msgspec.Struct, frozen=True):
    """An answer, its steps, and of each caption when it was asked for and when it began."""

    answer: Answer
    steps: list[Step]
    captions: list[tuple[int, int]]

    def waits(self, *, reading: bool) -> list[float]:
        """Milliseconds that captions waited which arrived in a step of this kind."""
        steps = [step for step in self.steps if step.reading == reading]
        return [
            (began - asked) / 1e6
            for asked, began in self.captions
            if any(step.start_ns <= asked < step.end_ns for step in steps)
        ]

    def beyond(self) -> list[float]:
        """Milliseconds from the end of the step that a caption fell into to its beginning."""
        return [
            (began - step.end_ns) / 1e6
            for asked, began in self.captions
            for step in self.steps
            if step.start_ns <= asked < step.end_ns
        ]

    def took(self, *, reading: bool) -> list[float]:
        """Milliseconds of each step of this kind; the first token comes out of the last step of the prompt."""
        steps = [step.ms for step in self.steps if step.reading == reading]
        return steps if reading else steps[1:]


def measure() -> Iterator[Figure]:
    """The simulator's glasses whole, on this machine's clock."""
    model = qwen_weights.built(qwen_weights.real(), "int8")
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as data:
        asyncio.run(_run(model, Path(data), figures))
    yield from figures


async def _run(model: Path, data: Path, figures: list[Figure]) -> None:
    clock = RealClock()
    glasses = make(clock, data)
    language = Language(glasses.runner, model.parent, glasses.board.compute.threads, date.today)
    language.choose(model.name)
    running = asyncio.ensure_future(glasses.run())
    try:
        await loaded(glasses)
        idle = await latency.follow(glasses)
        await language.load()
        figures += await _senses(glasses, language, idle)
        figures += await _captions(glasses, language)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        clock.close()


def _question(number: int) -> Question:
    text = "".join(TEXT.format(100 * number + i, i + 2) for i in range(SENTENCES))
    return Question(messages=[{"role": "user", "content": f"{text}Tell the way to the tea."}], limit=LIMIT)


async def _captions(glasses: Glasses, language: Language) -> list[Figure]:
    """Each question twice: alone, and while captions arrive at random moments."""
    alone, among = [], []
    for number in range(QUESTIONS + 1):
        await language.forget()
        await glasses.clock.sleep(2.5)  # until nothing is pressing any more
        told = await _ask(glasses, language, _question(number), None)
        await language.forget()
        between = await _ask(glasses, language, _question(number), np.random.default_rng(number))
        if number:  # the first warms up
            alone.append(told)
            among.append(between)
    return [*_waits(among), *_costs(alone, among)]


def _waits(among: Sequence[Told]) -> Iterator[Figure]:
    yield Figure("other work on this machine, load average", os.getloadavg()[0], "")
    for reading, what, step in (
        (False, "an answer", "a token"),
        (True, "a prompt", "a step over the prompt"),
    ):
        took = [ms for told in among for ms in told.took(reading=reading)]
        waits = [ms for told in among for ms in told.waits(reading=reading)]
        late = percentile(waits, 95)
        yield Figure(f"{step} among captions, median", median(took), "ms")
        yield Figure(f"caption's wait in {what}, median of {len(waits)}", median(waits), "ms")
        # Both at the 95th percentile: what else the machine does stretches both.
        yield Figure(f"caption's wait in {what} / {step}, p95", late / percentile(took, 95), "×", 1.0)
    beyond = [ms for told in among for ms in told.beyond()]
    yield Figure("caption's wait beyond the step it fell into, p95", percentile(beyond, 95), "ms")


def _costs(alone: Sequence[Told], among: Sequence[Told]) -> Iterator[Figure]:
    whole, short = (
        [ms for told in tellings for ms in told.took(reading=True)] for tellings in (alone, among)
    )
    same = sum(a.answer.tokens == b.answer.tokens for a, b in zip(alone, among, strict=True))
    yield Figure("a step over the prompt alone, longest", max(whole), "ms")
    yield Figure("prompt in short steps / in whole ones", sum(short) / sum(whole), "×", 1.25)
    yield Figure("answers that captions left unchanged", 100 * same / len(alone), "%", 100, "more")


async def _ask(
    glasses: Glasses, language: Language, question: Question, rng: np.random.Generator | None
) -> Told:
    """The answer, with captions at the moments that ``rng`` draws; None: with none."""
    clock, runner = glasses.clock, glasses.runner
    steps: list[Step] = []
    captions: list[tuple[int, int]] = []
    loop = _timed(language.steps(question, Priority.ANSWER), clock.now_ns, steps)
    answering = asyncio.ensure_future(runner.run(loop, name="answer", priority=Priority.ANSWER))
    while rng is not None and not answering.done():
        asked = clock.now_ns()
        captions.append((asked, await runner.run(clock.now_ns, name="caption", priority=Priority.CAPTION)))
        await clock.sleep(float(rng.exponential(GAP_S)))
    return Told(await answering, steps, captions)


def _timed(loop: Steps, now_ns: Callable[[], int], steps: list[Step]) -> Steps:
    while True:
        start_ns = now_ns()
        try:
            step = next(loop)
        except StopIteration as end:
            answer: Answer = end.value
            return answer
        steps.append(Step(isinstance(step, Reading), start_ns, now_ns()))
        yield step


async def _senses(glasses: Glasses, language: Language, idle: list[float]) -> list[Figure]:
    """The HUD's arrow and the IMU's samples while one answer follows the other; the arrow against ``idle``."""
    talking = asyncio.ensure_future(_talk_on(language))
    counted, lost = [0], [0]

    def count(samples: ImuSamples) -> None:
        counted[0] += len(samples.t_ns)
        lost[0] += samples.lost

    close = glasses.bus.tap(IMU, count)
    start_ns = glasses.clock.now_ns()
    busy = await latency.follow(glasses)
    seconds = (glasses.clock.now_ns() - start_ns) / 1e9
    close()
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)
    await language.forget()  # behind the step that was under way: no thread computes when the process ends
    at_rest, under_load = percentile(idle, 99), percentile(busy, 99)
    return [
        Figure("pose → panel at rest, p99", at_rest, "ms"),
        Figure("pose → panel while it answers, p99", under_load, "ms"),
        Figure("pose → panel: while it answers / at rest, p99", under_load / at_rest, "×", 1.5),
        Figure("IMU samples a second while it answers", counted[0] / seconds, "Hz", 495, "more"),
        Figure("IMU samples lost while it answers", lost[0], "", 0),
    ]


async def _talk_on(language: Language) -> None:
    number = QUESTIONS + 1
    while True:
        await language.generate(_question(number), job="answer")
        number += 1
