"""The wearer's model on the runner, with tiny real models."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from models.base import (
    BackendError,
    CancelledError,
    ManifestError,
    ModelError,
    ModelMemoryError,
    Question,
)
from models.language import PRESSED_S, Language
from models.qwen_vl.generate import CHUNK, SHORT_CHUNK, Answer
from models.runner import Priority, Runner
from runtime.core.clock import VirtualClock, run_virtual
from tools.bench import tiny_qwen
from tools.export.adapter import keep_adapter
from tools.export.build import build

HELLO = Question(messages=[{"role": "user", "content": "hello"}], limit=40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("built")
    for family in ("qwen3", "qwen3_vl"):
        checkpoint = tiny_qwen.draw(family, 2, place.parent / f"{place.name}-{family}")
        build(checkpoint, place / family)
    tuned = tiny_qwen.draw_adapter(checkpoint, 1, place.parent / f"{place.name}-tuned")
    keep_adapter(place / family, tuned, "pirate")
    return place


class Bench:
    def __init__(self, folder: Path, memory_mb: int = 1024) -> None:
        self.clock = VirtualClock()
        self.runner = Runner(self.clock, memory_mb=memory_mb)
        self.language = Language(self.runner, folder, 1, lambda: date(2026, 1, 1))

    def play(self, script: Callable[[], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            return await script()

        return run_virtual(self.clock, main())

    def play_hello(self) -> str:
        return str(self.play(lambda: self.language.generate(HELLO, job="test")))


def test_it_answers_and_each_piece_is_heard(folder: Path) -> None:
    bench = Bench(folder)
    bench.language.choose("qwen3")
    heard: list[str] = []
    said = bench.play(lambda: bench.language.generate(HELLO, job="test", on_text=heard.append))
    assert said
    assert "".join(heard) == said
    assert len(heard) > 5


def test_a_caption_goes_between_two_tokens_and_the_answer_is_the_same(folder: Path) -> None:
    bench = Bench(folder)
    bench.language.choose("qwen3")
    alone = bench.play(lambda: bench.language.generate(HELLO, job="test"))
    order: list[str] = []

    async def both() -> str:
        async def captions() -> None:
            for _ in range(5):
                await bench.clock.sleep(0)
                while len(order) % 3 != 2:  # in the middle of the answer
                    await bench.clock.sleep(0)
                await bench.runner.run(lambda: order.append("caption"), priority=Priority.CAPTION)

        task = asyncio.ensure_future(captions())
        said = await bench.language.generate(HELLO, job="test", on_text=lambda _: order.append("word"))
        await task
        return said

    assert bench.play(both) == alone
    assert order.count("caption") == 5
    at = [i for i, what in enumerate(order) if what == "caption"]
    assert all(second - first <= 4 for first, second in itertools.pairwise(at))  # not put off to the end
    assert order[-1] == "word"


def test_cancelling_ends_it_between_two_tokens(folder: Path) -> None:
    bench = Bench(folder)
    bench.language.choose("qwen3")
    heard: list[str] = []

    def hear(text: str) -> None:
        heard.append(text)
        if len(heard) == 3:
            bench.runner.cancel("test")

    async def script() -> None:
        with pytest.raises(CancelledError):
            await bench.language.generate(HELLO, job="test", on_text=hear)
        await bench.clock.sleep(1)
        assert bench.language.unload()  # nobody holds it any more

    bench.play(script)
    assert len(heard) == 3


def test_one_of_several_must_be_chosen_and_the_choice_is_checked(folder: Path, tmp_path: Path) -> None:
    bench = Bench(folder)
    assert bench.language.names() == ["qwen3", "qwen3_vl"]
    assert (bench.language.name, bench.language.sees) == ("", False)
    with pytest.raises(ManifestError, match="models load NAME"):
        bench.play(lambda: bench.language.generate(HELLO, job="test"))
    with pytest.raises(ManifestError, match="built are: qwen3, qwen3_vl"):
        bench.language.choose("gpt")
    bench.language.choose("qwen3_vl")
    assert bench.language.sees
    with pytest.raises(ManifestError, match="browline models build"):
        bench.play(lambda: Bench(tmp_path).language.generate(HELLO, job="test"))


def test_loading_counts_its_memory_and_unloading_frees_it(folder: Path) -> None:
    bench = Bench(folder)
    bench.language.choose("qwen3")
    taken = bench.play(bench.language.load)
    assert bench.runner.shelf.used_mb == taken
    assert bench.language.unload()
    assert bench.runner.shelf.used_mb == 0


def test_a_model_that_does_not_fit_the_board_is_refused(folder: Path) -> None:
    bench = Bench(folder, memory_mb=100)
    bench.language.choose("qwen3")
    with pytest.raises(ModelMemoryError, match="the budget is 100 MB"):
        bench.play(lambda: bench.language.generate(HELLO, job="test"))


def test_forgetting_reads_everything_anew(folder: Path) -> None:
    bench = Bench(folder)
    bench.language.choose("qwen3")
    bench.play(bench.language.forget)  # nothing is loaded: nothing happens
    bench.play(lambda: bench.language.generate(HELLO, job="test"))
    bench.play(bench.language.forget)
    [entry] = bench.runner.shelf.loaded()
    assert entry.model._prefixes.bytes == 0


@pytest.mark.parametrize("file", ["decoder.data", "decoder.onnx", "model.json", "tokenizer.json", "folder"])
def test_a_broken_model_is_one_error_and_a_mended_one_answers(
    folder: Path, tmp_path: Path, file: str
) -> None:
    whole = folder / "qwen3"
    broken = shutil.copytree(whole, tmp_path / "built" / "qwen3")
    bench = Bench(tmp_path / "built")
    if file == "folder":
        shutil.rmtree(broken)
    else:
        (broken / file).write_bytes((whole / file).read_bytes()[:200])
    with pytest.raises(ModelError, match=r"build|cut off"):
        bench.play(lambda: bench.language.generate(HELLO, job="test"))
    assert not bench.language.sees
    shutil.copytree(whole, broken, dirs_exist_ok=True)
    assert Bench(tmp_path / "built").play_hello()


def test_weights_that_are_no_numbers_are_one_error(folder: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(folder / "qwen3", tmp_path / "qwen3")
    size = (broken / "decoder.data").stat().st_size
    (broken / "decoder.data").write_bytes(b"\xff" * size)  # NaN wherever a float stands
    with pytest.raises(BackendError, match="computes no numbers"):
        Bench(tmp_path).play_hello()


def test_a_model_folder_that_vanishes_while_it_talks_is_missed_only_afterwards(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder / "qwen3", tmp_path / "qwen3")
    bench = Bench(tmp_path)
    whole = Bench(tmp_path).play_hello()

    def vanish(_text: str) -> None:
        shutil.rmtree(tmp_path / "qwen3", ignore_errors=True)

    assert bench.play(lambda: bench.language.generate(HELLO, job="test", on_text=vanish)) == whole
    with pytest.raises(ManifestError, match="browline models build"):
        bench.play_hello()


def test_a_prompt_of_fifty_thousand_tokens_is_one_error(folder: Path) -> None:
    bench = Bench(folder)
    bench.language.choose("qwen3")
    long = Question(messages=[{"role": "user", "content": "y" * 50_000}])
    with pytest.raises(ModelError, match=r"50\d\d\d tokens.*shorten"):
        bench.play(lambda: bench.language.generate(long, job="test"))
    assert bench.play_hello()


def test_a_talk_is_kept_within_what_the_glasses_can_hold(folder: Path, tmp_path: Path) -> None:
    place = shutil.copytree(folder / "qwen3", tmp_path / "qwen3")
    about = json.loads((place / "model.json").read_text())
    about["text"]["context"] = 40_960
    (place / "model.json").write_text(json.dumps(about))
    long = Question(messages=[{"role": "user", "content": "y" * 30_000}])
    bench = Bench(tmp_path)
    with pytest.raises(ModelError, match="the model reads 4095"):
        bench.play(lambda: bench.language.generate(long, job="test"))


def test_steps_are_short_while_captions_run_and_the_answer_is_the_same(folder: Path) -> None:
    bench = Bench(folder)
    bench.language.choose("qwen3")
    long = Question(messages=[{"role": "user", "content": "hello " * 60}], limit=20)

    def reads(priority: int, asked: int | None) -> tuple[list[int], Answer]:
        """The prompt's positions after each step, and the answer; a job of ``asked`` came ahead of it."""
        bench.play(bench.language.forget)
        bench.play(lambda: bench.clock.sleep(PRESSED_S + 0.1))
        done: list[int] = []

        async def script() -> Answer:
            if asked is not None:
                await bench.runner.run(lambda: None, priority=asked)
            steps = bench.language.steps(long, priority)
            return await bench.runner.run(
                steps, priority=priority, on_step=lambda step: done.append(getattr(step, "done", 0))
            )

        answer: Answer = bench.play(script)
        return [position for position in done if position], answer

    quiet, alone = reads(Priority.ANSWER, None)
    pressed, among = reads(Priority.ANSWER, Priority.CAPTION)
    assert quiet[:2] == [CHUNK, 2 * CHUNK]
    assert pressed[:3] == [SHORT_CHUNK, 2 * SHORT_CHUNK, 3 * SHORT_CHUNK]
    assert quiet[-1] == pressed[-1]
    assert among.tokens == alone.tokens
    assert alone.steps < among.steps == len(among.tokens) - 1  # a token a step: nothing is guessed
    # Nothing is more urgent than these; a caption's translation is a caption itself.
    assert reads(Priority.ANSWER, Priority.ANSWER) == (quiet, alone)
    assert reads(Priority.CAPTION, Priority.CAPTION) == (quiet, alone)


