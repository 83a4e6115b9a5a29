"""Routes of every form are read the same; what is broken is named by its place."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from runtime.features.navigate.routes.geometry import along, bearing, decode_polyline, lengths
from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import NoRouteError, Route, RouteError, RouteFormatError
from runtime.features.navigate.routes.saved import decode_route, encode_route
from tests.runtime.features.navigate.routes.samples import CORNER, at, corner, encode, gpx, osrm, step

FIXTURES = Path(__file__).parents[6] / "shared" / "fixtures" / "routes"


def kinds(route: Route) -> list[tuple[str, str]]:
    return [(maneuver.kind, maneuver.modifier) for maneuver in route.maneuvers]


def check(route: Route) -> None:
    """What holds for every route."""
    places = [maneuver.at_m for maneuver in route.maneuvers]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0.0, route.length_m)
    assert (route.maneuvers[0].kind, route.maneuvers[-1].kind) == ("depart", "arrive")
    assert (lengths(route.line) > 0).all()
    assert all(0 <= angle <= 360 for one in route.maneuvers for angle in (one.before, one.after))


def test_a_response_of_osrm() -> None:
    route = load_route(corner(), "corner.json")
    check(route)
    assert kinds(route) == [("depart", "straight"), ("turn", "right"), ("arrive", "left")]
    turn = route.maneuvers[1]
    assert turn.at_m == pytest.approx(200, abs=0.5)
    assert turn.before == pytest.approx(0, abs=0.5)
    assert turn.after == pytest.approx(90, abs=0.5)
    assert (turn.name.text, turn.name.others) == ("愚园路", {"en": "Yuyuan Rd."})
    assert turn.name.pronunciation == "ˈjuːjuɛn"
    assert (route.mode, route.source) == ("walking", "corner.json")


@pytest.mark.parametrize(
    "geometry",
    [
        encode(CORNER, 5),
        encode(CORNER, 6),
        {"type": "LineString", "coordinates": [[lon, lat] for lat, lon in CORNER]},
    ],
    ids=["polyline5", "polyline6", "geojson"],
)
def test_every_geometry_gives_the_same_line(geometry: Any) -> None:
    route = load_route(corner(geometry=geometry), "corner")
    assert np.abs(route.line - np.array(CORNER)).max() < 1e-5


def test_the_steps_own_geometries_do_where_the_route_has_none() -> None:
    parts = [encode(CORNER[:2], 6), encode(CORNER[1:], 6), encode([CORNER[2]] * 2, 6)]
    document = msgspec.json.decode(corner())
    for one, part in zip(document["routes"][0]["legs"][0]["steps"], parts, strict=True):
        one["geometry"] = part
    del document["routes"][0]["geometry"]
    document["waypoints"] = [{"location": [CORNER[0][1], CORNER[0][0]]}]
    assert load_route(msgspec.json.encode(document), "x").length_m == pytest.approx(350, abs=1)


def test_several_legs_have_a_via_between_them() -> None:
    first = [step("depart", CORNER[0], 200.0), step("arrive", CORNER[1], 0.0)]
    second = [step("depart", CORNER[1], 150.0), step("arrive", CORNER[2], 0.0)]
    route = load_route(osrm(CORNER, [first, second], 350.0), "legs")
    check(route)
    assert [kind for kind, _ in kinds(route)] == ["depart", "via", "arrive"]


def test_a_roundabout_has_its_exit_and_the_way_out() -> None:
    line = (at(0, 0), at(100, 0), at(108, 8), at(116, 0), at(116, -100))
    steps = [
        step("depart", line[0], 100.0),
        step("roundabout", line[1], 22.0, exit=3, modifier="straight", name="陕西路"),
        step("exit roundabout", line[3], 100.0, exit=3, modifier="right"),
        step("arrive", line[4], 0.0),
    ]
    route = load_route(osrm(line, [steps], 222.0), "round")
    check(route)
    assert (route.maneuvers[1].kind, route.maneuvers[1].exit, route.maneuvers[1].modifier) == (
        "roundabout",
        3,
        "left",
    )


def test_out_and_back_keeps_each_maneuver_at_its_own_pass() -> None:
    """The same crossing is passed twice: first straight on, then, on the way back, to the right."""
    line = (at(0, 0), at(100, 0), at(200, 0), at(100, 0), at(100, -80))
    steps = [
        step("depart", line[0], 100.0),
        step("new name", line[1], 100.0, modifier="straight"),
        step("continue", line[2], 100.0, modifier="uturn"),
        step("turn", line[3], 80.0, modifier="right"),
        step("arrive", line[4], 0.0),
    ]
    route = load_route(osrm(line, [steps], 380.0), "back")
    assert [round(one.at_m, -1) for one in route.maneuvers] == [0, 100, 200, 300, 380]
    assert [kind for kind, _ in kinds(route)] == ["depart", "continue", "u-turn", "turn", "arrive"]


def test_lanes_are_those_of_the_crossing() -> None:
    crossing = {
        "lanes": [{"indications": ["left"], "valid": False}, {"indications": ["right"], "valid": True}]
    }
    document = msgspec.json.decode(corner())
    document["routes"][0]["legs"][0]["steps"][1]["intersections"] = [crossing]
    lanes = load_route(msgspec.json.encode(document), "x").maneuvers[1].lanes
    assert [(lane.directions, lane.take) for lane in lanes] == [(("left",), False), (("right",), True)]


def test_a_response_of_valhalla() -> None:
    maneuvers = [
        {"type": 1, "begin_shape_index": 0, "street_names": ["江苏路"], "travel_mode": "bicycle"},
        {
            "type": 26,
            "begin_shape_index": 1,
            "roundabout_exit_count": 2,
            "street_names": ["愚园路", "Yuyuan Rd."],
        },
        {"type": 5, "begin_shape_index": 2},
    ]
    trip = {"status": 0, "legs": [{"shape": encode(CORNER, 6), "maneuvers": maneuvers}]}
    route = load_route(msgspec.json.encode({"trip": trip}), "valhalla")
    check(route)
    assert kinds(route) == [("depart", ""), ("roundabout", "right"), ("arrive", "right")]
    assert (route.maneuvers[1].exit, route.maneuvers[1].name.others, route.mode) == (
        2,
        {"en": "Yuyuan Rd."},
        "cycling",
    )


def test_a_fork_is_told_as_one() -> None:
    steps = [
        step("depart", CORNER[0], 200.0),
        step("fork", CORNER[1], 150.0, modifier="slight right"),
        step("arrive", CORNER[2], 0.0),
    ]
    assert kinds(load_route(osrm(CORNER, [steps], 350.0), "fork"))[1] == ("fork", "slight right")
    steps[1] = step("fork", CORNER[1], 150.0, modifier="straight")
    assert kinds(load_route(osrm(CORNER, [steps], 350.0), "on"))[1] == ("continue", "straight")
    numbers = (1, 24, 4)
    maneuvers = [{"type": number, "begin_shape_index": at} for at, number in enumerate(numbers)]
    trip = {"status": 0, "legs": [{"shape": encode(CORNER, 6), "maneuvers": maneuvers}]}
    assert kinds(load_route(msgspec.json.encode({"trip": trip}), "fork"))[1] == ("fork", "slight left")


@pytest.mark.parametrize("kind", ["trk", "rte"])
def test_gpx_turns_where_its_line_does(kind: str) -> None:
    dense = [at(m, 0) for m in range(0, 200, 5)] + [at(200, m) for m in range(0, 155, 5)]
    route = load_route(gpx(dense, kind=kind), "walk.gpx")
    check(route)
    assert kinds(route) == [("depart", ""), ("turn", "right"), ("arrive", "")]
    assert route.maneuvers[1].at_m == pytest.approx(200, abs=4)


def test_a_recorded_track_that_shakes_turns_at_its_corners_alone() -> None:
    rng = np.random.default_rng(5)
    way = [(m, 0.0) for m in np.arange(0, 200, 1.4)] + [(200.0, m) for m in np.arange(0, 150, 1.4)]
    wander = np.cumsum(rng.normal(0, 0.15, (len(way), 2)), axis=0)
    points = [at(n + wander[i, 0], e + wander[i, 1]) for i, (n, e) in enumerate(way)]
    route = load_route(gpx(points, timed=True), "recorded.gpx")
    assert [one.modifier for one in route.maneuvers if one.kind == "turn"] == ["right"]


def test_a_bend_is_no_turn() -> None:
    bend = [at(60 * math.sin(a), 60 - 60 * math.cos(a)) for a in np.linspace(0, math.pi / 2, 60)]
    route = load_route(gpx([at(-100, 0), *bend, at(60, 160)]), "bend.gpx")
    assert kinds(route) == [("depart", ""), ("arrive", "")]


def test_gpx_that_says_its_turns() -> None:
    text = gpx(CORNER, kind="rte").decode()
    parts = text.split("</rtept>")
    parts[1] += "<name>愚园路 / Yuyuan Rd.</name><desc>Turn right onto 愚园路</desc>"
    route = load_route("</rtept>".join(parts).encode(), "said.gpx")
    assert kinds(route) == [("depart", ""), ("turn", "right"), ("arrive", "")]
    assert route.maneuvers[1].name.text == "愚园路"


def test_the_antimeridian_is_no_barrier() -> None:
    line = [(10.0, 179.9990), (10.0, 179.9999), (10.0, -179.9990)]
    route = load_route(gpx(line), "pacific.gpx")
    assert route.length_m == pytest.approx(219.3, abs=1.0)
    assert route.maneuvers[-1].before == pytest.approx(90, abs=0.1)


@pytest.mark.parametrize("latitude", [0.0, 31.2, 60.0, 85.0])
def test_lengths_agree_with_the_ellipsoid(latitude: float) -> None:
    """A thousandth of a degree, from the series for the meridian's and the parallel's arcs (Bowring 1983)."""
    e2, a, phi = 0.00669437999014, 6378137.0, math.radians(latitude)
    east = math.radians(0.001) * a * math.cos(phi) / math.sqrt(1 - e2 * math.sin(phi) ** 2)
    assert along(np.array([[latitude, 5.0], [latitude, 5.001]]))[-1] == pytest.approx(east, rel=1e-6)
    line = np.array([[latitude, 5.0], [latitude, 5.001]])
    assert bearing(line, along(line), 0.0, east) == pytest.approx(90, abs=0.01)


def test_a_million_points_are_read_in_bounded_time() -> None:
    deltas = "A?" * 999_999  # one millionth of a degree north each
    text = encode([(10.0, 20.0)], 6) + deltas
    points = decode_polyline(text, 6, "geometry")
    assert len(points) == 1_000_000
    route = load_route(osrm(CORNER, [], 111_000.0, geometry=text), "long")
    check(route)


def test_a_route_comes_back_from_its_bytes_the_same() -> None:
    route = load_route(corner(), "corner")
    again = decode_route(encode_route(route))
    assert np.array_equal(again.line, route.line)
    assert np.array_equal(again.along_m, route.along_m)
    assert (again.maneuvers, again.mode, again.source) == (route.maneuvers, route.mode, route.source)
    for broken in (
        b"",
        b"{}",
        encode_route(route)[:-40],
        b'{"line":"AAAA","maneuvers":[],"mode":"walking","source":""}',
    ):
        with pytest.raises(RouteFormatError, match="damaged"):
            decode_route(broken)


def _changed(path: str, value: Any) -> bytes:
    document = msgspec.json.decode(corner())
    *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
    node = document
    for part in way:
        node = node[part]
    node[last] = value
    return msgspec.json.encode(document)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("routes.0.legs.0.steps.1.maneuver.location", None, r"steps\[1\].maneuver.location: missing"),
        (
            "routes.0.legs.0.steps.1.maneuver.location",
            [999, 999],
            r"steps\[1\].maneuver.location: 999, 999 is nowhere",
        ),
        (
            "routes.0.legs.0.steps.1.maneuver.location",
            "x",
            r"maneuver.location: \[longitude, latitude\] is expected",
        ),
        ("routes.0.legs.0.steps.1.maneuver.location", [11.0, 50.0], r"maneuver: .* m from the route's line"),
        (
            "routes.0.legs.0.steps.1.distance",
            "far",
            r"steps\[1\].distance: a number is expected here, not text",
        ),
        ("routes.0.legs.0.steps.1.distance", 10**400, r"steps\[1\].distance: the number is too large"),
        ("routes.0.legs", {}, r"routes\[0\].legs: a list is expected here, not an object"),
        ("routes.0.geometry", "~~~", r"geometry: no encoded polyline"),
        ("routes.0.geometry", encode(CORNER, 6)[:-1] + "_", "geometry: no encoded polyline"),
        ("routes.0.geometry", encode(CORNER[:2], 6), "350 m are said: it is cut off"),
        ("routes.0.geometry", 7, "geometry: an encoded polyline or GeoJSON is expected"),
        ("routes.0.geometry", encode([CORNER[0]] * 3, 6), "every point is the same|are said"),
        ("routes", [], "routes: there is none in it"),
        ("code", "NoSegment", "the server found no way: NoSegment"),
    ],
)
def test_what_is_broken_is_named(path: str, value: Any, says: str) -> None:
    with pytest.raises(RouteError, match=says):
        load_route(_changed(path, value), "broken.json")


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE g [<!ENTITY a "'
    + b"x" * 9999
    + b'"><!ENTITY b "&a;&a;&a;">]><gpx>&b;</gpx>'
)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf  ", "empty"),
        (b"hello", "no JSON"),
        (b"\xff\xfe{}", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[1, 2]", "no route"),
        (b'{"name": "x"}', "no route"),
        (corner()[:200], "no JSON"),
        (b'{"code": "InvalidQuery", "message": "Query string malformed"}', "Query string malformed"),
        (b'{"error_code": 442, "error": "No path could be found"}', "No path could be found"),
        (b"<html><body>Login</body></html>", "<html> is no GPX"),
        (b"<gpx><wpt lat='1' lon='2'/></gpx>", "no route and no track"),
        (b"<gpx><trk><trkseg><trkpt lat='1'", "no XML"),
        (
            b"<gpx><trk><trkseg><trkpt lat='x' lon='2'/><trkpt lat='1' lon='2'/></trkseg></trk></gpx>",
            "must be numbers",
        ),
        (
            b"<gpx><trk><trkseg><trkpt lat='91' lon='2'/><trkpt lat='1' lon='2'/></trkseg></trk></gpx>",
            "nowhere on Earth",
        ),
        (BOMB, "no entities"),
        (b'<!DOCTYPE gpx SYSTEM "file:///etc/passwd"><gpx/>', "no entities"),
        (gpx([(89.95, 0.0), (89.96, 0.0)]), "pole"),
    ],
)
def test_what_is_no_route_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(RouteError, match=says):
        load_route(data, "file")


def test_no_way_is_said_as_such() -> None:
    with pytest.raises(NoRouteError):
        load_route(b'{"code": "NoRoute", "message": "Impossible route"}', "server")


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the test data is not beside this clone")
@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.json")), ids=lambda path: path.stem)
def test_real_responses(path: Path) -> None:
    document = msgspec.json.decode(path.read_bytes())
    route = load_route(path.read_bytes(), path.name)
    check(route)
    told = document["routes"][0]
    assert route.length_m == pytest.approx(told["distance"], rel=0.01)
    steps = [one for leg in told["legs"] for one in leg["steps"]]
    if steps:
        assert len(route.maneuvers) == len(steps)
        for maneuver, one in zip(route.maneuvers, steps, strict=True):
            longitude, latitude = one["maneuver"]["location"]
            assert abs(maneuver.point[0] - latitude) < 2e-5
            assert abs(maneuver.point[1] - longitude) < 4e-5
    else:
        assert sum(one.kind == "via" for one in route.maneuvers) == len(told["legs"]) - 1
