"""GPX as planners and receivers write it: their turns are used where they are clear, else those of the shape."""

from __future__ import annotations

import pytest

from runtime.features.navigate.routes.gpx_hints import hint_of
from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import Route, RouteError
from tests.runtime.features.navigate.routes.samples import CORNER, Point, at, gpx
from tests.runtime.features.navigate.routes.test_load import check, kinds

BEND = (at(0, 0), at(100, 0), at(140, 10), at(170, 40), at(180, 80), at(180, 200))  # 90 degrees in no corner


def place(tag: str, point: Point, inside: str = "") -> str:
    return f'<{tag} lat="{point[0]:.7f}" lon="{point[1]:.7f}">{inside}</{tag}>'


def track(points: tuple[Point, ...]) -> str:
    return f"<trk><trkseg>{''.join(place('trkpt', point) for point in points)}</trkseg></trk>"


def load(inside: str, head: str = "") -> Route:
    text = f'<?xml version="1.0" encoding="UTF-8"?>{head}<gpx version="1.1">{inside}</gpx>'
    route = load_route(text.encode(), "x")
    check(route)
    return route


def turned(route: Route) -> list[tuple[str, str, int]]:
    return [(one.kind, one.modifier, round(one.at_m / 10) * 10) for one in route.maneuvers[1:-1]]


def osmand(offset: int) -> str:
    turn = f"<desc>keep right</desc><extensions><turn>KR</turn><offset>{offset}</offset></extensions>"
    points = place("rtept", BEND[0], "<desc>start</desc>") + place("rtept", BEND[3], turn)
    return f"<rte>{points}{place('rtept', BEND[-1], '<desc>destination</desc>')}</rte>{track(BEND)}"


@pytest.mark.parametrize(
    "text",
    [
        osmand(3),
        osmand(99_999),
        place("wpt", BEND[3], "<name>right</name><sym>tslr</sym><type>TSLR</type>") + track(BEND),
        place("wpt", BEND[3], "<x:rtePointAction>6</x:rtePointAction>") + track(BEND),
        place("wpt", BEND[3], '<om:ext type="ICON">1016</om:ext>') + track(BEND),
    ],
    ids=["OsmAnd", "OsmAnd, a wrong offset", "GPSies", "Locus", "OruxMaps"],
)
def test_the_turns_of_a_planner_lie_on_its_track(text: str) -> None:
    route = load(text)
    assert len(route.line) == len(BEND)
    assert turned(route) == [("turn", "slight right", 180)]


def test_turns_in_a_comment_of_brouter() -> None:
    comment = (
        f"<!-- $transport-mode$bike$ --><!-- $turn$  TSLR;  3; {BEND[3][1]:.6f}; {BEND[3][0]:.6f};  1; $ -->"
    )
    route = load(track(BEND), comment)
    assert (turned(route), route.mode) == ([("turn", "slight right", 180)], "cycling")


def test_a_crossing_passed_twice_has_its_turn_at_the_pass_that_is_told() -> None:
    line = (at(0, 0), at(100, 0), at(200, 0), at(200, 50), at(200, 0), at(100, 0), at(100, 90))
    turn = "<extensions><turn>TL</turn><offset>5</offset></extensions>"
    points = place("rtept", line[0]) + place("rtept", line[5], turn) + place("rtept", line[-1])
    assert ("turn", "left", 400) in turned(load(f"<rte>{points}</rte>{track(line)}"))


def test_a_route_elsewhere_is_followed_without_the_track() -> None:
    away = tuple(at(5000 + m, 0) for m in (0, 100, 200))
    route = load(f"<rte>{''.join(place('rtept', point) for point in away)}</rte>{track(CORNER)}")
    assert route.length_m == pytest.approx(200, abs=1)


def test_the_ways_between_garmins_points() -> None:
    between = "".join(f'<gpxx:rpt lat="{lat:.7f}" lon="{lon:.7f}"/>' for lat, lon in BEND[:-1])
    inside = f"<extensions><trp:ViaPoint/><gpxx:RoutePointExtension>{between}</gpxx:RoutePointExtension></extensions>"
    via = "<name>Hut</name><extensions><trp:ViaPoint></trp:ViaPoint></extensions>"
    end = at(300, 200)
    points = place("rtept", BEND[0], inside) + place("rtept", BEND[-1], via) + place("rtept", end)
    route = load(f"<rte>{points}</rte>")
    assert len(route.line) == len(BEND) + 1
    assert [one.name.text for one in route.maneuvers if one.kind == "via"] == ["Hut"]


def test_few_words_among_many_corners_do_not_hide_the_corners() -> None:
    line = (at(0, 0), at(100, 0), at(100, 100), at(200, 100), at(200, 200), at(300, 200))
    told = place("wpt", line[2], "<desc>Turn left onto Main St</desc>")
    route = load(told + track(line))
    assert [way for _, way, _ in turned(route)] == ["right", "left", "right", "left"]
    assert route.maneuvers[2].name.text == "Main St"


