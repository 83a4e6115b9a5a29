"""``models`` at the console: whole glasses, tiny real models."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from models.base import ModelError
from models.runner import Priority
from models.speech.choice import SPEECH_SETTING
from tests.models.conftest import whisper_base
from tests.runtime.console.talk import Talk, talk
from tools.bench import tiny_qwen, tiny_whisper
from tools.export.build import build
from tools.export.whisper.build import build_whisper

__all__ = ["whisper_base"]  # the fixture: skips where there is none


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("built")
    for family in ("qwen2", "qwen3"):
        build(tiny_qwen.draw(family, 2, place.parent / f"{place.name}-{family}"), place / family)
    return place


def test_bare_models_is_a_list(built: Path) -> None:
    async def story(t: Talk) -> None:
        t.sim.glasses.language._folder = built
        bare, listed = await t.ask("models"), await t.ask("models list")
        assert bare["data"] == listed["data"]
        names = {model["name"]: model["state"] for model in listed["data"]}
        assert names["qwen3"] == "here"
        assert "one word too many" in await t.refused("models list all")
        assert 'Did you mean "bench"' in await t.refused("models benc")

    talk(story)


def test_measuring_a_model(built: Path) -> None:
    async def story(t: Talk) -> None:
        t.sim.glasses.language._folder = built
        assert "models load NAME" in await t.refused("models bench")
        assert "There are: qwen2, qwen3" in await t.refused("models bench gpt")
        measured = await t.ask("models bench qwen3")
        data = measured["data"]
        assert (data["model"], data["prompt_tokens"]) == ("qwen3", 256)
        assert data["processor"] in measured["text"]
        assert data["answer_tokens_per_s"] is None  # nothing takes time here
        assert data["counted_mb"] > 0
        assert "qwen3 is unloaded" in await t.text("models unload qwen3")
        await t.text("models load qwen2")
        assert (await t.ask("models bench"))["data"]["model"] == "qwen2"

    talk(story)


def test_a_caption_goes_between_and_ctrl_c_ends_it(built: Path) -> None:
    async def story(t: Talk) -> None:
        runner = t.sim.glasses.runner
        t.sim.glasses.language._folder = built
        t.shell.type(b"models bench qwen3\r")
        while not any(worker.busy == "bench" for worker in runner.status()):
            await t.sim.sleep(0)
        await runner.run(lambda: None, name="caption", priority=Priority.CAPTION)
        [worker] = runner.status()
        assert worker.last == "caption"
        assert worker.busy == "bench" or worker.queued == 1  # it is not over yet
        t.shell.type(b"\x03")
        await t.sim.sleep(1)
        [worker] = runner.status()
        assert (worker.busy, worker.queued) == ("", 0)
        assert b"ended" in t.said
        assert "qwen3 is unloaded" in await t.text("models unload qwen3")  # nobody holds it

    talk(story)


def test_building_without_the_tools_says_what_to_do_elsewhere() -> None:
    async def story(t: Talk) -> None:
        said = await t.refused("models build qwen3-0.6b int4")
        assert "browline models build qwen3-0.6b --quant int4 --board sim --out NAME" in said
        assert str(t.sim.glasses.language.folder) in said
        assert "checkpoint" in await t.refused("models build")
        assert "There are: int8, int4, weights8, none" in await t.refused("models build x int2")

    talk(story)


def test_building_tells_what_it_does_and_names_what_was_made(built: Path, tmp_path: Path) -> None:
    asked: list[Sequence[str]] = []

    async def builder(words: Sequence[str], say: Callable[[str], None]) -> None:
        asked.append(words)
        if words[0] == "broken":
            raise ModelError("nothing was built: broken is not there")
        say("fetching")
        (tmp_path / "made-int8").symlink_to(built / "qwen3")

    async def story(t: Talk) -> None:
        t.sim.glasses.language._folder = tmp_path
        t.sim.glasses.builder = builder
        made = await t.ask("models build owner/made")
        assert made["text"] == "made-int8 is built: `models load made-int8`"
        assert [json.loads(line)["text"] for line in bytes(t.said).splitlines() if line.startswith(b"{")][
            1
        ] == "fetching"
        assert asked == [["owner/made", "--quant", "int8", "--board", "sim"]]
        assert await t.refused("models build broken") == "nothing was built: broken is not there"

    talk(story)


def test_tab_knows_the_forms_and_the_models(built: Path) -> None:
    async def story(t: Talk) -> None:
        t.sim.glasses.language._folder = built
        assert t.shell._complete("models b") == ["build", "bench"]
        assert t.shell._complete("models bench q") == ["qwen2", "qwen3"]
        assert t.shell._complete("models pull s") == ["silero-vad"]
        assert t.shell._complete("models build x int") == ["int8", "int4"]
        assert t.shell._complete("models list x") == []

    talk(story)


def test_a_speech_model_is_told_apart_chosen_and_kept_for_the_next_start(built: Path, tmp_path: Path) -> None:
    (tmp_path / "qwen3").symlink_to(built / "qwen3")
    tiny = tiny_whisper.draw(2, tmp_path / "checkpoint")
    for name in ("first", "second"):
        build_whisper(tiny, tmp_path / name, "none")

    async def story(t: Talk) -> None:
        glasses = t.sim.glasses
        glasses.language._folder = glasses.speech._folder = tmp_path
        assert glasses.speech.name == ""
        assert t.shell._complete("models load ") == ["qwen3", "first", "second"]
        assert t.shell._complete("models bench ") == ["qwen3"]
        assert await t.text("models load second") == "second listens"
        assert glasses.speech.name == glasses.store.get(SPEECH_SETTING, str, "") == "second"
        assert glasses.language.name == "qwen3", "who answers is another choice"
        told = {one["name"]: one for one in (await t.ask("models"))["data"]}
        assert (told["first"]["listens"], told["second"]["listens"]) == (False, True)
        assert told["qwen3"]["task"] == "language"

    talk(story)


def test_another_speech_model_begins_captions_anew(tmp_path: Path, whisper_base: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).symlink_to(whisper_base)

    async def story(t: Talk) -> None:
        glasses = t.sim.glasses
        glasses.speech._folder = tmp_path
        await t.text("models load first")
        await t.text("captions on")
        await t.sim.sleep(1.0)
        assert "first" in {entry.name for entry in glasses.runner.shelf.loaded()}
        assert await t.text("models unload first") == "first listens: `captions off` first"
        assert await t.text("models load second") == "second listens: captions begin anew"
        await t.sim.sleep(1.0)
        assert "second" in {entry.name for entry in glasses.runner.shelf.loaded()}
        assert await t.text("models unload first") == "first is unloaded"

    talk(story)
