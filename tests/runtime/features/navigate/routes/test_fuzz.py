"""Whatever comes in: a route that can be followed, or an error of the tree."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.features.navigate.routes.load import load_route
from runtime.features.navigate.routes.route import RouteError
from tests.runtime.features.navigate.routes.samples import CORNER, corner, encode, gpx
from tests.runtime.features.navigate.routes.test_load import check

VALHALLA = msgspec.json.encode(
    {
        "trip": {
            "status": 0,
            "legs": [
                {
                    "shape": encode(CORNER, 6),
                    "maneuvers": [
                        {"type": 1, "begin_shape_index": 0},
                        {
                            "type": 10,
                            "begin_shape_index": 1,
                            "street_names": ["A", "B"],
                            "lanes": [{"directions": 4}],
                        },
                        {"type": 4, "begin_shape_index": 2},
                    ],
                }
            ],
        }
    }
)
PLANNED = gpx(CORNER).replace(
    b"<trk>",
    b"<rte><rtept lat='31.2218' lon='121.43'><desc>Take exit 2</desc><extensions><turn>RNDB2</turn><offset>1</offset>"
    b"</extensions></rtept></rte><!-- $turn$ TL;1; 121.43; 31.22; 1; --><trk>",
)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
LINES = st.lists(st.tuples(st.floats(-90, 90), st.floats(-360, 360)), min_size=0, max_size=12)


def read(data: bytes) -> None:
    with contextlib.suppress(RouteError):
        check(load_route(data, "fuzzed"))


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every container of a document with each of its keys."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
    return [(node, key) for key in keys] + [place for key in keys for place in places(node[key])]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from([corner(), VALHALLA]), st.data())
def test_a_response_with_a_value_changed(document: bytes, data: st.DataObject) -> None:
    tree = msgspec.json.decode(document)
    for _ in range(data.draw(st.integers(1, 3))):
        if not places(tree):
            break
        node, key = data.draw(st.sampled_from(places(tree)))
        if data.draw(st.booleans()):
            node[key] = data.draw(ANYTHING)
        elif isinstance(node, dict):
            node.pop(key, None)
        else:
            node.insert(key, node[key])
    with contextlib.suppress(OverflowError, ValueError):  # a number that no JSON file holds
        read(msgspec.json.encode(tree))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.sampled_from([corner(), VALHALLA, gpx(CORNER, timed=True), gpx(CORNER, kind="rte"), PLANNED]),
    st.data(),
)
def test_a_file_with_bytes_changed(document: bytes, data: st.DataObject) -> None:
    broken = bytearray(document)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(broken) - 1))
        broken[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        if not broken:
            break
    read(bytes(broken))


@settings(max_examples=40, deadline=None, derandomize=True)  # each is looked at in half a million places
@given(LINES, st.booleans())
def test_lines_across_the_whole_earth(points: list[tuple[float, float]], timed: bool) -> None:
    read(gpx(points, timed=timed))


@pytest.mark.slow
@settings(max_examples=500, deadline=None, derandomize=True)
@given(LINES, st.booleans())
def test_many_lines_across_the_whole_earth(points: list[tuple[float, float]], timed: bool) -> None:
    read(gpx(points, timed=timed))
