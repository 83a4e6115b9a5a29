from __future__ import annotations

import os
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from boards.spec import Compute
from models.manifest import list_manifests
from models.store import ModelStore, cache_folder
from runtime.features.navigate.routes.route import Name, Route
from runtime.features.navigate.signs import Sign, matches, read_sign
from runtime.sense.reading import TEXT_MODEL, open_text
from tests.runtime.features.navigate.made import XY, route

CORNERS: list[XY] = [(0, 0), (0, 300), (400, 300), (400, 900), (420, 900), (420, 1200)]
NAMES = [
    Name("华山路", {"en": "Huashan Rd."}),
    Name("愚园路", {"en": "Yuyuan Rd."}),
    Name("江苏路", {"en": "Jiangsu Rd."}),
    Name("长宁路", {"en": "Changning Rd."}),
    Name("定西路", {"en": "Dingxi Rd."}),
    Name(""),
]
LABEL = Path(__file__).parents[5] / "shared" / "fixtures" / "labels" / "street_sign_zh_en.jpg"


@pytest.fixture
def made() -> Route:
    bare = route(CORNERS)
    maneuvers = tuple(
        msgspec.structs.replace(maneuver, name=name)
        for maneuver, name in zip(bare.maneuvers, NAMES, strict=True)
    )
    return msgspec.structs.replace(bare, maneuvers=maneuvers)


SIGN = [("愚园路", 0.99), ("Yuyuan Rd.", 0.97), ("西 315 W", 0.9), ("东 309 E", 0.9)]


def test_the_next_street_confirms(made: Route) -> None:
    assert read_sign(made, 1, SIGN) == Sign("confirms", 1, "愚园路")
    assert read_sign(made, 1, SIGN[1:]) == Sign("confirms", 1, "Yuyuan Rd.")


def test_the_street_one_is_on_confirms_too(made: Route) -> None:
    assert read_sign(made, 2, SIGN) == Sign("confirms", 1, "愚园路")


def test_a_cross_street_says_nothing(made: Route) -> None:
    assert read_sign(made, 1, [("镇宁路", 0.99), ("Zhenning Rd.", 0.99)]) == Sign("nothing")


def test_a_street_of_the_route_that_is_nowhere_near_contradicts(made: Route) -> None:
    assert read_sign(made, 1, [("长宁路", 0.95)]) == Sign("contradicts", 3, "长宁路")
    assert read_sign(made, 5, [("HUASHAN LU", 0.95)]) == Sign("contradicts", 0, "HUASHAN LU")


def test_what_was_read_with_doubt_contradicts_nothing(made: Route) -> None:
    assert read_sign(made, 1, [("长宁路", 0.7)]) == Sign("nothing")
    assert read_sign(made, 1, [("愚园路", 0.3)]) == Sign("nothing")


def test_a_street_of_the_route_that_is_near_says_nothing(made: Route) -> None:
    assert read_sign(made, 3, [("定西路", 0.95)]) == Sign("nothing")  # 20 m beyond the next corner


def test_of_two_plates_on_a_pole_the_right_one_counts(made: Route) -> None:
    assert read_sign(made, 1, [("长宁路", 0.99), ("愚园路", 0.9)]).says == "confirms"


def test_of_a_chinese_name_no_letter_may_differ(made: Route) -> None:
    """Pinyin of two streets is often one letter apart."""
    assert read_sign(made, 1, [("Yuyan Rd.", 0.9)]) == Sign("nothing")
    assert read_sign(made, 1, [("豫燕路", 0.9), ("Yuyan Rd.", 0.9)]) == Sign("nothing")


def test_two_streets_that_sound_alike_are_told_apart_by_their_ideographs(made: Route) -> None:
    """Shanghai has both: 豫园路 by the garden, 愚园路 in Jing'an."""
    assert read_sign(made, 1, [("豫园路", 0.99), ("Yuyuan Rd.", 0.99)]) == Sign("nothing")
    assert read_sign(made, 1, [("豫园路", 0.99), ("YUYUAN LU", 0.99)]) == Sign("nothing")
    # No sign says 恳园路 (Kenyuan) over Yuyuan Rd.: the ideograph was misread.
    assert read_sign(made, 1, [("恳园路", 0.9), ("Yuyuan Rd.", 0.99)]) == Sign("confirms", 1, "Yuyuan Rd.")


def test_a_name_on_two_lines_is_read_as_one(made: Route) -> None:
    park = msgspec.structs.replace(made.maneuvers[1], name=Name("Park Avenue"))
    other = msgspec.structs.replace(made, maneuvers=(made.maneuvers[0], park, *made.maneuvers[2:]))
    assert read_sign(other, 1, [("PARK", 0.99), ("AVENUE", 0.98)]) == Sign("confirms", 1, "PARK AVENUE")
    assert read_sign(other, 1, [("PARK", 0.99)]) == Sign("nothing")


def test_where_a_sign_leads_counts(made: Route) -> None:
    towards = msgspec.structs.replace(made.maneuvers[2], towards="Hongqiao Airport")
    other = msgspec.structs.replace(made, maneuvers=(*made.maneuvers[:2], towards, *made.maneuvers[3:]))
    assert read_sign(other, 2, [("HONGQIAO AIRPORT", 0.9)]) == Sign("confirms", 2, "HONGQIAO AIRPORT")


@pytest.mark.parametrize("following", [0, 3, 5])
def test_a_sign_of_numbers_says_nothing_anywhere(made: Route, following: int) -> None:
    assert read_sign(made, following, SIGN[2:]) == read_sign(made, following, []) == Sign("nothing")


def test_a_name_in_one_script_is_found_in_the_other() -> None:
    assert matches("YUYUAN LU", Name("愚园路"))
    assert not matches("HUASHAN LU", Name("愚园路"))


def test_the_real_sign_confirms(made: Route) -> None:
    if not LABEL.exists():
        pytest.skip("the photograph is not here: shared/fixtures/labels")
    store = ModelStore(cache_folder(os.environ), list_manifests(), lambda _seconds: None)
    if TEXT_MODEL in store.missing():
        pytest.skip("the text model is not cached: browline models pull")
    reader = open_text(store, Compute(), lambda note: None)
    image = cv2.imread(str(LABEL))
    assert image is not None
    lines = [(line.text, line.confidence) for line in reader.read(image.astype(np.uint8))]
    assert read_sign(made, 1, lines).says == "confirms"
