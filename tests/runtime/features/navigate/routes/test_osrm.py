"""What servers of OSRM's kin write beside the plain route: each thing of it lands at its own maneuver."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import Lane, RouteError
from runtime.features.navigate.routes.saved import decode_route, encode_route
from tests.runtime.features.navigate.routes.samples import CORNER, Point, at, corner, encode, osrm, step
from tests.runtime.features.navigate.routes.test_load import check, kinds


def document(**route: Any) -> Any:
    return msgspec.json.decode(corner(**route))


def load(value: Any) -> Any:
    route = load_route(msgspec.json.encode(value), "x")
    check(route)
    return route


def ring(*, clockwise: bool) -> list[Point]:
    """From the south into a circle of 15 m, round three quarters of it, and out to the side it is left by."""
    around = [
        at(100, 0),
        at(107, 11),
        at(115, 15),
        at(126, 11),
        at(130, 0),
        at(126, -11),
        at(115, -15),
        at(115, -80),
    ]
    line = [at(0, 0), *around]
    return [(lat, 2 * 121.43 - lon) for lat, lon in line] if clockwise else line


@pytest.mark.parametrize("service", ["routes", "trips", "matchings"])
def test_each_service_has_its_own_word_for_a_route(service: str) -> None:
    value = document()
    value[service] = value.pop("routes")
    assert kinds(load(value)) == [("depart", "straight"), ("turn", "right"), ("arrive", "left")]


def test_one_route_taken_out_of_its_response() -> None:
    assert len(load(document()["routes"][0]).maneuvers) == 3


def test_of_alternatives_the_first_is_taken() -> None:
    value = document()
    other = msgspec.json.decode(osrm([at(0, 0), at(0, 900)], [], 900.0))["routes"][0]
    value["routes"].append(other)
    assert load(value).length_m == pytest.approx(350, abs=1)


def test_turns_stay_at_their_crossings_where_the_route_is_simplified() -> None:
    """``overview=simplified`` cuts the corner by 120 m; the steps' own lines do not."""
    value = document()
    value["routes"][0]["geometry"] = encode([CORNER[0], CORNER[2]], 6)
    parts = [encode(CORNER[:2], 6), encode(CORNER[1:], 6), encode([CORNER[2]] * 2, 6)]
    for one, part in zip(value["routes"][0]["legs"][0]["steps"], parts, strict=True):
        one["geometry"] = part
    route = load(value)
    assert route.length_m == pytest.approx(350, abs=1)
    assert route.maneuvers[1].point == pytest.approx(CORNER[1], abs=1e-5)


def test_a_step_with_a_broken_line_does_not_spoil_the_routes_own() -> None:
    value = document()
    for one in value["routes"][0]["legs"][0]["steps"]:
        one["geometry"] = "~~~"
    assert load(value).length_m == pytest.approx(350, abs=1)


@pytest.mark.parametrize("precision", [5, 6])
def test_a_short_way_is_read_with_its_own_digits_though_no_length_is_told(precision: int) -> None:
    value = document(geometry=encode(CORNER, precision))
    del value["routes"][0]["distance"]
    assert load(value).line[0] == pytest.approx(CORNER[0], abs=1e-4)


def test_the_banner_of_a_step_tells_of_the_next_one() -> None:
    value = document()
    first, turn, _ = value["routes"][0]["legs"][0]["steps"]
    lanes = [
        {"type": "lane", "text": "", "directions": ["left"], "active": False},
        {"type": "lane", "text": "", "directions": ["straight", "right"], "active": True},
    ]
    first["bannerInstructions"] = [
        {"distanceAlongGeometry": 200, "primary": {"type": "turn", "text": "x", "components": []}},
        {"distanceAlongGeometry": 50, "primary": {"type": "turn"}, "sub": {"text": "", "components": lanes}},
    ]
    turn["bannerInstructions"] = [{"primary": None, "sub": {"components": "broken"}}]
    maneuvers = load(value).maneuvers
    assert [one.lanes for one in maneuvers] == [
        (),
        (Lane(("left",), False), Lane(("straight", "right"), True)),
        (),
    ]


def test_numbers_of_ways_and_exits_are_kept() -> None:
    value = document()
    turn = value["routes"][0]["legs"][0]["steps"][1]
    turn |= {"ref": "A 8", "exits": "12A", "destinations": "A 8: München", "junction_name": "Kreuz Ulm"}
    route = load(value)
    one = route.maneuvers[1]
    assert (one.name.text, one.ref, one.sign_exit, one.junction) == ("愚园路", "A 8", "12A", "Kreuz Ulm")
    assert one.towards == "A 8: München"
    turn["name"] = ""
    one = load(value).maneuvers[1]
    assert (one.name.text, one.ref) == ("A 8", "")


