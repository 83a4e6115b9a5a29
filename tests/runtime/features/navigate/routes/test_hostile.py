"""Files that were made to hurt: refused by name, in bounded time and memory."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import numpy as np
import pytest

from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import Route, RouteError
from tests.runtime.features.navigate.routes.samples import CORNER, at, encode, gpx, osrm, step
from tests.runtime.features.navigate.routes.test_load import check

MANY = 1_000_000
MEGABYTE = 1 << 20


@contextmanager
def within(seconds: float, megabytes: int) -> Iterator[None]:
    """Of this process's own time, so that a busy machine does not matter; memory beside what is there already."""
    tracemalloc.start()
    before = time.process_time()
    try:
        yield
        spent, peak = time.process_time() - before, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert spent < seconds
    assert peak < megabytes * MEGABYTE


def refused(data: bytes, says: str) -> None:
    with pytest.raises(RouteError, match=says):
        load_route(data, "hostile")


def read(data: bytes) -> Route:
    route = load_route(data, "long")
    check(route)
    return route


def zigzag() -> str:
    """A million points a metre apart that turn at each: north, east, north …"""
    return encode([(10.0, 20.0)], 6) + "Q?" * 2 + "Q??Q" * ((MANY - 3) // 2)


def test_a_million_points_of_a_polyline() -> None:
    data = osrm(CORNER, [[]], 0.0, geometry=zigzag())
    with within(20.0, 500):
        assert len(read(data).line) == pytest.approx(MANY, abs=3)


def test_fifty_thousand_points_of_geojson() -> None:
    count = MANY // 20
    line = np.column_stack([np.full(count, 20.5), np.linspace(10.0, 12.5, count)]).tolist()
    data = osrm(CORNER, [[]], 0.0, geometry={"type": "LineString", "coordinates": line})
    del line
    with within(4.0, 30):
        assert len(read(data).line) == count


def test_fifty_thousand_points_of_gpx() -> None:
    """No tree is built of them: memory is the points' alone, some hundred bytes each."""
    data = gpx([at(m * 0.8, 0) for m in range(50_000)], timed=True)
    with within(5.0, 30):
        assert read(data).length_m == pytest.approx(40_000, rel=0.01)


def test_as_many_maneuvers_as_are_read_on_as_many_points() -> None:
    steps = [step("turn", CORNER[i % 3], 0.0) for i in range(19_000)]
    data = osrm(CORNER, [steps], 0.0, geometry=zigzag())
    with within(60.0, 500), pytest.raises(RouteError, match=r"maneuver: "):
        load_route(data, "hostile")


def test_more_maneuvers_than_that_are_refused() -> None:
    steps = [step("turn", CORNER[0], 0.0)] * 20_001
    refused(osrm(CORNER, [steps], 350.0), "20001 maneuvers are more than 20000")


@pytest.mark.parametrize("opened", [b"[", b'{"routes":', b'{"routes":[', b'{"trip":{"legs":['])
def test_json_a_hundred_thousand_deep(opened: bytes) -> None:
    with within(2.0, 50):
        refused(opened * 100_000, "no JSON")


def test_a_route_whose_other_fields_are_a_hundred_thousand_deep() -> None:
    data = osrm(CORNER, [[]], 350.0).replace(
        b'"waypoints":[]', b'"waypoints":' + b"[" * 100_000 + b"]" * 100_000
    )
    with within(2.0, 50):
        refused(data, "no JSON")


def test_json_of_lists_alone() -> None:
    with within(5.0, 100):
        refused(b'{"routes":[' + b"[]," * 5_000_000 + b"[]]}", "too many values")


def test_xml_a_hundred_thousand_deep() -> None:
    with within(2.0, 20):
        refused(b"<gpx>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</gpx>", "line 1: deeper than 500 levels")


def laughs(kind: str) -> bytes:
    """Ten entities of ten each: a billion laughs; or one that is a file of this machine's."""
    if kind == "file":
        return b'<!DOCTYPE gpx [<!ENTITY a SYSTEM "file:///etc/hostname">]><gpx><name>&a;</name></gpx>'
    if kind == "parameter":
        return b'<!DOCTYPE gpx [<!ENTITY % a SYSTEM "http://localhost/x.dtd"> %a;]><gpx/>'
    entities = '<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    return f"<!DOCTYPE gpx [{entities}]><gpx><name>&a9;</name></gpx>".encode()


@pytest.mark.parametrize("kind", ["laughs", "file", "parameter"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_before_they_are_read(kind: str, encoding: str) -> None:
    with within(1.0, 5):
        refused(laughs(kind).decode().encode(encoding), "no document type and no entities")


def test_an_entity_that_nobody_declared() -> None:
    refused(b"<gpx><name>&a9;</name></gpx>", "no XML: undefined entity")


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"<gpx " + b"".join(b'a%d="" ' % i for i in range(700_000)) + b"/>",
        lambda: b"<gpx>" + b"<!--" + b"x" * (8 * MEGABYTE) + b"--></gpx>",
        lambda: b"<gpx><trk><name>" + b"x" * (8 * MEGABYTE) + b"</name></trk></gpx>",
        lambda: b"<gpx>" + b"".join(b"<t%d/>" % i for i in range(60_000)) + b"</gpx>",
        lambda: (
            b"<gpx><rte>"
            + b"<rtept lat='1' lon='1'><desc>turn left</desc></rtept>" * 40_000
            + b"</rte></gpx>"
        ),
    ],
    ids=["attributes", "comment", "text", "tags", "turns"],
)
def test_xml_of_one_thing_alone(make: Callable[[], bytes]) -> None:
    data = make()
    with within(20.0, 120):
        refused(data, "hostile: ")


@pytest.mark.parametrize(
    ("number", "says"),
    [("NaN", "no JSON"), ("Infinity", "no JSON"), ("-Infinity", "no JSON"), ("1e400", "no JSON|too large")],
)
def test_numbers_that_are_none(number: str, says: str) -> None:
    data = osrm(CORNER, [[step("depart", CORNER[0], 350.0)]], 350.0)
    refused(data.replace(b'"distance":350.0', b'"distance":' + number.encode()), says)


@pytest.mark.parametrize("metres", [1e308, 5e-324, -1.0, 1e-9])
def test_lengths_that_cannot_be(metres: float) -> None:
    """The line's own length is the truth; what is said of the steps only shares it out."""
    steps = [
        step("depart", CORNER[0], metres),
        step("turn", CORNER[1], metres),
        step("arrive", CORNER[2], 0.0),
    ]
    document = msgspec.json.decode(osrm(CORNER, [steps], 350.0))
    route = load_route(msgspec.json.encode(document), "x")
    check(route)
    assert [round(one.at_m) for one in route.maneuvers] == [0, 200, 350]


@pytest.mark.parametrize("seed", range(40))
def test_random_bytes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = (b"", b"{", b"<gpx>", b"\xff\xfe", b"\xef\xbb\xbf{", b"<?xml version='1.0' encoding='x'?>")[
        seed % 6
    ]
    refused(start + rng.integers(0, 256, 400, np.uint8).tobytes(), "^hostile: ")