def test_a_place_of_interest_makes_no_turn() -> None:
    wpt = place("wpt", BEND[2], "<name>Left Bank Café</name><desc>the hut is on the right</desc>")
    assert turned(load(wpt + track(BEND))) == []


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"cmt": "Turn right onto S Gouldsboro Rd"}, ("turn", "right", "S Gouldsboro Rd", 0)),
        (
            {"desc": "turn sharp left onto Tschaikowskistraße"},
            ("turn", "sharp left", "Tschaikowskistraße", 0),
        ),
        ({"desc": "左转进入愚园路"}, ("turn", "left", "愚园路", 0)),
        ({"desc": "Rechts abbiegen auf Hauptstraße"}, ("turn", "right", "Hauptstraße", 0)),
        ({"desc": "At roundabout, take exit 2 onto A 5"}, ("roundabout", "", "A 5", 2)),
        ({"desc": "Take the 3rd exit at the roundabout"}, ("roundabout", "", "", 3)),
        ({"turn": "RNDB4"}, ("roundabout", "", "", 4)),
        ({"turn": "RNLB1"}, ("roundabout", "", "", 1)),
        ({"rtepointaction": "28"}, ("roundabout", "", "", 2)),
        ({"sign": "-8"}, ("u-turn", "uturn", "", 0)),
        ({"name": "right", "sym": "right"}, ("turn", "right", "", 0)),
        ({"type": "Straight"}, ("continue", "straight", "", 0)),
        ({"name": "0007", "cmt": "Make a U-turn"}, ("u-turn", "uturn", "", 0)),
        ({"turn": "tl", "name": "愚园路 / Yuyuan Rd."}, ("turn", "left", "愚园路", 0)),
        ({"desc": "right next to the café"}, None),
        ({"desc": "Take a break at the hut on the right"}, None),
        ({"desc": "向右前方行驶"}, ("turn", "slight right", "", 0)),
        ({"name": "Copyright"}, None),
        ({"sym": "C"}, None),
        ({"sym": "Flag, Blue", "name": "Hwy 72"}, None),
        ({"desc": "left" * 100_000}, None),
    ],
)
def test_what_is_written_at_a_point(texts: dict[str, str], told: tuple[str, str, str, int] | None) -> None:
    hint = hint_of(texts)
    assert (hint and (hint.kind, hint.modifier, hint.name.text, hint.exit)) == told


def test_an_undeclared_prefix_and_any_namespace_are_read() -> None:
    text = gpx(CORNER).decode().replace("<trkpt", "<o:trkpt").replace("</trkpt", "</o:trkpt")
    assert load_route(text.encode(), "x").length_m == pytest.approx(350, abs=1)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "latin-1"]
)
def test_every_encoding(encoding: str) -> None:
    name = "Café" if encoding == "latin-1" else "愚园路"
    declared = {"latin-1": "iso-8859-1", "utf-8-sig": "utf-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
    turn = place("rtept", CORNER[1], f"<turn>TR</turn><name>{name}</name>")
    points = place("rtept", CORNER[0]) + turn + place("rtept", CORNER[2])
    text = (
        f'<?xml version="1.0" encoding="{declared.get(encoding, encoding)}"?><gpx><rte>{points}</rte></gpx>'
    )
    assert load_route(text.encode(encoding), "x").maneuvers[1].name.text == name


def test_the_first_line_that_leads_somewhere_is_taken() -> None:
    still = track((CORNER[0], CORNER[0]))
    assert kinds(load(still + track(CORNER))) == [("depart", ""), ("turn", "right"), ("arrive", "")]


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        (place("wpt", CORNER[0]) * 2, "only 2 waypoints"),
        (track(CORNER[:1]), r"trk\[0\]: a way has two points"),
        (track((CORNER[0], CORNER[0])), r"trk\[0\]: every point is the same"),
        (track(CORNER).replace("lat=", "lat1=", 1), r"trk\[0\]\.trkpt\[0\]: lat and lon must be numbers"),
        (track((CORNER[0], (95.0, 1.0), CORNER[1])), r"trk\[0\]\.trkpt\[1\]: 95, 1 is nowhere"),
        (track((CORNER[0], (float("nan"), 1.0))), r"trk\[0\]\.trkpt\[1\]: lat and lon must be numbers"),
        (track((CORNER[0], (float("inf"), 1.0))), r"trk\[0\]\.trkpt\[1\]: inf, 1 is nowhere"),
        (
            f"<rte>{place('rtept', CORNER[0])}<rtept lat='' lon='1'/></rte>",
            r"rte\[0\]\.rtept\[1\]: lat and lon",
        ),
        ("<trk>" * 600, "deeper than 500 levels"),
        ("<a " + "b" * (5 << 20), "a tag is longer than 4 MB|no XML"),
    ],
)
def test_what_is_wrong_is_named(inside: str, says: str) -> None:
    with pytest.raises(RouteError, match=says):
        load(inside)
