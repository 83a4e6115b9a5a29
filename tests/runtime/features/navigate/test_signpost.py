"""When a sign's verdict is shown, and when it is not any more."""

from __future__ import annotations

import msgspec
import pytest

from runtime.core.messages import Reading
from runtime.features.navigate.cues.guide import Guide
from runtime.features.navigate.cues.words import Words
from runtime.features.navigate.routes.route import Name
from runtime.features.navigate.signpost import SIGN_S, Signpost
from tests.runtime.features.navigate.cues.test_guide import ELL, north, place
from tests.runtime.features.navigate.made import route
from tests.runtime.features.navigate.walker import NS

SIGN = Reading(0, (("愚园路", 0.98),))


@pytest.fixture
def guide() -> Guide:
    made = route(ELL)
    first, turn, end = made.maneuvers
    turn = msgspec.structs.replace(turn, name=Name("愚园路"))
    return Guide(msgspec.structs.replace(made, maneuvers=(first, turn, end)), Words("en"))


def test_it_is_told_for_some_seconds(guide: Guide) -> None:
    north(guide, 0, 100)
    post = Signpost()
    post.hear(SIGN, guide, 0)
    assert post.text(guide, round((SIGN_S - 1) * NS)) == "Sign 愚园路: correct"
    assert post.text(guide, round(SIGN_S * NS)) == ""


def test_past_the_maneuver_it_is_over(guide: Guide) -> None:
    north(guide, 0, 195)
    post = Signpost()
    post.hear(SIGN, guide, 0)
    assert post.text(guide, 1)
    for t in range(8):
        guide.update(place((1.4 * t, 200), 200.0 + t, course=90.0))
    assert guide.following.next == 2
    assert post.text(guide, 1) == ""


def test_who_is_off_the_route_or_in_doubt_is_told_nothing(guide: Guide) -> None:
    north(guide, 0, 100)
    post = Signpost()
    guide.tick(200 * NS)
    assert guide.following.doubt
    post.hear(SIGN, guide, 0)
    assert post.text(guide, 1) == ""
    north(guide, 100, 105, 201.0)
    assert post.text(guide, 1) == "", "it was read while nobody knew where"


def test_a_newer_reading_takes_the_place_of_the_last(guide: Guide) -> None:
    north(guide, 0, 100)
    post = Signpost()
    post.hear(SIGN, guide, 0)
    post.hear(Reading(0, (("Exit", 0.99),)), guide, 0)
    assert post.text(guide, 1) == ""
