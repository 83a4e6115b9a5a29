from __future__ import annotations

import pytest

from runtime.features.navigate.streets import Way, alike, errors, ways


@pytest.mark.parametrize("text", ["西 315 W", "东 309 E", "309", "", "W", "→", "5.8 km", "a"])
def test_numbers_and_winds_name_no_street(text: str) -> None:
    assert ways(text) == ()


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("愚园路", Way("愚园", "rd", han=True)), ("愚園路", Way("愚园", "rd", han=True)),
        ("南京西路", Way("南京", "rd", "w", han=True)), ("中山东一路", Way("中山1", "rd", "e", han=True)),
        ("东大街", Way("东", "st", han=True)), ("YUYUAN LU", Way("yuyuan", "rd")),
        ("Yuyuanlu", Way("yuyuan", "rd")), ("NANJING(W) RD", Way("nanjing", "rd", "w")),
        ("Nanjing West Rd.", Way("nanjing", "rd", "w")), ("N Main St", Way("main", "st", "n")),
        ("West Street", Way("west", "st")), ("42nd Street", Way("42", "st")), ("Xi'an Rd", Way("xian", "rd")),
        ("Rue de l'Église", Way("ruedeleglise")), ("5th Ave", Way("5", "ave")),
        ("St. James St", Way("stjames", "st")),
    ],
)  # fmt: skip
def test_names_are_taken_apart(text: str, way: Way) -> None:
    assert ways(text) == (way,)


def test_a_line_may_name_it_twice() -> None:
    assert ways("愚园路 Yuyuan Rd.") == (Way("愚园", "rd", han=True), Way("yuyuan", "rd"))


@pytest.mark.parametrize(
    ("seen", "name"),
    [("YUYUAN LU", "愚园路"), ("Yuyuan Road", "愚园路"), ("愚圆路", "愚园路"), ("Yuyan Rd", "Yuyuan Rd"),
     ("Wash1ngton Blvd", "Washington Boulevard"), ("MAIN ST", "North Main Street"), ("YUYUANRD", "Yuyuan Rd."),
     ("HUAIHAI RD (M)", "淮海中路"), ("解放大道", "解放大道"), ("Jiefang Avenue", "解放大道"),
     ("Bumside St", "Burnside Street"), ("Bahnhofstraße", "Bahnhofstrasse"), ("Park", "Park Avenue")],
)  # fmt: skip
def test_the_same_street(seen: str, name: str) -> None:
    assert any(alike(one, other) for one in ways(seen) for other in ways(name))


@pytest.mark.parametrize(
    ("seen", "name"),
    [("华山路", "愚园路"), ("Yanan Rd", "Yuyuan Rd"), ("南京东路", "南京西路"), ("南京路", "南京西路"),
     ("Nanjing East Rd", "南京西路"), ("6th Ave", "5th Ave"), ("5th St", "5th Ave"), ("151st St", "141st St"),
     ("Park Ln", "Park Ave"), ("Oak St", "Ash St"), ("Baker St", "Maker St"), ("Yuyuan St", "愚园路"),
     ("华山街", "华山路")],
)  # fmt: skip
def test_another_street(seen: str, name: str) -> None:
    assert not any(alike(one, other) for one in ways(seen) for other in ways(name))


def test_errors_are_counted() -> None:
    assert [errors(*pair) for pair in (("", ""), ("abc", ""), ("kitten", "sitting"), ("ab", "ba"))] == [
        0,
        3,
        3,
        2,
    ]
