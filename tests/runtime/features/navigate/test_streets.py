from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.features.navigate.streets import Way, alike, only_kind, said_alike, ways


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
    ("text", "way"),
    [
        ("Zhongshan Rd. (E1)", Way("zhongshan1", "rd", "e")), ("ZHONGSHAN DONG 1 LU", Way("zhongshan1", "rd", "e")),
        ("Zhongshan No.1 Rd (E)", Way("zhongshan1", "rd", "e")), ("42 ST", Way("42", "st")),
        ("W 42 St", Way("42", "st", "w")), ("FIFTH AVE", Way("5", "ave")), ("Goethestr.", Way("goethe", "st")),
        ("Goethe Straße", Way("goethe", "st")), ("BAKER STREET NW1", Way("baker", "st")), ("S20", Way("s20")),
        ("315 Yuyuan Rd.", Way("yuyuan", "rd")), ("愚 园 路", Way("愚园", "rd", han=True)),
        ("愚园路315号", Way("愚园", "rd", han=True)), ("愚园路小学", Way("愚园路小学", han=True)),
    ],
)  # fmt: skip
def test_numbers_and_blanks_are_put_where_they_belong(text: str, way: Way) -> None:
    assert way in ways(text)
    assert len({one.stem for one in ways(text)}) == 1


@pytest.mark.parametrize(
    ("seen", "name"),
    [("YUYUAN LU", "愚园路"), ("Yuyuan Road", "愚园路"), ("Yúyuán Lù", "愚园路"), ("YU YUAN LU", "愚园路"),
     ("YUYUANRD", "愚园路"), ("JlANGSU RD.", "江苏路"), ("HUAIHAI RD (M)", "淮海中路"), ("LÜYUAN LU", "绿园路"),
     ("NANJING DONG LU", "南京东路"), ("Nanjing Donglu", "南京东路"), ("NANJINGDONGLU", "南京东路"),
     ("East Nanjing Rd", "南京东路"), ("East Zhongshan No.1 Road", "中山东一路"),
     ("ZHONGSHAN DONGYI LU", "中山东一路"), ("ZHONG SHAN LU", "中山路"), ("Guangdong Rd", "广东路"),
     ("SHAANXI RD.(S)", "陕西南路"), ("解放大道", "解放大道"), ("Jiefang Avenue", "解放大道"),
     ("Chang An Ave", "长安街"), ("Wangfujing St.", "王府井大街"), ("愚園路", "愚园路"),
     ("Wash1ngton Blvd", "Washington Boulevard"), ("MAlN ST", "Main Street"), ("MAIN ST", "North Main Street"),
     ("YUYUANRD", "Yuyuan Rd."), ("Bumside St", "Burnside Street"), ("Wiliams Street", "Williams St"),
     ("Pennsylvanla Av NW", "Pennsylvania Avenue Northwest"), ("PENNSYLUANIA AVE", "Pennsylvania Avenue"),
     ("RUE DE RIV0LI", "Rue de Rivoli"), ("Bahnhofstraße", "Bahnhofstrasse"), ("Fifth Ave", "5th Avenue"),
     ("BAKER STREET W1", "Baker Street"), ("St. James St", "Saint James Street")],
)  # fmt: skip
def test_the_same_street(seen: str, name: str) -> None:
    assert any(alike(one, other) for one in ways(seen) for other in ways(name))


