from __future__ import annotations

import msgspec
import pytest

from runtime.core.messages import Place
from runtime.features.navigate.cues.events import Event, GuideState
from runtime.features.navigate.cues.guide import Guide
from runtime.features.navigate.cues.words import Words
from runtime.features.navigate.following.state import WrongRouteError
from runtime.features.navigate.routes.route import Route
from tests.runtime.features.navigate.made import LOOP, XY, latlon, named, route
from tests.runtime.features.navigate.walker import NS, Sky, walk
from tests.runtime.features.navigate.walks import FILTERED

ELL: list[XY] = [(0, 0), (0, 200), (100, 200)]
EXACT = Sky(white=0.0, drift=0.0, course_sd=0.0)


def place(xy: XY, t: float, speed: float = 1.4, course: float | None = 0.0) -> Place:
    return Place(round(t * NS), *latlon(xy), 3.0, speed, course)


def north(guide: Guide, from_m: float, to_m: float, t: float = 0.0) -> list[Event]:
    found, y = [], from_m
    while y <= to_m:
        found += guide.update(place((0, y), t))
        t, y = t + 1, y + 1.4
    return found


def said(events: list[Event]) -> list[tuple[str, int]]:
    return [(event.kind, event.maneuver) for event in events]


def test_it_is_quiet_until_it_is_time() -> None:
    guide = Guide(route(ELL), Words("en"))
    assert said(north(guide, 0, 100)) == [("cue", 0)]
    assert guide.shown() is None
    (prepare,) = north(guide, 101, 150, 100.0)
    assert (prepare.kind, prepare.maneuver, prepare.text) == (
        "prepare",
        1,
        "In 60 m, turn right onto Street 1",
    )
    panel = guide.shown()
    assert panel is not None
    assert (panel.phase, panel.icon, panel.text, panel.name) == (
        "prepare",
        "turn-right",
        "Turn right",
        "Street 1",
    )
    assert (panel.distance, panel.doubtful) == ("50 m", "Towards Street 1")
    assert panel.bearing == pytest.approx(0, abs=3) or panel.bearing == pytest.approx(360, abs=3)
    (cue,) = north(guide, 151, 192, 200.0)
    assert (cue.kind, cue.text) == ("cue", "Turn right onto Street 1")
    assert (cue.latitude, cue.longitude) == pytest.approx(latlon((0, 188)), abs=5e-5)
    assert (panel := guide.shown()) is not None
    assert panel.phase == "now"


def test_a_panel_has_an_end() -> None:
    guide = Guide(route(ELL), Words("en"))
    north(guide, 140, 160)
    last = 14 * NS
    assert (panel := guide.shown()) is not None
    assert last < panel.until_ns <= last + 5 * NS
    (withdrawn,) = guide.tick(last + 6 * NS)
    assert (withdrawn.kind, withdrawn.text) == ("withdrawn", "No position for now")
    assert guide.shown() is None
    assert guide.tick(last + 9 * NS) == []


def test_it_comes_back_by_itself_without_being_said_again() -> None:
    guide = Guide(route(ELL), Words("en"))
    assert ("prepare", 1) in said(north(guide, 100, 160))
    guide.tick(100 * NS)
    assert north(guide, 161, 170, 101.0) == []
    assert (panel := guide.shown()) is not None
    assert panel.maneuver == 1


@pytest.mark.parametrize("seed", range(8))
def test_a_restart_anywhere_repeats_no_cue_and_leaves_none_out(seed: int) -> None:
    corners = named("grid", seed)
    made, found = route(corners), []
    guide = Guide(made, Words("en"))
    for step in walk(corners, 1.4, seed, FILTERED):
        assert step.place is not None
        if round(step.t) % 37 == 36:
            kept = msgspec.msgpack.decode(msgspec.msgpack.encode(guide.state()), type=GuideState)
            guide = Guide(made, Words("en"), kept)
        found += guide.update(step.place)
    assert [event.maneuver for event in found if event.kind == "cue"] == list(range(len(made.maneuvers)))
    assert [event.kind for event in found].count("arrived") == 1
    assert not [event for event in found if event.kind in ("off_route", "wrong_way")]


def test_after_arriving_a_restart_is_silent() -> None:
    made = route(ELL)
    guide = Guide(made, Words("en"))
    for step in walk(ELL, 1.4, 1, EXACT):
        assert step.place is not None
        guide.update(step.place)
    assert guide.state().follower.arrived
    assert Guide(made, Words("en"), guide.state()).update(place((100, 200), 900.0, 0.0, None)) == []


def test_another_routes_state_is_refused() -> None:
    with pytest.raises(WrongRouteError):
        Guide(route(LOOP), Words("en"), Guide(route(ELL), Words("en")).state())


def test_short_steps_are_said_in_one_breath_and_shown_one_by_one() -> None:
    corners = named("short", 3)
    guide, shown, texts = Guide(route(corners), Words("en")), [], []
    for step in walk(corners, 1.4, 1, EXACT):
        assert step.place is not None
        texts += [event.text for event in guide.update(step.place) if event.kind == "cue"]
        if (panel := guide.shown()) and panel.maneuver not in shown:
            shown.append(panel.maneuver)
            assert guide.route.maneuvers[panel.maneuver].at_m >= step.along - 6
    assert texts[1] == "Turn right onto Street 1, then turn left"
    assert shown == list(range(len(corners)))


def test_a_skipped_maneuver_is_not_said() -> None:
    guide = Guide(route(ELL), Words("en"))
    north(guide, 0, 100)
    guide.skip()
    assert said(north(guide, 101, 195, 100.0)) == []


def test_language_may_change_on_the_way() -> None:
    guide = Guide(route(ELL), Words("en"))
    north(guide, 0, 100)
    guide.words = Words("zh")
    assert [event.text for event in north(guide, 101, 150, 100.0)] == ["60 米后右转，进入Street 1"]


def test_off_the_route_the_panel_says_so_and_gives_no_arrow() -> None:
    guide = Guide(route(ELL), Words("en"))
    north(guide, 0, 100)
    events = [
        event for t in range(15) for event in guide.update(place((-1.4 * t, 100), 100.0 + t, course=270.0))
    ]
    assert [event.kind for event in events][:2] == ["off_route", "reroute"]
    assert {event.kind for event in events[2:]} <= {"reroute"}
    assert events[0].bearing is None
    panel = guide.shown()
    assert panel is not None
    assert (panel.phase, panel.icon, panel.text, panel.bearing) == ("off", "off-route", "Off the route", None)


def test_a_route_without_a_length_of_its_own_ends_at_once() -> None:
    tiny: Route = route([(0, 0), (0, 1.5)])
    guide, found = Guide(tiny, Words("en")), []
    for t in range(10):
        found += guide.update(place((0, 0), float(t), 0.0, None))
    assert said(found) == [("cue", 0), ("prepare", 1), ("cue", 1), ("arrived", 1)]


def test_prepare_and_cue_at_once_are_one_panel() -> None:
    """Taken up again right before the corner: both are told, the wearer sees the last."""
    guide = Guide(route(ELL), Words("en"))
    north(guide, 0, 100)
    assert said(guide.update(place((0, 195), 170.0))) == [("prepare", 1), ("cue", 1)]
    assert (panel := guide.shown()) is not None
    assert (panel.phase, panel.maneuver, panel.text) == ("now", 1, "Turn right")
