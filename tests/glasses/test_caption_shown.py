"""Captions on the whole glasses: seen at once, gone after silence, and timed from the microphone to the panel."""

from __future__ import annotations

from runtime.core.messages import Caption
from runtime.core.topics import CAPTION
from runtime.hud.service import CAPTION_S, DARK_AFTER_S
from tests.glasses.sim import Sim, play


def lit(sim: Sim) -> bool:
    """Whether the panel is on."""
    return bool(sim.panel.lit)


def test_the_display_goes_dark_after_silence_and_comes_back_with_the_next_word() -> None:
    async def story(sim: Sim) -> None:
        await sim.sleep(6)  # the greeting is over
        sim.glasses.bus.publish(CAPTION, Caption("Where is the station?", "It is"))
        await sim.sleep(0.1)
        assert sim.glasses.hud.hud.words == ["Where is the station? It is"]
        assert lit(sim) and sim.seen.any()
        await sim.sleep(CAPTION_S - 1)
        assert sim.seen.any(), "it can still be read"
        await sim.sleep(2)
        assert not sim.seen.any()
        await sim.sleep(DARK_AFTER_S)
        assert not lit(sim)
        sim.glasses.bus.publish(CAPTION, Caption("", "Over"))
        await sim.sleep(0.1)
        assert lit(sim) and sim.seen.any()

    play(story)


def test_a_caption_that_goes_on_keeps_the_display_on() -> None:
    async def story(sim: Sim) -> None:
        words = ["we", "walk", "on", "to", "the", "next", "shelf", "and", "turn", "left"]
        for n in range(1, len(words)):
            sim.glasses.bus.publish(CAPTION, Caption(" ".join(words[:n]), words[n]))
            await sim.sleep(CAPTION_S / 2)
            assert sim.seen.any()

    play(story)


def test_the_ledger_has_its_drawing_and_its_way_from_the_microphone() -> None:
    async def story(sim: Sim) -> None:
        for word in ("one", "two", "two"):
            spoken_ns = sim.clock.now_ns()
            await sim.sleep(0.7)
            sim.glasses.bus.publish(CAPTION, Caption("", word, t_ns=spoken_ns))
            await sim.sleep(0.1)
        stages = {stage.name: stage for stage in sim.glasses.tracer.ledger("captions")}
        assert list(stages) == ["captions.pixel", "captions.draw"]
        assert {stage.count for stage in stages.values()} == {2}, "what changes no pixel is not drawn"
        assert 700 <= stages["captions.pixel"].median_ms < 800

    play(story)