@pytest.mark.parametrize(("side", "way"), [("right", "left"), ("left", "right")])
def test_the_way_out_of_a_roundabout_without_a_step_of_its_own(side: str, way: str) -> None:
    line = ring(clockwise=side == "left")
    steps = [
        step("depart", line[0], 100.0, driving_side=side),
        step("rotary", line[1], 140.0, exit=3, modifier="straight", rotary_name="人民广场", name="南京路"),
        step("arrive", line[-1], 0.0, modifier=side),
    ]
    route = load_route(osrm(line, [steps], 242.0), "round")
    check(route)
    rotary = route.maneuvers[1]
    assert (rotary.kind, rotary.exit, rotary.modifier, rotary.junction) == ("roundabout", 3, way, "人民广场")
    assert (route.traffic, route.maneuvers[-1].modifier) == (side, side)
    assert decode_route(encode_route(route)).traffic == side


@pytest.mark.parametrize(("side", "way"), [("right", "right"), ("left", "left")])
def test_the_degrees_of_a_banner_are_the_way_out(side: str, way: str) -> None:
    primary = {"type": "roundabout", "modifier": "right", "degrees": 90, "driving_side": side, "text": ""}
    steps = [
        step("depart", CORNER[0], 200.0, bannerInstructions=[{"primary": primary}]),
        step("roundabout", CORNER[1], 150.0, exit=1, modifier="straight"),
        step("arrive", CORNER[2], 0.0),
    ]
    assert load_route(osrm(CORNER, [steps], 350.0), "x").maneuvers[1].modifier == way


def test_a_leg_without_steps_and_one_without_length() -> None:
    first = [step("depart", CORNER[0], 200.0), step("arrive", CORNER[1], 0.0)]
    nowhere = [step("depart", CORNER[1], 0.0), step("arrive", CORNER[1], 0.0)]
    value = msgspec.json.decode(osrm(CORNER, [first, nowhere, []], 350.0))
    value["routes"][0]["legs"][2]["distance"] = 150.0
    route = load(value)
    assert [one.kind for one in route.maneuvers] == ["depart", "via", "via", "arrive"]
    assert [round(one.at_m) for one in route.maneuvers] == [0, 200, 200, 350]


def test_a_loop_passed_twice_keeps_its_turns_apart() -> None:
    """Three times round a block: each corner is passed three times, and each turn belongs to one of them."""
    block = [at(0, 0), at(60, 0), at(60, 60), at(0, 60)]
    line = [*block * 3, block[0]]
    steps = [step("turn", point, 60.0, modifier="right") for point in line[:-1]]
    steps[0]["maneuver"]["type"] = "depart"
    route = load_route(osrm(line, [[*steps, step("arrive", line[-1], 0.0)]], 720.0), "round and round")
    check(route)
    assert [round(one.at_m, -1) for one in route.maneuvers] == [60 * i for i in range(13)]


@pytest.mark.parametrize("shape", ["polyline6", "polyline5", "geojson"])
def test_every_shape_format_of_valhalla(shape: str) -> None:
    line: Any = {"type": "LineString", "coordinates": [[lon, lat] for lat, lon in CORNER]}
    leg = {
        "shape": line if shape == "geojson" else encode(CORNER, int(shape[-1])),
        "summary": {"length": 0.35},
        "maneuvers": [{"type": 1, "begin_shape_index": 0}, {"type": 10, "begin_shape_index": 1}],
    }
    route = load({"trip": {"status": 0, "units": "kilometers", "legs": [leg]}})
    assert (route.length_m, route.maneuvers[1].modifier) == (pytest.approx(350, abs=1), "right")


def test_valhalla_without_directions_has_the_corners_of_its_line() -> None:
    legs = [{"shape": encode(CORNER, 6)}, {"shape": encode(CORNER[::-1], 6)}]
    route = load({"trip": {"status": 0, "legs": legs}})
    assert kinds(route)[1:-1] == [("turn", "right"), ("via", ""), ("u-turn", "uturn"), ("turn", "left")]


def test_every_message_names_the_source_first() -> None:
    for data in (b"", b"{", b"<a/>", corner(geometry=7)):
        with pytest.raises(RouteError, match=r"^home\.json: "):
            load_route(data, "home.json")
