"""From the shutter to the card, through every real part: keys, camera, models, store, HUD, panel."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.store import ModelStore
from runtime.core.messages import Card
from runtime.core.topics import SHOWN
from tests.glasses.sim import Sim, play
from tools.commands.models import open_store


@pytest.fixture(autouse=True)
def _models() -> ModelStore:
    store = open_store()
    if "ppocrv6-tiny" in store.missing():
        pytest.skip("the text model is not in the cache: browline models pull")
    return store


def words(card: Card) -> str:
    return " | ".join(line.text for line in card.lines)


def test_the_shutter_brings_name_price_date_and_code() -> None:
    async def story(sim: Sim) -> str:
        return words(await sim.snap())

    card = play(story)
    assert "Milk" in card
    assert "15.90" in card
    assert "2026-12-20" in card
    assert "2004300000034" in card


def test_the_panel_reacts_within_50_ms_of_the_press() -> None:
    async def story(sim: Sim) -> float:
        await sim.sleep(10.0)
        start_ns = sim.clock.now_ns()
        with sim.glasses.bus.subscribe(SHOWN) as shown:
            sim.world.press("shutter")
            return ((await shown.get()).t_ns - start_ns) / 1e6

    assert play(story) <= 50


def test_touch_turns_the_page_and_comes_round() -> None:
    async def story(sim: Sim) -> list[str]:
        first = words(await sim.snap())
        pages = [first]
        for _ in range(8):
            sim.world.press("touch", "tap")
            await sim.sleep(0.2)
            pages.append(words(sim.cards[-1]))
        return pages

    pages = play(story)
    assert len(set(pages)) >= 3
    assert pages[0] in pages[1:]


def test_what_was_saved_is_there_after_a_restart_and_forgotten_for_good(tmp_path: Path) -> None:
    data = tmp_path

    async def save(sim: Sim) -> str:
        await sim.snap()
        sim.world.press("touch", "hold")
        await sim.sleep(0.5)
        return words(sim.cards[-1])

    async def look(sim: Sim) -> int:
        return len(sim.glasses.store.snaps())

    async def forget(sim: Sim) -> int:
        await save(sim)
        sim.world.press("touch", "double_tap")
        await sim.sleep(0.5)
        return len(sim.glasses.store.snaps())

    assert "Saved" in play(save, data)
    assert play(look, data) == 1
    assert play(forget, data) == 1, "the one saved before is another snap"