def test_an_adapter_is_switched_without_opening_the_model_again(folder: Path) -> None:
    bench = Bench(folder)
    bench.language.choose("qwen3_vl")
    assert (bench.language.adapter, bench.language.adapters()) == ("", ["pirate"])
    said, models = [], []
    for name in ("", "pirate", "", "pirate"):
        bench.language.adapt(name)
        bench.play(bench.language.load)
        said.append(bench.play(lambda: bench.language.generate(HELLO, job="test")))
        models += [entry.model for entry in bench.runner.shelf.loaded()]
    assert said[:2] == said[2:]
    assert said[0] != said[1]
    assert len(models) == 4
    assert len({id(model) for model in models}) == 1


def test_an_adapter_belongs_to_its_model(folder: Path) -> None:
    bench = Bench(folder)
    with pytest.raises(ManifestError, match="models load NAME"):
        bench.language.adapters()
    bench.language.choose("qwen3")
    with pytest.raises(ManifestError, match="qwen3 has no adapter 'pirate'; there are: none"):
        bench.language.adapt("pirate")
    bench.language.choose("qwen3_vl")
    bench.language.adapt("pirate")
    bench.language.choose("qwen3_vl")
    assert bench.language.adapter == "pirate"
    bench.language.choose("qwen3")
    assert bench.language.adapter == ""


def test_an_answer_that_was_asked_for_before_a_switch_is_given_without_it(folder: Path) -> None:
    bench = Bench(folder)
    bench.language.choose("qwen3_vl")
    plain = bench.play(lambda: bench.language.generate(HELLO, job="test"))

    async def script() -> str:
        task = asyncio.ensure_future(bench.language.generate(HELLO, job="test"))
        await bench.clock.sleep(0)
        bench.language.adapt("pirate")
        return await task

    assert bench.play(script) == plain