@pytest.mark.parametrize(
    ("seen", "name"),
    [("华山路", "愚园路"), ("豫园路", "愚园路"), ("愚国路", "愚园路"), ("大木桥路", "小木桥路"),
     ("南京东路", "南京西路"), ("南京路", "南京西路"), ("人民南路", "人民路"), ("中山东二路", "中山东一路"),
     ("华山街", "华山路"), ("人民大道", "人民路"), ("豫园", "豫园路"), ("愚园路小学", "愚园路"),
     ("中山公园", "中山路"),
     ("Yanan Rd", "愚园路"), ("Yuyuan St", "愚园路"), ("Yuyuan Garden", "豫园路"), ("Yuyuan", "豫园路"),
     ("Renmin Ave", "人民路"), ("Nanjing East Rd", "南京西路"), ("NANJING XILU", "南京东路"),
     ("Beijing Rd.", "北京东路"), ("Zhongshan Rd. (E2)", "中山东一路"), ("SHANXI RD", "陕西路"),
     ("Fujian Rd", "涪江路"), ("Yanan Rd", "Yuyuan Rd"),
     ("6th Ave", "5th Ave"), ("SIXTH AVE", "5th Ave"), ("5th St", "5th Ave"), ("151st St", "141st St"),
     ("W 43 St", "West 42nd Street"), ("E 42nd St", "West 42nd Street"), ("N Main St", "South Main Street"),
     ("Park Ln", "Park Ave"), ("Park", "Park Avenue"), ("STATION", "Station Road"), ("Hotel", "Hotel St"),
     ("Oak St", "Ash St"), ("Baker St", "Maker St"), ("Harrison St", "Garrison St"), ("Johnson St", "Johnston St"),
     ("Robert Street", "Roberts Street"), ("Stanton Street", "Staunton Street")],
)  # fmt: skip
def test_another_street(seen: str, name: str) -> None:
    assert not any(alike(one, other) for one in ways(seen) for other in ways(name))


# Streets of one city, as their signs have them; 豫园路 is left out, for its Latin line is that of 愚园路.
CITY = {
    "愚园路": "YUYUAN LU", "江苏路": "JIANGSU LU", "江宁路": "JIANGNING LU", "长宁路": "CHANGNING LU",
    "长寿路": "CHANGSHOU LU", "定西路": "DINGXI LU", "镇宁路": "ZHENNING LU", "华山路": "HUASHAN LU",
    "南京东路": "NANJING DONG LU", "南京西路": "NANJING XI LU", "北京东路": "BEIJING DONG LU",
    "中山东一路": "ZHONGSHAN DONG 1 LU", "中山东二路": "ZHONGSHAN DONG 2 LU", "中山西路": "ZHONGSHAN XI LU",
    "淮海中路": "HUAIHAI ZHONG LU", "陕西南路": "SHAANXI NAN LU", "陕西北路": "SHAANXI BEI LU",
    "山西南路": "SHANXI NAN LU", "广东路": "GUANGDONG LU", "广西北路": "GUANGXI BEI LU",
    "福建中路": "FUJIAN ZHONG LU",
    "人民路": "RENMIN LU", "人民大道": "RENMIN DADAO", "世纪大道": "SHIJI DADAO", "大木桥路": "DAMUQIAO LU",
    "小木桥路": "XIAOMUQIAO LU", "河南中路": "HENAN ZHONG LU", "湖南路": "HUNAN LU", "新华路": "XINHUA LU",
}  # fmt: skip


@pytest.mark.parametrize("name", CITY)
def test_no_street_of_a_city_is_taken_for_another(name: str) -> None:
    for other, latin in CITY.items():
        for seen in (other, latin):
            found = any(alike(one, way) for one in ways(seen) for way in ways(name))
            assert found is (other == name), seen


def test_a_word_alone_may_be_the_second_line_of_a_name() -> None:
    assert only_kind("AVENUE") and only_kind("St.")
    assert not only_kind("Park Avenue") and not only_kind("W") and not only_kind("")


def test_a_latin_line_says_its_ideographs() -> None:
    (latin,) = ways("Yuyuan Rd.")
    assert [said_alike(latin, *ways(text)) for text in ("愚园路", "豫园路", "恳园路")] == [True, True, False]
    assert not said_alike(*ways("愚园路"), *ways("愚园路"))


@given(st.text(max_size=12), st.sampled_from(sorted(CITY)))
def test_any_text_is_read_without_a_fault(text: str, name: str) -> None:
    for seen in ways(text):
        for way in ways(name):
            assert alike(seen, way) in (True, False)


@given(st.text(alphabet="㐀㐁鿿愚园路东一 .No1LuRd(E)", max_size=12))
def test_any_sign_is_read_without_a_fault(text: str) -> None:
    for seen in ways(text):
        assert seen.stem
        for way in (*ways("愚园路"), *ways("㐀㐁路"), *ways("Yuyuan Rd.")):
            assert alike(seen, way) in (True, False)
