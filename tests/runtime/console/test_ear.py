"""``ear``: how it sounds, and that the light is on only while it listens."""

from __future__ import annotations

import os

import pytest

from models.manifest import list_manifests
from models.store import ModelStore, cache_folder
from runtime.sense.hearing.voice import MODEL
from tests.runtime.console.talk import Talk, talk


@pytest.fixture(autouse=True)
def _model() -> None:
    store = ModelStore(cache_folder(os.environ), list_manifests(), lambda _seconds: None)
    if MODEL in store.missing():
        pytest.skip(f"{MODEL} is not in the cache: run `browline models pull`")


def test_ear_tells_level_speech_lag_and_losses() -> None:
    async def story(t: Talk) -> None:
        assert not t.sim.light_is_on()
        answer = await t.ask("ear 2")
        data = answer["data"]
        assert data["open"] and data["rate_hz"] == 16_000 and data["level_db"] == -100
        assert not data["speaking"] and data["probability"] < 0.5 and data["stretches"] == 0
        assert 0 <= data["lag_s"] < 0.2 and data["overruns"] == 0
        assert "dBFS" in answer["text"]
        await t.sim.sleep(0.1)
        assert not t.sim.light_is_on()

    talk(story)


def test_ear_counts_overruns_and_says_when_there_is_no_microphone() -> None:
    async def story(t: Talk) -> None:
        t.sim.world.faults.set("microphone", "overrun", 0.2)
        assert (await t.ask("ear 2"))["data"]["overruns"] > 3
        t.sim.world.faults.set("microphone", "unplug")
        assert "Microphone lost" in await t.text("ear 2")
        t.sim.world.faults.clear()
        await t.sim.sleep(12)
        assert (await t.ask("ear 2"))["data"]["open"]
        assert "60" in await t.refused("ear 61")
        assert "too many" in await t.refused("ear 1 2")

    talk(story)
