"""A street sign snapped on a walk: real camera path, text reader and navigation, and what the HUD says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.sim.outing import Outing, noise_of
from drivers.sim.scenario import Picture, Scenario
from runtime.core.messages import Card, Request
from runtime.core.topics import REQUEST
from runtime.features.navigate.asks import ACTION, KEY
from runtime.features.navigate.kept import keep_route
from runtime.features.navigate.routes.load import load_route
from runtime.sense.reading import Readers
from tests.glasses.sim import Sim, play
from tests.runtime.features.navigate.routes.samples import at, osrm, step
from tools.commands.models import open_store

LABELS = Path(__file__).parents[3] / "shared" / "fixtures" / "labels"
SIGN = "street_sign_zh_en.jpg"
NEAR, FAR = 30.0, 150.0  # metres to the first corner: a cue stands, or it is quiet
SECONDS = 12.0  # from the start to the shutter


@pytest.fixture(autouse=True)
def _real_things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Readers, "codes", lambda _self: None)  # a sign's strokes keep it busy for long
    if not (LABELS / SIGN).exists():
        pytest.skip("the photograph is not here: shared/fixtures/labels")
    if "ppocrv6-tiny" in open_store().missing():
        pytest.skip("the text model is not in the cache: browline models pull")


def snapped(first: str, then: str, last: str, north_m: float = NEAR) -> Card:
    """What is on the HUD after a snap early on a way north, east and north again, on streets of these names."""
    # The second corner is nowhere near the first.
    points = (at(0, 0), at(north_m, 0), at(north_m, 250), at(north_m + 150, 250))
    steps = [
        step("depart", points[0], north_m, name=first),
        step("turn", points[1], 250.0, modifier="right", name=then),
        step("turn", points[2], 150.0, modifier="left", name=last),
        step("arrive", points[3], 0.0),
    ]
    walk = Outing(points=points, noise=noise_of(2.0), starts_s=2.0)
    scenario = Scenario(name="sign", ends_s=0.0, pictures=(Picture(file=SIGN),), walk=walk, folder=LABELS)

    async def story(sim: Sim) -> Card:
        glasses = sim.glasses
        keep_route(glasses.store, load_route(osrm(points, [steps], north_m + 400), "way"))
        glasses.bus.publish(REQUEST, Request(sim.clock.now_ns(), ACTION, "start"))
        await sim.sleep(SECONDS)
        await sim.snap()
        card = glasses.hud.scene.card
        assert isinstance(card, Card)
        return card

    return play(story, scenario=scenario, without=("microphone",))


def told(card: Card) -> list[str]:
    """The lines of navigation's card."""
    assert card.key == KEY
    return [line.text for line in card.lines]


def test_the_sign_of_the_next_street_confirms_the_cue() -> None:
    lines = told(snapped("江苏路", "愚园路 / Yuyuan Rd.", "定西路"))
    assert lines[1:] == ["Turn right", "Yuyuan Rd.", "愚园路", "Sign 愚园路: correct"]


def test_the_sign_of_a_street_far_down_the_way_contradicts_it() -> None:
    lines = told(snapped("江苏路", "武定路 / Wuding Rd.", "愚园路"))
    assert lines[1:] == ["Turn right", "Wuding Rd.", "武定路", "Sign 愚园路: not this way"]


def test_between_two_cues_the_sign_of_the_street_one_is_on_is_told_too() -> None:
    assert told(snapped("愚园路", "武定路", "定西路", FAR)) == ["Sign 愚园路: correct"]


def test_a_street_that_the_way_does_not_know_is_left_uncommented() -> None:
    """The snap's own card is seen then, since the corner is not due yet."""
    card = snapped("江苏路", "武定路", "定西路")
    assert card.key == "snap"
    text = "".join(line.text for line in card.lines)
    assert "愚园路" in text and "Sign" not in text
