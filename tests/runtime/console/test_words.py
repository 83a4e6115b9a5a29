"""The language model from the console: whole glasses, a tiny real model."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.language import ADAPTER_SETTING, LANGUAGE_SETTING
from tests.runtime.console.talk import Talk, talk
from tools.bench import tiny_qwen
from tools.export.adapter import keep_adapter
from tools.export.build import build


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("built")
    for family in ("qwen2_5_vl", "qwen3"):
        checkpoint = tiny_qwen.draw(family, 2, place.parent / f"{place.name}-{family}")
        build(checkpoint, place / family)
    tuned = tiny_qwen.draw_adapter(checkpoint, 1, place.parent / f"{place.name}-tuned")
    keep_adapter(place / family, tuned, "pirate")
    return place


def test_without_a_model_it_says_how_to_get_one(tmp_path: Path) -> None:
    async def story(t: Talk) -> None:
        t.sim.glasses.language._folder = tmp_path
        for command in ("ask what is it?", "translate milk", "draft hello"):
            assert "browline models build" in await t.text(command)
        assert "the words are missing" in await t.refused("ask")

    talk(story)


def test_questions_on_what_is_in_view(built: Path) -> None:
    async def story(t: Talk) -> None:
        t.sim.glasses.language._folder = built
        assert "models load NAME" in await t.text("ask what is it?")
        assert "There are: qwen2_5_vl, qwen3" in await t.refused("models load gpt")
        assert "qwen3 answers" in await t.text("models load qwen3")
        assert t.sim.glasses.store.get(LANGUAGE_SETTING, str, "") == "qwen3"
        first = await t.ask("ask what is it?")
        lines = first["data"]["lines"]
        assert [line["style"] for line in lines] == ["small", "model", "hint"]
        assert lines[2]["text"] == "the model's words on what was read: check them"
        assert (await t.text("hud")).startswith("what is it?")
        frames = t.sim.glasses.bus.stats["camera"].count
        assert (await t.ask("ask and whose?"))["ok"]
        assert t.sim.glasses.bus.stats["camera"].count == frames  # the same picture
        assert "Forgotten" in await t.text("snap forget")  # two taps: they are about the card in view

    talk(story)


def test_a_model_that_sees(built: Path) -> None:
    async def story(t: Talk) -> None:
        t.sim.glasses.language._folder = built
        await t.text("models load qwen2_5_vl")
        seen = await t.ask("ask what is it?")
        assert seen["data"]["lines"][2]["text"] == "the model's words: check them"
        said = (await t.ask("snap"))["data"]["lines"]
        assert "Whole Milk" in said[0]["text"]  # what was read comes first, whatever the model says
        assert "qwen2_5_vl" in await t.text("models unload qwen2_5_vl")

    talk(story)


def test_an_adapter_is_switched_and_kept(built: Path) -> None:
    async def story(t: Talk) -> None:
        glasses = t.sim.glasses
        glasses.language._folder = built
        assert "models load NAME" in await t.refused("adapter")
        await t.text("models load qwen2_5_vl")
        assert "has none: `browline models adapter`" in await t.text("adapter")
        assert "There are: none" in await t.refused("adapter pirate")
        await t.text("models load qwen3")
        assert (await t.ask("adapter"))["data"] == {"adapters": ["pirate"], "on": ""}
        plain = await t.text("draft hello")
        assert await t.text("adapter pirate") == "qwen3 answers with pirate"
        assert glasses.store.get(ADAPTER_SETTING, str, "") == "pirate"
        assert "answers with pirate" in await t.text("models")
        assert "on" in await t.text("adapter")
        assert await t.text("draft hello") != plain
        assert await t.text("adapter none") == "qwen3 answers as it is"
        assert await t.text("draft hello") == plain
        await t.text("adapter pirate")
        await t.text("models load qwen2_5_vl")
        assert glasses.store.get(ADAPTER_SETTING, str, "") == ""
        assert glasses.language.adapter == ""

    talk(story)


def test_ctrl_c_ends_an_answer(built: Path) -> None:
    async def story(t: Talk) -> None:
        t.sim.glasses.language._folder = built
        await t.text("models load qwen3")
        t.shell.type(b"draft a long letter\r")
        await t.sim.sleep(0.01)
        t.shell.type(b"\x03")
        await t.sim.sleep(1)
        assert not any(worker.busy for worker in t.sim.glasses.runner.status())
        assert (await t.ask("status"))["ok"]

    talk(story)
